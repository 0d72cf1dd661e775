//! Amazon Security Lake's records of an EKS cluster as it keeps them: Parquet, in zstd. What has no place in OCSF is
//! text in a map there.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::eks::{ACCOUNT, REGION};
use super::eks_security_lake::EksSecurityLake;
use super::{Container, Framing, Packing, Roll, Source};
use crate::simulate::clock::civil;

/// Of the rows as JSON, before a file ends: all of them are needed to write it.
const FILE_BYTES: u64 = 32 << 20;

pub struct EksSecurityLakeParquet(EksSecurityLake);

impl EksSecurityLakeParquet {
    pub fn new(cluster: &str) -> Self {
        Self(EksSecurityLake::new(cluster))
    }
}

impl Container for EksSecurityLakeParquet {
    fn source(&self) -> &dyn Source {
        self.0.source()
    }

    fn cut(&self, kept: &str) -> Option<String> {
        self.0.cut(kept)
    }

    fn wrap(&self, lane: usize, record: String) -> String {
        self.0.wrap(lane, record)
    }

    fn path(&self, lane: usize, opened: i64, part: u32) -> PathBuf {
        let (year, month, day) = civil(opened);
        let day = format!("eventDay={year:04}{month:02}{day:02}");
        format!("EKS_AUDIT/2.0/region={REGION}/accountId={ACCOUNT}/{day}/{lane}-{part}.zstd.parquet").into()
    }

    fn roll(&self) -> Roll {
        Roll::Size(FILE_BYTES)
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { between: "\n", message_bytes: usize::MAX, ..Framing::LINES }
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Parquet))
    }
}

struct Parquet;

impl Packing for Parquet {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        // In memory, and of rows that the simulator wrote itself, nothing fails.
        let written = parquet(message);
        debug_assert!(written.is_ok(), "{written:?}");
        packed.extend(written.unwrap_or_default());
    }
}

fn parquet(rows: &[u8]) -> Result<Vec<u8>, ParquetError> {
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(Default::default())).build();
    let schema = Arc::new(Schema::new(columns()));
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, Arc::clone(&schema), Some(properties))?;
    let lines: Vec<String> = rows.trim_ascii().split(|byte| *byte == b'\n').map(with_text_in_map).collect();
    for batch in ReaderBuilder::new(schema).build(lines.join("\n").as_bytes())? {
        writer.write(&batch?)?;
    }
    writer.close()?;
    Ok(file)
}

/// What is in `unmapped` as text.
fn with_text_in_map(row: &[u8]) -> String {
    let mut row: Value = serde_json::from_slice(row).unwrap_or_default();
    if let Some(unmapped) = row.get_mut("unmapped").and_then(Value::as_object_mut) {
        unmapped.values_mut().for_each(|value| *value = value.to_string().into());
    }
    row.to_string()
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn structure(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(fields.into()), true)
}

fn list(name: &str, item: Field) -> Field {
    Field::new(name, DataType::List(Arc::new(item)), true)
}

fn columns() -> Fields {
    let texts = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
    let code = Field::new("code", DataType::Int32, true);
    let response = [vec![code], texts(&["error", "error_message"])].concat();
    let entry = [Field::new("key", DataType::Utf8, false), text("value")];
    let entries = Field::new("entries", DataType::Struct(Fields::from(entry.to_vec())), false);
    let product = structure("product", texts(&["name", "vendor_name", "version"]));
    let user = [texts(&["name", "uid"]), vec![list("groups", structure("element", vec![text("name")]))]];
    vec![
        structure(
            "metadata",
            vec![text("log_level"), product, list("profiles", text("element")), text("version")],
        ),
        number("time"),
        text("time_dt"),
        number("start_time"),
        text("start_time_dt"),
        text("message"),
        structure("cloud", vec![structure("account", vec![text("uid")]), text("provider"), text("region")]),
        structure(
            "api",
            vec![
                text("operation"),
                structure("request", vec![text("uid")]),
                text("version"),
                structure("group", vec![text("name")]),
                structure("response", response),
            ],
        ),
        structure("http_request", vec![structure("url", vec![text("path")]), text("user_agent")]),
        structure(
            "actor",
            vec![
                structure("user", user.concat()),
                structure("session", texts(&["credential_uid", "issuer", "uid"])),
            ],
        ),
        structure("src_endpoint", vec![text("ip"), list("intermediate_ips", text("element"))]),
        list("resources", structure("element", texts(&["namespace", "name", "type", "version"]))),
        structure("policy", vec![text("name")]),
        Field::new("unmapped", DataType::Map(Arc::new(entries), false), true),
        text("class_name"),
        number("class_uid"),
        text("category_name"),
        number("category_uid"),
        text("severity"),
        number("severity_id"),
        number("activity_id"),
    ]
    .into()
}
