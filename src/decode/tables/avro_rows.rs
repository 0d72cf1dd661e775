//! Avro, as Event Hubs Capture and BigQuery's exports write it: an object, by the schema of its file, becomes JSON.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::avro_blocks::{Block, Blocks, long};
use super::{Rows, damaged};
use crate::decode::decompress::Whole;
use crate::decode::quick;
use crate::decode::strings::quote;

/// Types inside types.
const DEEPEST: usize = 32;

/// The longest object, as JSON: its names and symbols come from the schema, any number of times.
const LONGEST: usize = 64 << 20;

/// How values stand in a block. Logical types are read as what they are stored as, but for times.
#[derive(Debug)]
enum Kind {
    Null,
    Boolean,
    Long,
    /// With how many there are of its unit in a second.
    Time(i64),
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    Symbol(Vec<String>),
    Array(Box<Kind>),
    Map(Box<Kind>),
    Union(Vec<Kind>),
    /// Names as they are written, in quotes and with a colon; without the fields that never hold anything.
    Record(Vec<(String, Kind)>),
}

impl Kind {
    fn of(schema: &Value, depth: usize) -> Option<Self> {
        if depth == DEEPEST {
            return None;
        }
        let inner = |key: &str| Self::of(schema.get(key)?, depth + 1).map(Box::new);
        if let Some(branches) = schema.as_array() {
            let branches = branches.iter().map(|branch| Self::of(branch, depth + 1));
            return branches.collect::<Option<_>>().map(Self::Union);
        }
        let name = schema.as_str().or_else(|| schema.get("type")?.as_str());
        let kind = match name {
            // A type around another one.
            None => return Self::of(schema.get("type")?, depth + 1),
            Some("null") => Self::Null,
            Some("boolean") => Self::Boolean,
            Some("int" | "long") => units(schema).map_or(Self::Long, Self::Time),
            Some("float") => Self::Float,
            Some("double") => Self::Double,
            Some("bytes") => Self::Bytes,
            Some("string") => Self::Text,
            Some("fixed") => Self::Fixed(usize::try_from(schema.get("size")?.as_u64()?).ok()?),
            Some("enum") => {
                let symbols = schema.get("symbols")?.as_array()?.iter();
                Self::Symbol(symbols.map(|symbol| Some(symbol.as_str()?.to_owned())).collect::<Option<_>>()?)
            }
            Some("array") => Self::Array(inner("items")?),
            Some("map") => Self::Map(inner("values")?),
            Some("record") => {
                let field = |field: &Value| {
                    let name = Value::from(field.get("name")?.as_str()?).to_string() + ":";
                    Some((name, Self::of(field.get("type")?, depth + 1)?))
                };
                let fields = schema.get("fields")?.as_array()?.iter();
                let mut fields: Vec<_> = fields.map(field).collect::<Option<_>>()?;
                // Each field that is left takes a byte of the block: a file of few bytes can't have millions read.
                fields.retain(|(_, kind)| !kind.may_be_empty());
                Self::Record(fields)
            }
            // A type that was named before.
            Some(_) => return None,
        };
        Some(kind)
    }

    /// Whether a value may take no byte at all, so that any number of them could.
    fn may_be_empty(&self) -> bool {
        match self {
            Self::Null | Self::Fixed(0) => true,
            Self::Record(fields) => fields.iter().all(|(_, kind)| kind.may_be_empty()),
            _ => false,
        }
    }
}

/// The unit of a time, as how many there are in a second.
fn units(schema: &Value) -> Option<i64> {
    let logical = schema.get("logicalType")?.as_str()?;
    match logical.strip_prefix("local-").unwrap_or(logical) {
        "timestamp-millis" => Some(1_000),
        "timestamp-micros" => Some(1_000_000),
        "timestamp-nanos" => Some(1_000_000_000),
        _ => None,
    }
}

/// A time as text; the number where it has no date.
fn time(number: i64, units: i64) -> String {
    let nanos = i128::from(number) * i128::from(1_000_000_000 / units);
    let time = jiff::Timestamp::from_nanosecond(nanos);
    time.map_or_else(|_| number.to_string(), |time| Value::from(time.to_string()).to_string())
}

/// Whether bytes are a JSON object, and are better written as that than as a text with it. Most of a capture is such.
fn is_object(bytes: &[u8]) -> bool {
    // The parser alone looks at no text that it ignores.
    let text = simdutf8::basic::from_utf8(bytes).ok().filter(|text| text.starts_with('{'));
    text.is_some_and(|text| quick::is_value(text) || serde_json::from_str::<IgnoredAny>(text).is_ok())
}

/// The objects of a file.
pub(in crate::decode) struct AvroRows {
    blocks: Blocks,
    kind: Kind,
    block: Block,
    /// Bytes of the block that were read.
    at: usize,
}

impl AvroRows {
    pub(in crate::decode) fn open(reader: Whole) -> io::Result<Self> {
        let (blocks, schema) = Blocks::open(reader)?;
        let schema: Value = serde_json::from_slice(&schema)?;
        let kind = Kind::of(&schema, 0).filter(|kind| matches!(kind, Kind::Record(_)));
        let kind = kind.filter(|kind| !kind.may_be_empty());
        let kind = kind.ok_or_else(|| damaged("a schema that is not understood"))?;
        Ok(Self { blocks, kind, block: Block::default(), at: 0 })
    }
}

impl Rows for AvroRows {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        while self.block.objects == 0 {
            if self.at != self.block.data.len() {
                return Err(damaged("a block holds more than its objects"));
            }
            let Some(block) = self.blocks.next_block()? else { return Ok(false) };
            self.block = block;
            self.at = 0;
        }
        self.block.objects -= 1;
        let start = json.len();
        let mut object = Object { data: &self.block.data[self.at..], json, most: start + LONGEST };
        object.value(&self.kind)?;
        self.at = self.block.data.len() - object.data.len();
        Ok(true)
    }
}

/// An object that is being read.
struct Object<'o> {
    data: &'o [u8],
    json: &'o mut Vec<u8>,
    most: usize,
}

impl<'o> Object<'o> {
    fn value(&mut self, kind: &Kind) -> io::Result<()> {
        match kind {
            Kind::Null => self.put("null"),
            Kind::Boolean => {
                let value = self.take(1)?[0] != 0;
                self.put(if value { "true" } else { "false" })
            }
            Kind::Long => {
                let value = long(&mut self.data)?;
                self.put(&value.to_string())
            }
            Kind::Time(units) => {
                let number = long(&mut self.data)?;
                self.put(&time(number, *units))
            }
            Kind::Float => {
                let value = f32::from_le_bytes(self.exactly()?);
                self.put(&Value::from(value).to_string())
            }
            Kind::Double => {
                let value = f64::from_le_bytes(self.exactly()?);
                self.put(&Value::from(value).to_string())
            }
            Kind::Bytes => {
                let bytes = self.bytes()?;
                if is_object(bytes) { self.put_bytes(bytes) } else { self.text(bytes) }
            }
            Kind::Text => {
                let bytes = self.bytes()?;
                self.text(bytes)
            }
            Kind::Fixed(length) => {
                let bytes = self.take(*length)?;
                self.text(bytes)
            }
            Kind::Symbol(symbols) => {
                let symbol = usize::try_from(long(&mut self.data)?).ok().and_then(|at| symbols.get(at));
                let symbol = symbol.ok_or_else(|| damaged("a symbol that the schema does not have"))?;
                self.text(symbol.as_bytes())
            }
            Kind::Array(item) => self.list(b"[]", item, |_| Ok(())),
            Kind::Map(item) => self.list(b"{}", item, |object| {
                let key = object.bytes()?;
                object.text(key)?;
                object.put(":")
            }),
            Kind::Union(branches) => {
                let branch = usize::try_from(long(&mut self.data)?).ok().and_then(|at| branches.get(at));
                self.value(branch.ok_or_else(|| damaged("a type that the schema does not have"))?)
            }
            Kind::Record(fields) => self.record(fields),
        }
    }

    /// Fields without a value are left out.
    fn record(&mut self, fields: &[(String, Kind)]) -> io::Result<()> {
        let mut open = "{";
        for (name, kind) in fields {
            let start = self.json.len();
            self.put(open)?;
            self.put(name)?;
            let value = self.json.len();
            self.value(kind)?;
            if self.json[value..] == *b"null" {
                self.json.truncate(start);
            } else {
                open = ",";
            }
        }
        self.put(if open == "{" { "{}" } else { "}" })
    }

    /// Items in blocks, each with its count in front and after the last one a zero.
    fn list(
        &mut self,
        brackets: &[u8; 2],
        item: &Kind,
        key: impl Fn(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.json.push(brackets[0]);
        let mut first = true;
        loop {
            let count = long(&mut self.data)?;
            if count < 0 {
                // The length in bytes, for those who pass over it.
                long(&mut self.data)?;
            }
            let count = count.unsigned_abs();
            if count > self.data.len() as u64 {
                return Err(damaged("a list with an impossible number of items"));
            }
            if count == 0 {
                self.json.push(brackets[1]);
                return Ok(());
            }
            for _ in 0..count {
                if !std::mem::take(&mut first) {
                    self.put(",")?;
                }
                key(self)?;
                self.value(item)?;
            }
        }
    }

    /// Bytes as text. Those that are none are written in base64, which is how messages carry them elsewhere.
    fn text(&mut self, bytes: &[u8]) -> io::Result<()> {
        match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => quote(text, self.json),
            Err(_) => quote(&STANDARD.encode(bytes), self.json),
        }
        self.put("")
    }

    fn put(&mut self, json: &str) -> io::Result<()> {
        self.put_bytes(json.as_bytes())
    }

    fn put_bytes(&mut self, json: &[u8]) -> io::Result<()> {
        self.json.extend_from_slice(json);
        if self.json.len() > self.most {
            return Err(damaged(&format!("an object of more than {LONGEST} bytes")));
        }
        Ok(())
    }

    fn bytes(&mut self) -> io::Result<&'o [u8]> {
        let length = usize::try_from(long(&mut self.data)?).map_err(|_| damaged("a negative length"))?;
        self.take(length)
    }

    fn exactly<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let bytes = self.take(N)?;
        Ok(std::array::from_fn(|at| bytes[at]))
    }

    fn take(&mut self, length: usize) -> io::Result<&'o [u8]> {
        let (taken, rest) = self.data.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.data = rest;
        Ok(taken)
    }
}

#[cfg(test)]
#[path = "avro_tests.rs"]
mod tests;
