use proptest::prelude::*;

use super::*;
use crate::decode::{ChunkReader, Limits};

const CHUNK: Limits = Limits { chunk: 64, frame: 4_000, kept: 32 };

fn frames(text: &[u8], limits: Limits) -> Vec<(u64, Vec<u8>)> {
    let mut reader = ChunkReader::new(text, limits);
    let mut frames = Vec::new();
    while let Some(chunk) = reader.next_chunk().unwrap() {
        frames.extend(
            chunk.frames.iter().map(|frame| (chunk.frame_offset(frame), chunk.bytes(frame).to_vec())),
        );
    }
    frames
}

/// The lines of a log, as the decoder takes them.
fn lines(text: &[u8], limits: Limits) -> Vec<String> {
    let whole = |frame: Vec<u8>| {
        joined(&frame).map_or_else(|| vec![frame], |lines| lines.into_iter().map(|line| line.bytes).collect())
    };
    let lines = frames(text, limits).into_iter().flat_map(|(_, frame)| whole(frame));
    lines.map(|line| String::from_utf8(line).unwrap()).collect()
}

fn cri(stream: &str, tag: &str, text: &str) -> String {
    format!("2026-11-22T10:00:01.5Z {stream} {tag} {text}\n")
}

const KLOG: &str = "I0619 08:07:21.502238       1 handler.go:153] Adding GroupVersion";

fn docker(log: &str) -> String {
    let log = serde_json::Value::from(log);
    format!("{{\"log\":{log},\"stream\":\"stdout\",\"time\":\"2026-11-22T10:00:01.5Z\"}}\n")
}

#[test]
fn pieces_of_a_line_are_one() {
    let out = |tag, text| cri("stdout", tag, text);
    let err = |tag, text| cri("stderr", tag, text);
    for (text, expected) in [
        (out("P", "ab ") + &out("P", "cd") + &out("F", "e"), vec!["stdout P ab cde"]),
        (out("P", "ab") + &out("F", "") + &out("F", "x"), vec!["stdout P ab", "stdout F x"]),
        (out("P:x", "ab").replace('\n', "\r\n") + &out("F:y", "c"), vec!["stdout P:x abc"]),
        (
            out("P", "a")
                + &err("F", "x")
                + &err("P", "y")
                + &out("F", "b")
                + &err("F", "z")
                + &out("F", "c"),
            vec!["stderr F x", "stdout P ab", "stderr P yz", "stdout F c"],
        ),
        // What has no end is as much as there is of it.
        (out("P", "a") + "I0101 x\n" + &out("F", "b"), vec!["stdout P a", "I0101 x", "stdout F b"]),
        (out("P", "a") + &out("P", "b"), vec!["stdout P ab"]),
        // A piece of nothing is none.
        (out("P", "\r") + &out("F", "b"), vec!["stdout P", "stdout F b"]),
        (out("P", "a") + "2026-11", vec!["2026-11", "stdout P a"]),
        (out("P", "a").replace('\n', "\0\0") + &out("F", "b"), vec!["stdout P a", "stdout F b"]),
        (
            out("P", "{\"a\":") + &out("F", "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}"),
            vec!["stdout P {\"a\":", "stdout F {\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}"],
        ),
        // Nor does a line go on with one that is whole.
        (out("P", "{\"a\":") + &out("F", "{\"b\":[{}]} "), vec!["stdout P {\"a\":", "stdout F {\"b\":[{}]}"]),
        (out("P", "{\"a\":") + &out("F", "{\"b\":[{}]}}"), vec!["stdout P {\"a\":{\"b\":[{}]}}"]),
        (out("P", "{\"a\":") + &out("F", KLOG), vec!["stdout P {\"a\":", &format!("stdout F {KLOG}")]),
        (
            out("Q", "a") + &cri("stdin", "P", "b") + "1 stdout P c",
            vec!["stdout Q a", "stdin P b", "1 stdout P c"],
        ),
    ] {
        let text_lines = lines(text.as_bytes(), Limits::default());
        let found: Vec<&str> = text_lines
            .iter()
            .map(|line| line.trim_start_matches("2026-11-22T10:00:01.5Z ").trim_end())
            .collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn pieces_of_docker_have_its_length() {
    let long = "\u{e9}\"".repeat(DOCKER_PIECE) + "end\n";
    let pieces: Vec<String> = long
        .as_bytes()
        .chunks(DOCKER_PIECE)
        .map(|piece| String::from_utf8_lossy(piece).into_owned())
        .collect();
    let log: String = pieces.iter().map(|piece| docker(piece)).collect();
    let text = docker("a\n") + &log + &docker("b\n");
    let found = lines(text.as_bytes(), Limits::default());
    assert!(found.len() == 3 && found[1] == docker(&pieces.concat()).trim_end());
    // A piece can end in what stands for a newline in a record.
    let text = docker(&("x".repeat(DOCKER_PIECE - 2) + "\\n")) + &docker("end\n");
    assert_eq!(lines(text.as_bytes(), Limits::default()).len(), 1);
    // Where the end of a line was lost, the next one is not what it goes on with.
    for next in ["{\"b\":\"\u{e9}\"}\n", &format!("{KLOG}\n")] {
        let text = docker(&format!("{{\"{}", "x".repeat(DOCKER_PIECE - 2))) + &docker(next);
        assert_eq!(lines(text.as_bytes(), Limits::default()).len(), 2, "{next}");
    }
    // What a shipper takes the line's end off is no piece, however long it is.
    for length in [DOCKER_PIECE - 1, DOCKER_PIECE + REPLACED + 1] {
        let text = docker(&"x".repeat(length)).repeat(2);
        assert_eq!(lines(text.as_bytes(), Limits::default()).len(), 2);
    }
}

#[test]
fn a_line_without_an_end_costs_one_record_and_little_time() {
    let out = |tag, text| cri("stdout", tag, text);
    let after = cri("stderr", "F", "x").repeat(BETWEEN + 1) + &out("P", "a") + &out("F", "b");
    let found = lines((out("P", "lost") + &after).as_bytes(), Limits::default());
    assert_eq!(found.len(), 1 + BETWEEN + 1 + 1);
    assert!(found.last().unwrap().ends_with("P ab"));
    let endless = out("P", "a").repeat(300_000) + &cri("stderr", "F", "x").repeat(BETWEEN + 1);
    assert_eq!(frames(endless.as_bytes(), Limits::default()).len(), 300_000 + BETWEEN + 1);
    // Of one that is too long for a frame the pieces are frames, up to where that ends.
    let longer = out("P", "a").repeat(300) + &out("F", "b");
    let frames_each = CHUNK.frame / out("P", "a").len() + 1;
    assert_eq!(lines(longer.as_bytes(), CHUNK).len(), 2 * frames_each + 1);
}

#[test]
fn lines_are_open_until_their_last_piece() {
    let out = |tag| cri("stdout", tag, "x");
    let piece = docker(&"x".repeat(DOCKER_PIECE));
    for (text, expected) in [
        (out("P"), true),
        (out("P") + &out("F"), false),
        (out("P") + &cri("stderr", "P", "x") + &out("F"), true),
        (piece.clone(), true),
        (piece + &docker("x\n"), false),
        ("{\n}".to_owned(), false),
    ] {
        assert_eq!(is_open(text.trim_end().as_bytes()), expected, "{text}");
    }
}

/// A log of lines that are split after so many characters, those of the two streams mixed.
fn log() -> impl Strategy<Value = (String, [Vec<String>; 2])> {
    let line = ("[a-z{}\" \u{e9}]{0,40}", 1usize..20, 0usize..2, any::<bool>());
    (prop::collection::vec(line, 0..12), any::<u64>()).prop_map(|(lines, order)| {
        let mut texts = [Vec::new(), Vec::new()];
        let mut pieces = [Vec::new(), Vec::new()];
        for (text, size, stream, _) in lines {
            let characters: Vec<char> = text.chars().collect();
            let parts: Vec<String> = characters.chunks(size).map(|part| part.iter().collect()).collect();
            let name = ["stdout", "stderr"][stream];
            let last = parts.len().saturating_sub(1);
            if parts.is_empty() {
                pieces[stream].push(cri(name, "F", ""));
            }
            let tag = |at| if at == last { "F" } else { "P" };
            pieces[stream].extend(parts.iter().enumerate().map(|(at, part)| cri(name, tag(at), part)));
            texts[stream].push(text);
        }
        let mut pieces = pieces.map(Vec::into_iter);
        let mut log = String::new();
        for turn in 0.. {
            let stream = usize::from((order >> (turn % 64)) & 1 == 1);
            match pieces[stream].next().or_else(|| pieces[1 - stream].next()) {
                Some(piece) => log += &piece,
                None => break,
            }
        }
        (log, texts)
    })
}

proptest! {
    #[test]
    fn every_line_is_put_together((log, texts) in log()) {
        let found = lines(log.as_bytes(), Limits::default());
        for (stream, texts) in STREAMS.iter().zip(texts) {
            let of_stream: Vec<String> = found
                .iter()
                .filter_map(|line| {
                    let piece = Piece::of(line.as_bytes())?;
                    (STREAMS[piece.stream] == *stream).then(|| String::from_utf8_lossy(piece.text).trim_end().to_owned())
                })
                .collect();
            let texts: Vec<String> = texts.iter().map(|text| text.trim_end().to_owned()).collect();
            prop_assert_eq!(of_stream, texts, "{}", log);
        }
    }

    #[test]
    fn the_same_pieces_give_the_same_frames(
        parts in prop::collection::vec(
            prop_oneof![
                Just(cri("stdout", "P", "a")), Just(cri("stdout", "F", "b")), Just(cri("stderr", "P", "c")),
                Just(cri("stderr", "F", "d")), Just("klog\n".to_owned()), Just("{\"a\":1}\n".to_owned()),
                Just("\0".to_owned()), Just("[\n".to_owned()), Just("2026-11-22T10:00:01.5Z stdout P".to_owned()),
            ],
            0..40,
        ),
        chunk in 1usize..300,
        frame in 40usize..500,
    ) {
        let text = parts.concat();
        let limits = Limits { chunk, frame, kept: 32 };
        let found = frames(text.as_bytes(), limits);
        prop_assert_eq!(&found, &frames(text.as_bytes(), Limits { chunk: 1 << 20, ..limits }));
        let mut end = 0;
        for (offset, frame) in found {
            prop_assert!(offset >= end && text.as_bytes()[offset as usize..].starts_with(&frame));
            end = offset + frame.len() as u64;
            joined(&frame);
        }
    }
}
