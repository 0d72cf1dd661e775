//! From arguments to sources: what to read, in a fixed order, without doubles.

use std::collections::HashSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::{DirEntry, WalkDir};

use super::{Source, SourceError, uri_to_path};

/// What the arguments stand for.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Sorted by URI, no file twice (also not through links).
    pub sources: Vec<Source>,
    /// Arguments and folders that could not be read; the rest is still there.
    pub problems: Vec<SourceError>,
}

/// Finds the sources that the arguments name: files, folders (recursively), globs, `file://` URIs,
/// and `-` for standard input.
///
/// A walk follows links, leaves out names that begin with `.` or `_` (unless they are the argument
/// itself), and does not enter the folders in `skip`. An argument that exists is taken as it is, also
/// where its name holds a `*`.
pub fn discover(arguments: &[String], skip: &[PathBuf]) -> Discovery {
    let mut walk = Walk {
        skip: skip.iter().map(|path| canonical(path)).collect(),
        files: Vec::new(),
        problems: Vec::new(),
    };
    for argument in arguments {
        if let Err(problem) = walk.argument(argument) {
            walk.problems.push(problem);
        }
    }
    // Stable, and before doubles go: which name of a file stays must not depend on the order of a folder.
    walk.files.sort_by(|a, b| a.1.uri.cmp(&b.1.uri));
    let mut seen = HashSet::new();
    let sources = walk.files.into_iter().filter(|(real, _)| seen.insert(real.clone()));
    Discovery { sources: sources.map(|(_, source)| source).collect(), problems: walk.problems }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// Absolute, with the folder resolved and the name kept: a link to a file keeps its own name.
fn resolved(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => canonical(Path::new(".")).join(name),
        (Some(parent), Some(name)) => canonical(parent).join(name),
        _ => canonical(path),
    }
}

struct Walk {
    skip: Vec<PathBuf>,
    /// Each with its real path.
    files: Vec<(PathBuf, Source)>,
    problems: Vec<SourceError>,
}

impl Walk {
    fn argument(&mut self, argument: &str) -> Result<(), SourceError> {
        if argument == "-" {
            self.files.push((PathBuf::from("-"), Source::stdin()));
            return Ok(());
        }
        let path = if argument.starts_with("file://") {
            uri_to_path(argument).ok_or_else(|| SourceError::Uri { uri: argument.to_owned() })?
        } else {
            PathBuf::from(argument)
        };
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.folder(&path),
            Ok(_) => {
                self.file(&resolved(&path), None);
                Ok(())
            }
            Err(_) if argument.contains(['*', '?', '[', '{']) => self.glob(argument),
            Err(source) => Err(SourceError::Missing { path, source }),
        }
    }

    fn folder(&mut self, path: &Path) -> Result<(), SourceError> {
        let root = canonical(path);
        if self.skip.iter().any(|skipped| root.starts_with(skipped)) {
            return Err(SourceError::Skipped { path: path.to_owned() });
        }
        self.walk(&root, |_| true);
        Ok(())
    }

    fn glob(&mut self, pattern: &str) -> Result<(), SourceError> {
        let (base, rest) = literal_base(pattern);
        let matcher = GlobBuilder::new(rest)
            .literal_separator(true)
            .build()
            .map_err(|source| SourceError::Glob { pattern: pattern.to_owned(), source })?
            .compile_matcher();
        let root = canonical(base);
        let matched = root.is_dir() && self.walk(&root, |path| matches(&matcher, path)) > 0;
        if matched { Ok(()) } else { Err(SourceError::NoMatch { pattern: pattern.to_owned() }) }
    }

    /// Adds the files under `root` whose path below it is wanted; says how many there were.
    fn walk(&mut self, root: &Path, wanted: impl Fn(&Path) -> bool) -> usize {
        let skip = self.skip.clone();
        let entries = WalkDir::new(root).follow_links(true).into_iter();
        let mut matched = 0;
        let is_wanted = |path: &Path| wanted(path.strip_prefix(root).unwrap_or(path));
        for entry in entries.filter_entry(|entry| enters(entry, &skip)) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    if is_wanted(entry.path()) {
                        matched += 1;
                        self.file(entry.path(), Some(root));
                    }
                }
                Ok(_) => {}
                // A link back to a folder above: what it leads to is being walked already.
                Err(error) if error.loop_ancestor().is_some() => {}
                // Of a link that leads nowhere nothing is known but its name.
                Err(error) if error.path().is_some_and(|path| path.is_symlink() && !is_wanted(path)) => {}
                Err(error) => self.problems.push(unreadable(root, error)),
            }
        }
        matched
    }

    fn file(&mut self, path: &Path, root: Option<&Path>) {
        let mut source = Source::file(path.to_owned());
        if let Some(root) = root {
            source.base = Some(root.to_owned());
            source.named = false;
        }
        self.files.push((canonical(path), source));
    }
}

fn enters(entry: &DirEntry, skip: &[PathBuf]) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let hidden = matches!(entry.file_name().as_bytes().first(), Some(b'.' | b'_'));
    let skipped = || entry.file_type().is_dir() && skip.contains(&canonical(entry.path()));
    !hidden && (skip.is_empty() || !skipped())
}

fn unreadable(root: &Path, error: walkdir::Error) -> SourceError {
    let path = error.path().unwrap_or(root).to_owned();
    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("the walk failed"));
    SourceError::Folder { path, source }
}

/// A file matches by its own path, or by that of a folder it lies in: `logs/2026-*` takes folders too.
fn matches(matcher: &GlobMatcher, path: &Path) -> bool {
    path.ancestors().filter(|path| !path.as_os_str().is_empty()).any(|path| matcher.is_match(path))
}

/// The folder before the first component with a wildcard, and the rest.
fn literal_base(pattern: &str) -> (&Path, &str) {
    let wildcard = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    match pattern[..wildcard].rfind('/') {
        Some(0) => (Path::new("/"), &pattern[1..]),
        Some(slash) => (Path::new(&pattern[..slash]), &pattern[slash + 1..]),
        None => (Path::new("."), pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    fn found(dir: &Path, arguments: &[&str], skip: &[PathBuf]) -> (Vec<String>, usize) {
        let arguments: Vec<String> =
            arguments.iter().map(|a| dir.join(a).to_str().unwrap().to_owned()).collect();
        let found = discover(&arguments, skip);
        let root = path_to_root(dir);
        let names = found.sources.iter().map(|s| s.uri.strip_prefix(&root).unwrap().to_owned()).collect();
        (names, found.problems.len())
    }

    fn path_to_root(dir: &Path) -> String {
        super::super::path_to_uri(&canonical(dir)) + "/"
    }

    #[test]
    fn walks_folders_without_hidden_names_and_without_the_lake() {
        let dir = tree(&["b/2.log", "b/1.log", "a.log", ".h/x", "_s/x", "b/_x", "lake/event_date=1/f"]);
        let (names, problems) = found(dir.path(), &[""], &[dir.path().join("b/../lake")]);
        assert_eq!(names, ["a.log", "b/1.log", "b/2.log"]);
        assert_eq!(problems, 0);
        assert_eq!(found(dir.path(), &["_s"], &[]).0, ["_s/x"]);
        assert_eq!(found(dir.path(), &["lake/event_date=1"], &[dir.path().join("lake")]).1, 1);
    }

    #[test]
    fn takes_nothing_twice_also_through_links() {
        let dir = tree(&["a/1.log"]);
        std::os::unix::fs::symlink(dir.path().join("a"), dir.path().join("z")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/loop")).unwrap();
        let (names, problems) = found(dir.path(), &["", "a", "a/1.log", "a/../a/1.log"], &[]);
        assert_eq!((names, problems), (vec!["a/1.log".to_owned()], 0));
    }

    #[test]
    fn globs_take_files_and_folders_and_say_when_nothing_matches() {
        let dir = tree(&["y/m1/a.gz", "y/m2/b.gz", "y/m2/c.txt", "y/[x].gz"]);
        assert_eq!(found(dir.path(), &["y/*/*.gz"], &[]).0, ["y/m1/a.gz", "y/m2/b.gz"]);
        assert_eq!(found(dir.path(), &["y/m*"], &[]).0, ["y/m1/a.gz", "y/m2/b.gz", "y/m2/c.txt"]);
        assert_eq!(found(dir.path(), &["**/b.*"], &[]).0, ["y/m2/b.gz"]);
        assert_eq!(found(dir.path(), &["y/[x].gz"], &[]).0, ["y/%5Bx%5D.gz"]);
        assert_eq!(
            found(dir.path(), &["y/*.zip", "none", "no/where/*", "y/m1/a.gz"], &[]),
            (vec!["y/m1/a.gz".to_owned()], 3)
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_told_where_its_name_is_asked_for() {
        let dir = tree(&["g/a.log"]);
        std::os::unix::fs::symlink("/nowhere", dir.path().join("g/old-link")).unwrap();
        for (argument, problems) in [("g/*.log", 0), ("g/*", 1), ("g", 1)] {
            assert_eq!(
                found(dir.path(), &[argument], &[]),
                (vec!["g/a.log".to_owned()], problems),
                "{argument}"
            );
        }
    }

    #[test]
    fn names_that_are_not_text_are_read_and_encoded() {
        use std::os::unix::ffi::OsStringExt;
        let dir = tree(&[]);
        fs::write(dir.path().join(std::ffi::OsString::from_vec(b"a\n\xff.log".to_vec())), "x").unwrap();
        let (names, _) = found(dir.path(), &[""], &[]);
        assert_eq!(names, ["a%0A%FF.log"]);
    }

    #[test]
    fn a_dash_is_standard_input_once() {
        let found = discover(&["-".to_owned(), "-".to_owned()], &[]);
        assert_eq!(found.sources, [Source::stdin()]);
    }
}
