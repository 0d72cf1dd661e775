//! Hunts that were run on a lake: `_kubetrawl/hunts/<hunt_id>/hunt.json`.
//!
//! A hunt takes no lock: it may end during an ingest. Its id begins with its time, so that names
//! sort as hunts were run, and ends with a hash of its answer, so that two of one time differ.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::layout::Layout;
use super::{LakeError, io as disk};
use crate::detect::HuntReport;
use crate::hash::sha256;

const FILE: &str = "hunt.json";

/// Where a hunt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredHunt {
    /// Stored under this id.
    Stored(String),
    /// Not stored, because the lake cannot be written, for this reason.
    NotStored(io::ErrorKind),
}

pub(super) fn store(layout: &Layout, report: &HuntReport, now: Timestamp) -> Result<StoredHunt, LakeError> {
    let path = layout.hunts();
    let text = serde_json::to_vec_pretty(report).map_err(|source| LakeError::Json { path, source })?;
    let hash = sha256(&text);
    let id = format!("{}-{}", now.strftime("%Y%m%dT%H%M%S.%6fZ"), &hash[..8]);
    match write(&layout.hunts().join(&id), &text) {
        Err(LakeError::Io { source, .. }) if is_unwritable(source.kind()) => {
            Ok(StoredHunt::NotStored(source.kind()))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(StoredHunt::Stored(id)),
    }
}

fn write(folder: &Path, text: &[u8]) -> Result<(), LakeError> {
    let temporary = folder.join(format!(".{FILE}.{}", std::process::id()));
    let written =
        disk::create_dir_all(folder).and_then(|()| disk::write_atomic(&temporary, &folder.join(FILE), text));
    if written.is_err() {
        // Half a hunt is none.
        let _ = disk::remove_dir_all(folder);
    }
    written
}

/// Whether it is the lake's place that takes no hunt: the answer is as good without being kept.
fn is_unwritable(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, ReadOnlyFilesystem | PermissionDenied | StorageFull | QuotaExceeded)
}

/// The ids of the stored hunts, oldest first.
pub(super) fn list(layout: &Layout) -> Result<Vec<String>, LakeError> {
    let folder = layout.hunts();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LakeError::io("list", &folder)(error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.map_err(LakeError::io("list", &folder))?;
        if entry.path().join(FILE).is_file()
            && let Ok(id) = entry.file_name().into_string()
        {
            ids.push(id);
        }
    }
    ids.sort();
    Ok(ids)
}

/// The hunt with this id; none where the lake has no such hunt.
pub(super) fn load(layout: &Layout, id: &str) -> Result<Option<HuntReport>, LakeError> {
    // An id is a name, and leads out of no folder.
    if Path::new(id).file_name() != Some(OsStr::new(id)) {
        return Ok(None);
    }
    let path = layout.hunts().join(id).join(FILE);
    match fs::read(&path) {
        Ok(text) => {
            serde_json::from_slice(&text).map(Some).map_err(|source| LakeError::Json { path, source })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LakeError::io("read", &path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::io::fault::{Fault, Kind};
    use super::*;
    use serde_json::json;

    fn report(alerts: i64) -> HuntReport {
        serde_json::from_value(json!({
            "schema": "kubetrawl/hunt/1",
            "versions": {"kubetrawl": "0.1.0", "duckdb": "2.0.0"},
            "parameters": {"threshold": 15},
            "summary": {"records": 1, "requests": 1, "matches": 1, "users": 1, "first_event": null,
                "last_event": null, "exclusions": [], "excluded_over_threshold": [],
                "nearest_miss": null, "cluster_wide_lists": [], "alerts": alerts},
            "alerts": []
        }))
        .unwrap()
    }

    #[test]
    fn a_hunt_that_could_not_be_stored_leaves_nothing() {
        let mut struck = 0;
        for allowed in 0..6 {
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout::create_or_open(folder.path()).unwrap();
            let fault = Fault::new(Kind::Once, folder.path(), allowed);
            let stored = store(&layout, &report(1), Timestamp::UNIX_EPOCH);
            if fault.struck() {
                struck += 1;
                assert!(stored.is_err());
                assert_eq!(fs::read_dir(layout.hunts()).map_or(0, Iterator::count), 0, "{allowed}");
            }
        }
        assert!(struck > 2, "{struck}");
    }

    #[test]
    fn hunts_come_back_as_they_were_in_the_order_of_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create_or_open(folder.path()).unwrap();
        assert!(list(&layout).unwrap().is_empty());
        let mut ids = Vec::new();
        for (tenth, alerts) in [(70, 1), (80, 3), (81, 4), (82, 2), (83, 3)] {
            let now = Timestamp::from_millisecond(1_700_000_000_000 + tenth * 100).unwrap();
            let StoredHunt::Stored(id) = store(&layout, &report(alerts), now).unwrap() else {
                panic!("not stored")
            };
            assert_eq!(load(&layout, &id).unwrap(), Some(report(alerts)));
            ids.push(id);
        }
        assert!(ids[0].starts_with("20231114T221327.000000Z-"), "{}", ids[0]);
        assert_eq!(list(&layout).unwrap(), ids);
        for none in ["", ".", "..", "../hunts", "20231114T221327.000000Z-/"] {
            assert_eq!(load(&layout, none).unwrap(), None, "{none}");
        }
    }
}
