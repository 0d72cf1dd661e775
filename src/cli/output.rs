//! Where data goes: standard output, or a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

/// An open destination. Nothing of a new file is seen before [`Output::finish`].
pub struct Output {
    to: To,
}

enum To {
    Stdout(BufWriter<io::Stdout>),
    /// A device or a pipe: it is written to, never replaced.
    Special(BufWriter<File>),
    File {
        writer: BufWriter<NamedTempFile>,
        target: PathBuf,
    },
}

impl Output {
    /// Opens the file, or standard output for none and for `-`.
    pub fn open(file: Option<&Path>) -> anyhow::Result<Self> {
        let to = match file {
            None => To::Stdout(BufWriter::new(io::stdout())),
            Some(path) if path == Path::new("-") => To::Stdout(BufWriter::new(io::stdout())),
            Some(path) => open_file(path).with_context(|| format!("cannot write to {}", path.display()))?,
        };
        Ok(Self { to })
    }

    /// Writes what is left, and gives a file its name.
    pub fn finish(self) -> anyhow::Result<()> {
        match self.to {
            To::Stdout(mut writer) => writer.flush().context("cannot write to standard output"),
            To::Special(mut writer) => writer.flush().context("cannot write the output"),
            To::File { writer, target } => {
                persist(writer, &target).with_context(|| format!("cannot write {}", target.display()))
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Stdout(writer) => writer.write(bytes),
            To::Special(writer) => writer.write(bytes),
            To::File { writer, .. } => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(writer) => writer.flush(),
            To::Special(writer) => writer.flush(),
            To::File { writer, .. } => writer.flush(),
        }
    }
}

fn open_file(path: &Path) -> io::Result<To> {
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        return Ok(To::Special(BufWriter::new(OpenOptions::new().write(true).open(path)?)));
    }
    // A link stays a link: what it leads to is replaced.
    let target = if existing.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A new file gets what the umask leaves of 0666, as other programs' files do.
    let mode = existing.map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
    let temporary = tempfile::Builder::new()
        .prefix(".kubetrawl-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    Ok(To::File { writer: BufWriter::new(temporary), target })
}

fn persist(writer: BufWriter<NamedTempFile>, target: &Path) -> io::Result<()> {
    let temporary = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    temporary.as_file().sync_all()?;
    temporary.persist(target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let mut output = Output::open(Some(&path)).unwrap();
        output.write_all(b"new").unwrap();
        assert!(!path.exists());
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");

        let mut abandoned = Output::open(Some(&path)).unwrap();
        abandoned.write_all(b"half").unwrap();
        drop(abandoned);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn devices_are_written_to_and_links_are_followed() {
        let mut output = Output::open(Some(Path::new("/dev/null"))).unwrap();
        output.write_all(b"x").unwrap();
        output.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut output = Output::open(Some(&link)).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn a_folder_is_no_output() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Output::open(Some(folder.path())).is_err());
        assert!(Output::open(Some(&folder.path().join("no/such/folder.csv"))).is_err());
    }
}
