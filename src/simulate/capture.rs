//! Files of Event Hubs Capture: Avro's header, and blocks of messages.

/// As Event Hubs Capture has it.
const SCHEMA: &str = r#"{"type":"record","name":"EventData","namespace":"Microsoft.ServiceBus.Messaging","fields":[
    {"name":"SequenceNumber","type":"long"},{"name":"Offset","type":"string"},{"name":"EnqueuedTimeUtc","type":"string"},
    {"name":"SystemProperties","type":{"type":"map","values":["long","double","string","bytes"]}},
    {"name":"Properties","type":{"type":"map","values":["long","double","string","bytes","null"]}},
    {"name":"Body","type":["null","bytes"]}]}"#;

/// Ends the header and each block: any 16 bytes that are seldom elsewhere.
const MARKER: &[u8; 16] = b"\x8f\x01marks a block\x01";

/// What a file begins with.
pub(crate) fn header(codec: &str) -> Vec<u8> {
    let mut file = b"Obj\x01".to_vec();
    long(2, &mut file);
    for text in ["avro.schema", SCHEMA, "avro.codec", codec] {
        bytes(text.as_bytes(), &mut file);
    }
    long(0, &mut file);
    file.extend(MARKER);
    file
}

/// A message as an object: with its number, a system property, no properties of its own, and its body.
pub(crate) fn message(number: i64, body: &[u8]) -> Vec<u8> {
    let mut object = Vec::new();
    long(number, &mut object);
    bytes(b"0", &mut object);
    bytes(b"11/22/2026 10:00:00 AM", &mut object);
    // One entry, a long, and the end of the map; then an empty map.
    long(1, &mut object);
    bytes(b"x-opt-enqueued-time", &mut object);
    for value in [0, 7, 0, 0] {
        long(value, &mut object);
    }
    // Not null.
    long(1, &mut object);
    bytes(body, &mut object);
    object
}

/// A block of one object, `packed` by the file's codec.
pub(crate) fn block(packed: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    long(1, &mut block);
    bytes(packed, &mut block);
    block.extend(MARKER);
    block
}

/// A number with its sign in the lowest bit, in as few bytes as it needs.
fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    long(bytes.len() as i64, out);
    out.extend(bytes);
}
