//! kube-apiserver's audit log as it is handed over: several rotated files in an archive.

use std::io::{self, Cursor, Write};
use std::path::PathBuf;

use zip::write::SimpleFileOptions;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Packing, Roll, Source};
use crate::simulate::output::Gzip;

/// Of all logs in an archive, before compression, and of one of them.
const ARCHIVE: u64 = 16 << 20;
const MEMBER: usize = 1 << 20;

/// A log in an archive: its name, and its bytes.
type Member<'m> = (String, &'m [u8]);

pub struct Archive {
    extension: &'static str,
    write: fn(&[Member<'_>]) -> io::Result<Vec<u8>>,
}

impl Archive {
    pub fn tar(_cluster: &str) -> Self {
        Self { extension: "tar", write: tar }
    }

    pub fn tar_gz(_cluster: &str) -> Self {
        let write = |members: &[Member<'_>]| Ok(Gzip::new().member(&tar(members)?));
        Self { extension: "tar.gz", write }
    }

    pub fn zip(_cluster: &str) -> Self {
        Self { extension: "zip", write: zip }
    }
}

impl Container for Archive {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn path(&self, _lane: usize, _opened: i64, part: u32) -> PathBuf {
        format!("audit-logs-{part}.{}", self.extension).into()
    }

    fn roll(&self) -> Roll {
        Roll::Size(ARCHIVE)
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { between: "\n", message_bytes: usize::MAX, ..Framing::LINES }
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Members(self.write)))
    }
}

struct Members(fn(&[Member<'_>]) -> io::Result<Vec<u8>>);

impl Packing for Members {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        let (mut members, mut rest) = (Vec::new(), message);
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest.get(MEMBER..).unwrap_or_default());
            let (log, more) = rest.split_at(end.map_or(rest.len(), |end| MEMBER + end + 1));
            members.push((format!("var/log/kubernetes/audit/audit-{}.log", members.len()), log));
            rest = more;
        }
        // In memory, nothing fails.
        let written = (self.0)(&members);
        debug_assert!(written.is_ok(), "{written:?}");
        packed.extend(written.unwrap_or_default());
    }
}

fn tar(members: &[Member<'_>]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, log) in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(log.len() as u64);
        archive.append_data(&mut header, name, *log)?;
    }
    archive.into_inner()
}

fn zip(members: &[Member<'_>]) -> io::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, log) in members {
        archive.start_file(name.as_str(), SimpleFileOptions::default())?;
        archive.write_all(log)?;
    }
    Ok(archive.finish()?.into_inner())
}
