//! What unit tests of several stages share.

use std::path::PathBuf;

/// The folder of real log files named by `KUBETRAWL_CORPUS`. Where there is none, the test says that it is
/// passed over, and fails where `KUBETRAWL_REQUIRE_ALL` is set.
#[track_caller]
pub fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("KUBETRAWL_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("KUBETRAWL_REQUIRE_ALL").is_none(), "required: KUBETRAWL_CORPUS is not set");
        eprintln!("passed over: KUBETRAWL_CORPUS is not set");
    }
    folder
}
