//! Frames that are made to cost more than they are long.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Bytes of all rejects, and how many there are.
fn rejected(frame: &[u8]) -> (usize, usize) {
    let (mut bytes, mut rejects) = (0, 0);
    Decoder::default().decode(frame, &mut |decoded| {
        if let Decoded::Reject(reject) = decoded {
            bytes += reject.bytes.len();
            rejects += 1;
        }
    });
    (bytes, rejects)
}

#[test]
fn rejects_of_a_cut_or_garbled_frame_are_its_parts() {
    let cut = format!("{{\"records\":[{}", "{},".repeat(1_000));
    let (bytes, rejects) = rejected(cut.as_bytes());
    assert!(rejects >= 1_000, "{rejects}");
    assert!(bytes <= 2 * cut.len(), "{bytes}");
    let mut garbled = format!("{{\"records\":[{}{{}}],\"x\":\"", "{},".repeat(1_000)).into_bytes();
    garbled.extend_from_slice(b"\xff\"}");
    let (bytes, rejects) = rejected(&garbled);
    assert_eq!(rejects, 1_001);
    assert!(bytes <= 2 * garbled.len(), "{bytes}");
    // One that is all of its frame keeps the bytes as they were.
    let alone = b"{\"x\":\"\xff\"}";
    assert_eq!(rejected(alone), (alone.len(), 1));
}

#[test]
fn records_of_a_frame_are_bounded_and_the_others_told_of() {
    let frame = format!("{{\"records\":[{}{{}}]}}", "{},".repeat(MAX_RECORDS + 10));
    let (_, rejects) = rejected(frame.as_bytes());
    assert_eq!(rejects, MAX_RECORDS + 1);
    let last = decode(&frame, |_| ()).pop().unwrap().unwrap_err();
    assert!(last.starts_with("too-long more than 131072 records in one"), "{last}");
}

fn packed(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

#[test]
fn what_is_packed_in_what_is_packed_has_one_limit() {
    let message = |text: &str| format!("{{\"data\":\"{}\"}}", packed(text));
    let inner = message(&format!("{{\"x\":\"{}\"}}", "a".repeat(8 << 20)));
    let frame = message(&inner.repeat(40));
    let outcomes = words(&frame);
    assert_eq!(outcomes.len(), 40);
    let refused = outcomes.iter().filter(|outcome| outcome.starts_with("too-long")).count();
    assert!(refused >= 30, "{refused}");
}
