//! Running the program as a user does, and looking at what they see.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder of its own for one test, in which the program is run.
pub struct World {
    dir: TempDir,
}

/// What one run of the program left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, with the folders it needs.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, bytes).expect("a written file");
        path
    }

    /// The program with this folder as its own, and nothing of the caller's settings.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubetrawl"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        command.env_remove("KUBETRAWL_LAKE").env_remove("NO_COLOR").env("COLUMNS", "100");
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        Run::of(self.command(arguments).output().expect("the program starts"))
    }

    pub fn run_with_input<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Run {
        use std::io::Write;
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // The program may end before it has read everything.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the writer");
        Run::of(output)
    }

    /// `simulate` into a folder of this world.
    pub fn simulate(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let out = self.path(name);
        let mut all = vec!["simulate", "--out", name];
        all.extend(arguments);
        self.run(&all).expect_code(0);
        out
    }
}

impl Run {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

impl Run {
    /// Everything the user sees, in one block, for a snapshot.
    pub fn transcript(&self) -> String {
        format!("exit: {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// The folder of real log files named by KUBETRAWL_CORPUS; None, said aloud, where there is none.
pub fn corpus() -> Option<PathBuf> {
    match std::env::var_os("KUBETRAWL_CORPUS") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            passed_over("KUBETRAWL_CORPUS is not set");
            None
        }
    }
}

/// Says that a test was passed over; where everything is required, fails it.
#[track_caller]
pub fn passed_over(reason: &str) {
    assert!(std::env::var_os("KUBETRAWL_REQUIRE_ALL").is_none(), "required, but passed over: {reason}");
    eprintln!("passed over: {reason}");
}

/// A file of this project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
