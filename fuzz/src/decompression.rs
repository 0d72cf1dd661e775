//! Decompression: any bytes end well, and a layer more changes nothing.

use std::io::{Cursor, Read};

use kubetrawl::decode::decompress;

/// What is read of each.
const MOST: u64 = 1 << 20;

pub fn check(data: &[u8]) {
    let (plain, whole) = read(data.to_vec());
    if !whole || plain.len() as u64 == MOST {
        return;
    }
    let mut gzip = Vec::new();
    flate2::read::GzEncoder::new(plain.as_slice(), flate2::Compression::fast())
        .read_to_end(&mut gzip)
        .expect("in memory");
    let zstd = zstd::encode_all(plain.as_slice(), 1).expect("in memory");
    // What looks compressed once it is unpacked would be unpacked further, at most a few times.
    let again = read(plain.clone());
    for packed in [gzip, zstd] {
        assert_eq!(read(packed), again, "a layer changes what is in it");
    }
}

/// What comes out, and whether it does to its end.
fn read(bytes: Vec<u8>) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let whole = decompress(Box::new(Cursor::new(bytes)))
        .is_ok_and(|reader| reader.take(MOST).read_to_end(&mut out).is_ok());
    (out, whole)
}
