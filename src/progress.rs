//! How work that takes long gets on.

/// Told as the work goes, from many threads.
pub trait Progress: Sync {
    /// Bytes to read, as stored; none where a source does not tell.
    fn total(&self, bytes: Option<u64>);
    /// So many bytes more were read.
    fn bytes(&self, n: u64);
    /// So many records more were done.
    fn records(&self, n: u64);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn total(&self, _: Option<u64>) {}
    fn bytes(&self, _: u64) {}
    fn records(&self, _: u64) {}
}
