//! The cold runs: what a command reads is not in the operating system's page cache.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

/// posix_fadvise(2) with POSIX_FADV_DONTNEED on every file under a folder. Pages that are not yet on the disk
/// cannot be dropped, so each file is flushed first.
pub fn drop_pages(folder: &Path) {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    for entry in files.filter(|entry| entry.file_type().is_file()) {
        let file = File::open(entry.path()).expect("a readable file");
        file.sync_all().expect("a file that can be flushed");
        // SAFETY: the descriptor is open for the call, which reads and writes no memory of ours.
        let failed = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        assert_eq!(failed, 0, "posix_fadvise on {}", entry.path().display());
    }
}
