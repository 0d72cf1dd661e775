use std::fs::File;
use std::ops::Range;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::statistics::Statistics;
use proptest::prelude::*;

use super::{Rows, SCHEMA, Written};
use crate::lake::identity::Reader;
use crate::lake::writer::file::FileWriter;
use crate::lake::writer::{BLOOM_FILTERS, properties, write as write_files};
use crate::normalize::row::sample::event;
use crate::normalize::schema::{COLUMNS, ColumnType, position};
use crate::normalize::{Defaults, Place, RowBuilder};

/// What differs between two rows.
#[derive(Debug, Clone)]
pub(super) struct Record {
    resource: Option<String>,
    name: Option<String>,
    username: Option<String>,
    user_agent: Option<String>,
    audit_id: Option<String>,
    body: Option<String>,
    groups: Vec<String>,
    stage_time: Option<i64>,
    seconds: i64,
}

/// Strings that are empty, that end where a bound is cut, that have no larger one in ASCII, and so many and
/// so long ones that a dictionary is given up.
fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        4 => "[ab~\u{0}\u{7f}\u{e9}]{0,3}".prop_map(Some),
        1 => "[a~\u{7f}\u{e9}\u{10ffff}]{16,90}".prop_map(Some),
        1 => "[~\u{7f}\u{e9}]{60,70}".prop_map(Some),
        2 => (0..9_999).prop_map(|number| Some(format!("{number:04}").repeat(1_000))),
    ]
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let texts = (text(), text(), text(), text(), text(), text());
    let groups = prop::collection::vec("[ab\u{e9}]{0,2}", 0..4);
    (texts, groups, prop::option::of(0..9_i64), 0..3_600_i64).prop_map(
        |((resource, name, username, user_agent, audit_id, body), groups, stage_time, seconds)| Record {
            resource,
            name,
            username,
            user_agent,
            audit_id,
            body,
            groups,
            stage_time,
            seconds,
        },
    )
}

pub(super) fn build(records: &[Record]) -> Rows {
    let mut builder = RowBuilder::without_redaction();
    for (number, record) in (0..).zip(records) {
        let mut event = event();
        event.event_time += record.seconds * 1_000_000;
        event.stage_time = record.stage_time;
        event.resource = record.resource.as_deref().map(Into::into);
        event.name = record.name.as_deref().map(Into::into);
        event.username = record.username.as_deref().map(Into::into);
        event.user_agent = record.user_agent.as_deref().map(Into::into);
        event.audit_id = record.audit_id.as_deref().map(Into::into);
        event.request_object = record.body.as_deref().map(Into::into);
        event.user_groups = record.groups.iter().map(|group| group.as_str().into()).collect();
        let place = Place { source_uri: "file:///a.log", source_record: number, source_offset: number };
        builder.append(&event, &place, &Defaults::default());
    }
    builder.finish()
}

fn read(path: &Path) -> RecordBatch {
    let batches: Vec<RecordBatch> = Reader::all_columns(path).unwrap().map(Result::unwrap).collect();
    concat_batches(&SCHEMA, &batches).unwrap()
}

fn metadata(path: &Path) -> ParquetMetaData {
    ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Optional)
        .parse_and_finish(&File::open(path).unwrap())
        .unwrap()
}

/// The strings of some rows of a column, and how many are null.
pub(super) fn strings<'b>(batch: &'b RecordBatch, name: &str, rows: Range<usize>) -> (Vec<&'b [u8]>, u64) {
    let column = batch[name].as_string_view();
    let valid = rows.clone().filter(|&row| column.is_valid(row));
    let values: Vec<&[u8]> = valid.map(|row| column.value(row).as_bytes()).collect();
    let nulls = (rows.len() - values.len()) as u64;
    (values, nulls)
}

/// Fails where a chunk's or a page's smallest or largest value would make a reader pass over a row that it wants.
fn check_bounds(path: &Path, batch: &RecordBatch) {
    let metadata = metadata(path);
    let mut first = 0;
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let (rows, pages) = (group.num_rows() as usize, metadata.page_index_for_row_group(number));
        for (at, column) in COLUMNS.iter().enumerate() {
            if column.column_type != ColumnType::Varchar {
                continue;
            }
            let (values, nulls) = strings(batch, column.name, first..first + rows);
            if let Some(statistics) = group.column(at).statistics() {
                let Statistics::ByteArray(known) = statistics else { panic!("{}", column.name) };
                assert_eq!(known.null_count_opt(), Some(nulls), "{}", column.name);
                let smallest = known.min_opt().map(|bound| bound.data());
                let largest = known.max_opt().map(|bound| bound.data());
                assert_eq!(smallest.is_some(), largest.is_some(), "{}", column.name);
                assert!(smallest.is_none_or(|bound| values.iter().all(|value| bound <= *value)));
                assert!(largest.is_none_or(|bound| values.iter().all(|value| *value <= bound)));
                if smallest.is_some() && known.min_is_exact() {
                    assert_eq!(smallest, values.iter().min().copied(), "{}", column.name);
                }
                if largest.is_some() && known.max_is_exact() {
                    assert_eq!(largest, values.iter().max().copied(), "{}", column.name);
                }
            }
            let Some(ColumnIndexMetaData::BYTE_ARRAY(index)) = pages.column_index(at) else { continue };
            let pages = pages.page_locations(at).unwrap();
            let starts = pages.iter().map(|page| page.first_row_index as usize);
            let ends = starts.clone().skip(1).chain([rows]);
            for (page, (start, end)) in starts.zip(ends).enumerate() {
                let (values, nulls) = strings(batch, column.name, first + start..first + end);
                assert_eq!(index.null_count(page), Some(nulls as i64), "{}", column.name);
                assert_eq!(index.is_null_page(page), values.is_empty(), "{}", column.name);
                assert!(index.min_value(page).is_none_or(|bound| values.iter().all(|value| bound <= *value)));
                assert!(index.max_value(page).is_none_or(|bound| values.iter().all(|value| *value <= bound)));
            }
        }
        first += rows;
    }
}

/// Fails where a bloom filter denies a value that is there.
fn check_filters(path: &Path, batch: &RecordBatch) {
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    let file = SerializedFileReader::new_with_options(File::open(path).unwrap(), options).unwrap();
    let mut first = 0;
    for number in 0..file.num_row_groups() {
        let group = file.get_row_group(number).unwrap();
        let rows = group.metadata().num_rows() as usize;
        for name in BLOOM_FILTERS {
            let filter = group.get_column_bloom_filter(position(name)).unwrap();
            let (values, _) = strings(batch, name, first..first + rows);
            assert!(values.iter().all(|value| filter.check(*value)), "{name}");
        }
        first += rows;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_file_holds_the_rows_and_nothing_in_it_hides_one(
        records in prop::collection::vec(record(), 1..400),
        repeated in 1..30_usize,
    ) {
        let records: Vec<Record> = (0..repeated).flat_map(|_| records.clone()).take(5_000).collect();
        let rows = build(&records);
        let folder = tempfile::tempdir().unwrap();
        let written = write_files(&rows, folder.path(), &mut || "ours.parquet".to_owned()).unwrap();
        prop_assert_eq!(written.len(), 1);
        let Written { file, rows: numbers } = &written[0];
        let expected = take_record_batch(&rows.batch(), &UInt32Array::from(numbers.clone())).unwrap();
        prop_assert_eq!(&read(&file.path), &expected);
        check_bounds(&file.path, &expected);
        check_filters(&file.path, &expected);

        let mut arrow = FileWriter::create(&folder.path().join("arrow.parquet"), &properties::properties()).unwrap();
        arrow.write(&expected).unwrap();
        let arrow = arrow.finish(&file.event_date).unwrap();
        prop_assert_eq!(&read(&arrow.path), &expected);
        prop_assert_eq!(&arrow.coverage, &file.coverage);
        prop_assert_eq!((arrow.rows, arrow.first_time, arrow.last_time), (file.rows, file.first_time, file.last_time));
    }
}
