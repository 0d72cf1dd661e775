//! What a lake holds at one moment: its commits, folded once into a list of files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::LakeError;
use super::commit::{Commit, FileRecord, Part, SourceRecord};
use super::layout::Layout;
use super::lock::Lock;

/// How long a reader waits for a writer at work to move the files of the commit it has just made.
pub(super) const MOVE_WAIT: Duration = Duration::from_secs(5);

/// One Parquet file of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeFile {
    /// Where to read it: in `audit_events/`, or in staging where it has not moved yet.
    pub path: PathBuf,
    pub record: FileRecord,
    /// The commit that added it.
    pub commit: u64,
    pub requests: Requests,
}

/// What is known of the requests that the rows of a file belong to. All stages of a request have one date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Requests {
    /// Any row may be superseded by a later stage of the same request, here or in another file.
    #[default]
    Unknown,
    /// Each row is the latest stage of its request.
    Latest,
    /// Each row is superseded, by one in another file.
    Superseded,
    /// None is for secrets; a row may be superseded, by one in another file of which this is known.
    Rest,
}

impl From<Part> for Requests {
    /// What is known when the files are as the compaction wrote them.
    fn from(part: Part) -> Self {
        match part {
            Part::SecretRequests => Self::Latest,
            Part::SecretsSuperseded => Self::Superseded,
            Part::Rest => Self::Rest,
        }
    }
}

/// A lake as of one commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The last commit; 0 for an empty lake.
    pub commit: u64,
    /// Sorted by path in the lake.
    pub files: Vec<LakeFile>,
    /// All commits, by number.
    pub commits: Vec<Commit>,
}

impl Snapshot {
    /// Reads the commits of a lake and finds their files; writes nothing.
    ///
    /// # Errors
    /// When a record is missing or cannot be understood, or a file of the lake is gone.
    pub fn read(layout: &Layout) -> Result<Self, LakeError> {
        let started = Instant::now();
        loop {
            let (snapshot, moved) = Self::read_once(layout)?;
            if moved || started.elapsed() >= MOVE_WAIT || !Lock::is_held(&layout.lock()) {
                return Ok(snapshot);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The same for the writer who holds the lock: nobody else would move what has not been moved.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn read_by_writer(layout: &Layout) -> Result<Self, LakeError> {
        Ok(Self::read_once(layout)?.0)
    }

    /// And whether all files are in their places.
    fn read_once(layout: &Layout) -> Result<(Self, bool), LakeError> {
        let mut snapshot = Self::fold(read_commits(layout)?);
        let moved = snapshot.locate(layout)?;
        Ok((snapshot, moved))
    }

    /// The files that are left of all that `commits` added; their places are not yet known.
    pub(crate) fn fold(commits: Vec<Commit>) -> Self {
        let mut files: BTreeMap<&str, LakeFile> = BTreeMap::new();
        for commit in &commits {
            for path in &commit.files_replaced {
                files.remove(path.as_str());
            }
            for record in &commit.files_added {
                let file = LakeFile {
                    path: PathBuf::new(),
                    record: record.clone(),
                    commit: commit.number,
                    requests: Requests::Unknown,
                };
                files.insert(&record.path, file);
            }
        }
        let mut files: Vec<LakeFile> = files.into_values().collect();
        tell_requests(&mut files, &commits);
        Self { commit: commits.last().map_or(0, |commit| commit.number), files, commits }
    }

    /// Finds each file, in its place or in staging; says whether all are in their places.
    fn locate(&mut self, layout: &Layout) -> Result<bool, LakeError> {
        let batches: HashMap<u64, &str> =
            self.commits.iter().map(|commit| (commit.number, commit.batch.as_str())).collect();
        let mut moved = true;
        for file in &mut self.files {
            let batch = batches.get(&file.commit).copied().unwrap_or_default();
            let Some(path) = find(layout, batch, &file.record.path) else {
                let path = layout.root().join(&file.record.path);
                let detail = format!("the file of commit {} is missing", file.commit);
                return Err(LakeError::Damaged { path, detail });
            };
            moved &= !path.starts_with(layout.staging());
            file.path = path;
        }
        Ok(moved)
    }

    /// Rows in the lake.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.record.rows).sum()
    }

    /// The rejects files that count, each relative to the lake, with the commit that wrote it.
    pub fn rejects(&self) -> Vec<(&Commit, &str)> {
        let replaced: HashSet<&str> =
            self.commits.iter().flat_map(|commit| &commit.files_replaced).map(String::as_str).collect();
        let files = self.commits.iter().filter_map(|commit| Some((commit, commit.rejects.as_deref()?)));
        files.filter(|(_, path)| !replaced.contains(path)).collect()
    }

    /// Who read a source whose rows are in the lake: the commits since its rows were last taken out.
    pub fn readings(&self, uri: &str) -> Vec<(u64, &SourceRecord)> {
        self.readings_of(&|source| source == uri)
    }

    /// The readings of all sources whose rows are in the lake, in the order of their commits.
    pub fn all_readings(&self) -> Vec<(u64, &SourceRecord)> {
        self.readings_of(&|_| true)
    }

    fn readings_of(&self, wanted: &dyn Fn(&str) -> bool) -> Vec<(u64, &SourceRecord)> {
        let mut readings: Vec<(u64, &SourceRecord)> = Vec::new();
        for commit in &self.commits {
            if !commit.sources_dropped.is_empty() {
                let dropped: HashSet<&str> = commit.sources_dropped.iter().map(String::as_str).collect();
                readings.retain(|(_, source)| !dropped.contains(source.uri.as_str()));
            }
            let ours = commit.sources.iter().filter(|source| wanted(&source.uri));
            readings.extend(ours.map(|source| (commit.number, source)));
        }
        readings
    }

    /// The sources that count as read, in the order of their commits.
    pub fn sources(&self) -> Vec<(u64, &SourceRecord)> {
        let mut sources: Vec<(u64, &SourceRecord)> = Vec::new();
        for commit in &self.commits {
            let forgotten: HashSet<&str> = commit.sources_forgotten.iter().map(String::as_str).collect();
            if !forgotten.is_empty() {
                sources.retain(|(_, s)| !s.sha256.as_deref().is_some_and(|hash| forgotten.contains(hash)));
            }
            sources.extend(commit.sources.iter().map(|source| (commit.number, source)));
        }
        sources
    }
}

/// Says of each file what is known of requests: what a compaction wrote of them, as far as it still holds.
///
/// A row stays superseded while those that supersede it are in the lake; which these are is not known, so all files of
/// them must be as the compaction wrote them. A latest row can be superseded by any that came to its date later, and so can
/// one of the rest.
fn tell_requests(files: &mut [LakeFile], commits: &[Commit]) {
    let present: HashSet<String> = files.iter().map(|file| file.record.path.clone()).collect();
    let gone = |file: &&FileRecord| file.part == Some(Part::SecretRequests) && !present.contains(&file.path);
    let torn: HashSet<(u64, &str)> = commits
        .iter()
        .flat_map(|commit| {
            commit.files_added.iter().filter(gone).map(|file| (commit.number, &*file.event_date))
        })
        .collect();
    let mut writers: HashMap<String, HashSet<u64>> = HashMap::new();
    for file in &*files {
        writers.entry(file.record.event_date.clone()).or_default().insert(file.commit);
    }
    for file in files {
        let date = &*file.record.event_date;
        let is_whole = !torn.contains(&(file.commit, date));
        file.requests = match file.record.part.map(Requests::from) {
            Some(Requests::Latest) if is_whole && writers[date].len() == 1 => Requests::Latest,
            Some(Requests::Superseded) if is_whole => Requests::Superseded,
            Some(Requests::Rest) if writers[date].len() == 1 => Requests::Rest,
            _ => Requests::Unknown,
        };
    }
}

/// Where a file of a batch stands: in its place, or in staging where it has not moved yet.
pub(crate) fn find(layout: &Layout, batch: &str, relative: &str) -> Option<PathBuf> {
    let place = layout.root().join(relative);
    let staged = layout.staged(batch, relative);
    // The place is asked twice: the file may move between the first two questions.
    [&place, &staged, &place].into_iter().find(|path| path.exists()).cloned()
}

/// All commit records of a lake, by number.
fn read_commits(layout: &Layout) -> Result<Vec<Commit>, LakeError> {
    let mut commits = Vec::new();
    for number in commit_numbers(layout)? {
        let path = layout.commit(number);
        let expected = commits.len() as u64 + 1;
        if number != expected {
            let detail = format!("commit {expected} is missing");
            return Err(LakeError::Damaged { path: layout.commits(), detail });
        }
        let text = fs::read(&path).map_err(LakeError::io("read", &path))?;
        let commit: Commit = match serde_json::from_slice(&text) {
            Ok(commit) => commit,
            Err(source) => return Err(LakeError::Json { path, source }),
        };
        if commit.number != number {
            let detail = format!("it says that it is commit {}", commit.number);
            return Err(LakeError::Damaged { path, detail });
        }
        commits.push(commit);
    }
    Ok(commits)
}

/// The numbers of the commit records there are, sorted; other names are not looked at.
pub(super) fn commit_numbers(layout: &Layout) -> Result<Vec<u64>, LakeError> {
    let folder = layout.commits();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LakeError::io("list", &folder)(error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(LakeError::io("list", &folder))?.file_name();
        numbers.extend(name.to_str().and_then(Layout::commit_number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::super::commit::samples::{commit, file};
    use super::*;

    #[test]
    fn later_commits_replace_and_forget() {
        let mut one = commit(1, "one");
        one.files_added = vec![file("one-0", 0, 1), file("one-1", 0, 1)];
        let source = SourceRecord { sha256: Some("ff".into()), ..SourceRecord::unknown("file:///a") };
        one.sources = vec![source.clone()];
        let mut two = commit(2, "two");
        two.files_added = vec![file("two-0", 5, 6)];
        two.files_replaced = vec![one.files_added[0].path.clone()];
        let mut three = commit(3, "three");
        three.sources_forgotten = vec!["ff".into()];
        let two_deep = Snapshot::fold(vec![one.clone(), two.clone()]);
        assert_eq!(two_deep.sources(), [(1, &source)]);
        let all = Snapshot::fold(vec![one, two, three]);
        let names: Vec<_> = all.files.iter().map(|f| (f.record.path.as_str(), f.commit)).collect();
        assert_eq!(
            names,
            [
                ("audit_events/event_date=1970-01-01/one-1.parquet", 1),
                ("audit_events/event_date=1970-01-01/two-0.parquet", 2)
            ]
        );
        assert_eq!((all.commit, all.rows()), (3, 6));
        assert!(all.sources().is_empty());
    }

    #[test]
    fn a_gap_or_a_broken_record_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create_or_open(folder.path()).unwrap();
        assert_eq!(Snapshot::read(&layout).unwrap(), Snapshot::default());
        let write = |number, text: &str| fs::write(layout.commit(number), text).unwrap();
        write(2, &serde_json::to_string(&commit(2, "two")).unwrap());
        let gap = Snapshot::read(&layout).unwrap_err().to_string();
        assert!(gap.contains("commit 1 is missing"), "{gap}");
        write(1, "{");
        assert!(matches!(Snapshot::read(&layout), Err(LakeError::Json { .. })));
        write(1, &serde_json::to_string(&commit(2, "two")).unwrap());
        let wrong = Snapshot::read(&layout).unwrap_err().to_string();
        assert!(wrong.contains("says that it is commit 2"), "{wrong}");
    }
}
