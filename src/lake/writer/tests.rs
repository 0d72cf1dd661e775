use std::collections::BTreeSet;
use std::fs::{self, File};

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::Int64Type;
use parquet::basic::{Compression, Encoding, LogicalType, TimeUnit, Type};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use tempfile::TempDir;

use super::*;
use crate::hash::sha256;
use crate::lake::scan;
use crate::normalize::row::sample::event;
use crate::normalize::schema::{COLUMNS, ColumnType, SCHEMA, position};
use crate::normalize::{Defaults, Identity, Place, RowBuilder};

const DAY: i64 = 86_400_000_000;
const RESOURCES: [Option<&str>; 4] = [Some("secrets"), Some("pods"), None, Some("leases")];
const VERBS: [&str; 3] = ["get", "list", "watch"];

/// `count` rows over `days` days from the last day before 1970, in no order.
fn rows(count: usize, days: i64) -> Rows {
    let mut builder = RowBuilder::new();
    for number in 0..count {
        let mut event = event();
        let scattered = (number * 7_919) % count.max(1);
        event.event_time = -DAY + (scattered as i64 * days * DAY) / count as i64;
        event.resource = RESOURCES[scattered % 4].map(Into::into);
        event.verb = Some(VERBS[scattered % 3].into());
        event.username = (!scattered.is_multiple_of(5)).then(|| format!("user-{}", scattered % 11).into());
        event.audit_id = Some(format!("audit-{number}").into());
        let source_uri = if number % 2 == 0 { "file:///b.log" } else { "file:///a.log" };
        let place = Place { source_uri, source_record: number as i64, source_offset: 100 * number as i64 };
        builder.append(&event, &place, &Defaults::default());
    }
    builder.finish()
}

fn write_into(staging: &TempDir, rows: &Rows) -> Vec<Written> {
    let mut number = 0;
    let mut name = || {
        number += 1;
        format!("batch-{number}.parquet")
    };
    write(rows, staging.path(), &mut name).unwrap()
}

fn write_one(staging: &TempDir, count: usize) -> StagedFile {
    let mut files = write_into(staging, &rows(count, 1));
    assert_eq!(files.len(), 1);
    files.remove(0).file
}

fn metadata(path: &Path) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&File::open(path).unwrap()).unwrap()
}

fn read(path: &Path) -> RecordBatch {
    let batches: Vec<RecordBatch> = Reader::all_columns(path).unwrap().map(Result::unwrap).collect();
    concat_batches(&SCHEMA, &batches).unwrap()
}

/// The values of `SORTED_BY`.
type Order<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, i64, &'a str, i64);

fn order_of(batch: &RecordBatch) -> Vec<Order<'_>> {
    let string = |name: &str, row: usize| {
        let column = batch[name].as_string_view();
        (!arrow::array::Array::is_null(column, row)).then(|| column.value(row))
    };
    (0..batch.num_rows())
        .map(|row| {
            (
                string("resource", row),
                string("verb", row),
                string("username", row),
                order::times(batch).value(row),
                string("source_uri", row).unwrap(),
                batch["source_record"].as_primitive::<Int64Type>().value(row),
            )
        })
        .collect()
}

#[test]
fn one_file_per_utc_day() {
    let staging = TempDir::new().unwrap();
    let files: Vec<StagedFile> =
        write_into(&staging, &rows(300, 3)).into_iter().map(|written| written.file).collect();
    let dates: Vec<&str> = files.iter().map(|file| file.event_date.as_str()).collect();
    assert_eq!(dates, ["1969-12-31", "1970-01-01", "1970-01-02"]);
    assert_eq!(files.iter().map(|file| file.rows).sum::<u64>(), 300);
    for (file, day) in files.iter().zip(-1..) {
        assert!(file.first_time >= day * DAY && file.last_time < (day + 1) * DAY, "{file:?}");
        assert_eq!(order::times(&read(&file.path)).len() as u64, file.rows);
    }
}

#[test]
fn a_file_is_sorted_and_holds_what_was_given() {
    let staging = TempDir::new().unwrap();
    let given = rows(5_000, 1);
    let batch = given.batch();
    let mut expected = order_of(&batch);
    expected.sort();
    let file = &write_into(&staging, &given)[0].file;
    let stored = read(&file.path);
    assert_eq!(order_of(&stored), expected);

    let (times, records) = (order::times(&stored), stored["source_record"].as_primitive::<Int64Type>());
    assert_eq!(Some(file.first_time), arrow::compute::min(times));
    assert_eq!(Some(file.last_time), arrow::compute::max(times));
    let given_order = UInt32Array::from_iter_values(records.values().iter().map(|&record| record as u32));
    assert_eq!(take_record_batch(&batch, &given_order).unwrap(), stored);
}

#[test]
fn the_hash_and_size_are_those_of_the_file() {
    let staging = TempDir::new().unwrap();
    let file = write_one(&staging, 1_000);
    let content = fs::read(&file.path).unwrap();
    assert_eq!((file.bytes, file.sha256), (content.len() as u64, sha256(content)));
}

#[test]
fn identities_are_read_back_in_file_order() {
    let staging = TempDir::new().unwrap();
    let given = rows(5_000, 1);
    let Written { file, rows } = &write_into(&staging, &given)[0];
    let times = scan::times(5_000, [file.path.as_path()].into_iter()).unwrap();
    let (mut numbers, mut read) = (Vec::new(), Vec::new());
    scan::each_at(&file.path, &times, &mut |number, identity, _, _, _| {
        numbers.push(number);
        read.push(identity);
        Ok(())
    })
    .unwrap();
    assert_eq!(read, rows.iter().map(|&row| given.identities[row as usize]).collect::<Vec<_>>());
    assert_eq!(numbers, (0..5_000).collect::<Vec<u32>>());
    let set = |identities: &[Identity]| identities.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(set(&read), set(&given.identities));
    assert_eq!(set(&read).len(), 5_000);
}

#[test]
fn a_merged_day_has_its_secrets_apart_and_no_row_group_around_them() {
    let staging = tempfile::tempdir().unwrap();
    let mut builder = RowBuilder::new();
    for number in 0..6_000_i64 {
        let mut event = event();
        event.event_time = number / 2;
        event.resource = Some(["pods", "secrets", "services"][number as usize / 2 % 3].into());
        event.audit_id = Some(format!("audit-{}", number / 2).into());
        event.stage = Some(["RequestReceived", "ResponseComplete"][number as usize % 2].into());
        let place = Place { source_uri: "file:///a.log", source_record: number, source_offset: 0 };
        builder.append(&event, &place, &Defaults::default());
    }
    let whole = write_into(&staging, &builder.finish()).remove(0).file.path;
    let mut number = 0;
    let mut name = || {
        number += 1;
        format!("merged-{number}.parquet")
    };
    let limits = MergeLimits { batch_rows: 100, file_bytes: u64::MAX };
    let merged = merge_day(&[whole], staging.path(), &mut name, limits).unwrap();
    let told: Vec<_> = merged
        .iter()
        .map(|file| {
            let metadata = metadata(&file.path);
            let groups = metadata.row_groups().iter().map(|group| {
                let resource = group.column(position("resource")).statistics().unwrap();
                let bound = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
                [bound(resource.min_bytes_opt()), bound(resource.max_bytes_opt())]
            });
            (file.part.unwrap(), file.rows, groups.collect::<Vec<_>>())
        })
        .collect();
    let group = |resource: &str| [resource.to_owned(), resource.to_owned()];
    assert_eq!(
        told,
        [
            (Part::Rest, 4_000, vec![group("pods"), group("services")]),
            (Part::SecretRequests, 1_000, vec![group("secrets")]),
            (Part::SecretsSuperseded, 1_000, vec![group("secrets")]),
        ]
    );
}

#[test]
fn a_rewrite_leaves_out_the_dropped_rows_only() {
    let staging = TempDir::new().unwrap();
    let file = write_one(&staging, 3_000);
    let dropped = [0, 1_023, 1_024, 2_999];
    let copy = rewrite_without(&file.path, &dropped, &staging.path().join("copy.parquet")).unwrap();
    let kept: Vec<usize> = (0..3_000).filter(|row| !dropped.contains(&(*row as u32))).collect();
    let all = order_of_owned(&read(&file.path));
    assert_eq!(
        order_of_owned(&read(&copy.path)),
        kept.iter().map(|&row| all[row].clone()).collect::<Vec<_>>()
    );
    assert_eq!((copy.rows, &copy.event_date), (2_996, &file.event_date));
    assert_eq!(metadata(&copy.path).row_groups().len(), 1);
}

fn order_of_owned(batch: &RecordBatch) -> Vec<String> {
    order_of(batch).into_iter().map(|row| format!("{row:?}")).collect()
}

#[test]
fn a_rewrite_that_drops_nothing_gives_the_same_rows() {
    let staging = TempDir::new().unwrap();
    let file = write_one(&staging, 24_000);
    let copy = rewrite_without(&file.path, &[], &staging.path().join("copy.parquet")).unwrap();
    assert_eq!(read(&copy.path), read(&file.path));
    let groups = |path| metadata(path).row_groups().iter().map(|group| group.num_rows()).collect::<Vec<_>>();
    assert_eq!(groups(&copy.path), groups(&file.path));
}

#[test]
fn a_rewrite_may_leave_no_rows() {
    let staging = TempDir::new().unwrap();
    let file = write_one(&staging, 3);
    let copy = rewrite_without(&file.path, &[0, 1, 2], &staging.path().join("copy.parquet")).unwrap();
    assert_eq!((copy.rows, &copy.event_date), (0, &file.event_date));
    let again = rewrite_without(&copy.path, &[], &staging.path().join("again.parquet"));
    assert!(matches!(again, Err(LakeError::NoRows { .. })));
}

#[test]
fn a_file_that_is_no_lake_file_is_named() {
    let staging = TempDir::new().unwrap();
    let path = staging.path().join("x.parquet");
    fs::write(&path, "PAR1 but not really PAR1").unwrap();
    let error = Reader::all_columns(&path).err().unwrap();
    assert!(matches!(error, LakeError::ReadParquet { .. }), "{error:?}");
    assert!(error.to_string().contains("x.parquet"), "{error}");
    let missing = Reader::all_columns(&staging.path().join("y.parquet")).err().unwrap();
    assert!(matches!(missing, LakeError::Io { action: "open", .. }), "{missing:?}");
}

#[test]
fn the_layout_is_as_documented() {
    let staging = TempDir::new().unwrap();
    let file = write_one(&staging, ROW_GROUP_ROWS * 3 + 100);
    let metadata = metadata(&file.path);
    let groups: Vec<i64> = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [16_384, 16_384, 16_484]);

    let about = metadata.file_metadata();
    assert_eq!(about.version(), 1);
    let created_by = about.created_by().unwrap();
    assert_eq!(created_by, concat!("kubetrawl version ", env!("CARGO_PKG_VERSION")));
    let keys = about.key_value_metadata().map_or(0, Vec::len);
    assert_eq!(keys, 0, "an ARROW:schema key breaks other readers");

    let group = metadata.row_group(0);
    let sorting: Vec<(i32, bool, bool)> = group
        .sorting_columns()
        .unwrap()
        .iter()
        .map(|column| (column.column_idx, column.descending, column.nulls_first))
        .collect();
    assert_eq!(sorting, SORTED_BY.map(|name| (position(name) as i32, false, true)));

    for chunk in group.columns() {
        let name = chunk.column_path().string();
        let small = chunk.uncompressed_size() < 1_000 && chunk.compression() == Compression::UNCOMPRESSED;
        assert!(small || matches!(chunk.compression(), Compression::ZSTD(_)), "{name}");
        assert!(chunk.offset_index_offset().is_some(), "{name}");
        let bloom = BLOOM_FILTERS.contains(&name.as_str());
        assert_eq!(chunk.bloom_filter_offset().is_some(), bloom, "{name}");
    }
    let chunk = |name: &str| group.column(position(name));
    let encodings = |name: &str| chunk(name).encodings().collect::<Vec<_>>();
    assert!(!encodings("event_time").contains(&Encoding::DELTA_BINARY_PACKED));
    assert!(encodings("source_record").contains(&Encoding::DELTA_BINARY_PACKED));
    assert!(encodings("username").contains(&Encoding::RLE_DICTIONARY));
    assert!(!encodings("audit_id").contains(&Encoding::RLE_DICTIONARY));
    assert!(encodings("audit_id").contains(&Encoding::DELTA_BYTE_ARRAY));
    assert!(!encodings("request_object").contains(&Encoding::RLE_DICTIONARY));
    for (name, chunk_level, page_level) in
        [("username", true, true), ("cluster", true, false), ("request_object", false, false)]
    {
        assert_eq!(chunk(name).statistics().is_some(), chunk_level, "{name}");
        assert_eq!(chunk(name).column_index_offset().is_some(), page_level, "{name}");
    }
}

#[test]
fn the_parquet_schema_is_the_contract() {
    let staging = TempDir::new().unwrap();
    let file = write_one(&staging, 10);
    let metadata = metadata(&file.path);
    let schema = metadata.file_metadata().schema_descr();
    let names: Vec<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());

    let leaf = |name: &str| schema.column(position(name));
    for name in ["event_time", "stage_time"] {
        let expected = LogicalType::timestamp(false, TimeUnit::MICROS);
        assert_eq!(leaf(name).logical_type_ref(), Some(&expected), "{name}");
    }
    assert_eq!(leaf("username").logical_type_ref(), Some(&LogicalType::String));
    assert_eq!(leaf("user_groups").path().string(), "user_groups.list.element");
    assert_eq!(leaf("response_code").physical_type(), Type::INT32);
    assert_eq!(leaf("source_offset").physical_type(), Type::INT64);
    assert_eq!(leaf("truncated").physical_type(), Type::BOOLEAN);
    for column in COLUMNS.iter().filter(|column| column.column_type != ColumnType::VarcharList) {
        let optional = leaf(column.name).self_type().is_optional();
        assert_eq!(optional, column.nullable, "{}", column.name);
    }
}
