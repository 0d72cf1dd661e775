//! Parquet, in the same plain form as a lake's files: zstd, no embedded Arrow schema.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::value::{self, plain};
use super::{RowWriter, into_io};

pub(super) struct Writer<W: Write + Send> {
    schema: SchemaRef,
    out: ArrowWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> io::Result<Self> {
        let schema = storable(schema);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("kubetrawl ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let out =
            ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options).map_err(from_parquet)?;
        Ok(Self { schema, out })
    }
}

impl<W: Write + Send> RowWriter for Writer<W> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns = batch
            .columns()
            .iter()
            .map(
                |column| {
                    if is_storable(column.data_type()) { Ok(Arc::clone(column)) } else { as_text(column) }
                },
            )
            .collect::<Result<Vec<_>, _>>()
            .map_err(into_io)?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(into_io)?;
        self.out.write(&batch).map_err(from_parquet)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.out.close().map(|_| ()).map_err(from_parquet)
    }
}

/// The columns, with text for types that Parquet cannot hold.
fn storable(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let kind =
                if is_storable(field.data_type()) { field.data_type().clone() } else { DataType::Utf8 };
            Field::new(field.name(), kind, true)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn is_storable(kind: &DataType) -> bool {
    match kind {
        DataType::Interval(_) | DataType::Duration(_) | DataType::Union(..) | DataType::Null => false,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_storable(item.data_type()),
        // A group without members cannot be written.
        DataType::Struct(fields) => {
            !fields.is_empty() && fields.iter().all(|field| is_storable(field.data_type()))
        }
        DataType::Dictionary(_, item) => is_storable(item),
        _ => true,
    }
}

fn as_text(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let mut texts = StringBuilder::new();
    for row in 0..column.len() {
        let value = value::of(column.as_ref(), row)?;
        texts.append_option((!value.is_null()).then(|| plain(&value)));
    }
    Ok(Arc::new(texts.finish()))
}

fn from_parquet(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
