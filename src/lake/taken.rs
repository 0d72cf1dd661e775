//! What leaves a lake with some of its sources: their rows and their rejects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::publish::LakeWriter;
use super::{LakeError, rejects, scan, snapshot};

/// The numbers of the rows of a file that came from one of `uris`, sorted.
///
/// # Errors
/// When the file cannot be read.
pub fn rows(file: &Path, uris: &BTreeSet<String>) -> Result<Vec<u32>, LakeError> {
    let mut rows = Vec::new();
    if !uris.is_empty() {
        scan::each_origin(file, &mut |row, uri, _| {
            if uris.contains(uri) {
                rows.push(row);
            }
            Ok(())
        })?;
    }
    Ok(rows)
}

/// The rejects that stay, of the files that do not stay as they are.
#[derive(Debug, Default)]
pub struct RejectsLeft {
    /// Sorted runs in staging; they are to be merged into the batch's rejects.
    pub runs: Vec<PathBuf>,
    /// Their records.
    pub left: u64,
    /// Records that are in none of them.
    pub removed: u64,
    /// The files that hold some of the sources, relative to the lake.
    pub replaced: Vec<String>,
}

/// Copies the rejects files that hold some of `uris` to staging, without those.
///
/// # Errors
/// When one of them cannot be read, or staging not be written.
pub fn rejects(lake: &LakeWriter, uris: &BTreeSet<String>) -> Result<RejectsLeft, LakeError> {
    let mut all = RejectsLeft::default();
    if uris.is_empty() {
        return Ok(all);
    }
    for (of, relative) in lake.snapshot().rejects() {
        let layout = lake.layout();
        let path =
            snapshot::find(layout, &of.batch, relative).unwrap_or_else(|| layout.root().join(relative));
        let mut held = false;
        for reject in rejects::read(&path)? {
            held = uris.contains(&reject?.source);
            if held {
                break;
            }
        }
        if !held {
            continue;
        }
        let run = lake.staging().join(format!("rejects-left-{}", all.runs.len()));
        let left = rejects::unpack(&path, &run, &|source| !uris.contains(source))?;
        all.runs.push(run);
        all.left += left;
        all.removed += of.rejects_count().saturating_sub(left);
        all.replaced.push(relative.to_owned());
    }
    Ok(all)
}
