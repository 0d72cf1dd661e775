//! How Parquet files are laid out, and why.

use std::sync::{Arc, LazyLock};

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::normalize::schema::position;

/// The order of rows in a file, ascending with nulls first: a hunt reads few row groups of a day
/// (`resource = 'secrets'` and three verbs), and of those only a user's.
pub const SORTED_BY: [&str; 6] =
    ["resource", "verb", "username", "event_time", "source_uri", "source_record"];

/// Rows per row group. DuckDB skips row groups, not pages: the smaller they are, the less it reads.
pub const ROW_GROUP_ROWS: usize = 16_384;

/// The same in merged files, whose footers are read by every hunt: of 20 million rows they took 0.15 s of it in smaller ones.
pub const MERGED_ROW_GROUP_ROWS: usize = 65_536;

/// Compressed bytes per row group, for records with large bodies: bounds the memory of writing.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// Rows and bytes per page, for engines that skip pages within a row group.
const PAGE_ROWS: usize = 4_096;
const PAGE_BYTES: usize = 256 << 10;

/// A column whose distinct values need more is stored plain from there on.
const DICTIONARY_BYTES: usize = 256 << 10;

/// Of zstd. On 200,000 simulated rows, 3 took 30% more time to write and saved nothing.
const COMPRESSION_LEVEL: i32 = 1;

/// Objects as they were sent and answered. Much of one is in others too, of which more are found on larger pages
/// and on a higher level: of 96 MB, 1.5 MB are left instead of 3.8, for 0.09 s more.
const BODIES: [&str; 2] = ["request_object", "response_object"];
const BODY_PAGE_BYTES: usize = 1 << 20;
const BODY_COMPRESSION_LEVEL: i32 = 5;

/// Columns with a bloom filter, for equality filters that the sort order does not serve.
pub const BLOOM_FILTERS: [&str; 2] = ["username", "audit_id"];
/// Filters are as long as a power of two. For the distinct values of a full row group 16 KiB are enough at this rate;
/// 0.01 asks for 32, of which a row group of ids is then a tenth.
const BLOOM_FALSE_POSITIVES: f64 = 0.03;

/// Columns in which hardly a value repeats within a row group: a dictionary would cost time and
/// be given up.
const WITHOUT_DICTIONARY: [&str; 8] = [
    "event_time",
    "stage_time",
    "source_record",
    "source_offset",
    "audit_id",
    "record_id",
    "request_object",
    "response_object",
];

/// Numbers of records, which lie close to their neighbours' as often as not. Of times, the stages of a request have
/// the same one and its neighbours are far: plain and compressed they take two thirds of what differences do.
const DELTA_ENCODED: [&str; 2] = ["source_record", "source_offset"];

/// Ids, which the stages of a request share and nothing else.
const DELTA_STRINGS: [&str; 2] = ["audit_id", "record_id"];

/// Columns with statistics for each page too.
const PAGE_STATISTICS: [&str; 8] =
    ["event_time", "verb", "resource", "subresource", "namespace", "name", "username", "response_code"];

/// Columns whose smallest and largest value say nothing about a row group: ids, free text, JSON, and
/// lists, which no engine skips by. Comparing each value would take a tenth of the writing.
const WITHOUT_STATISTICS: [&str; 14] = [
    "audit_id",
    "record_id",
    "request_uri",
    "user_agent",
    "user_uid",
    "user_groups.list.element",
    "user_extra",
    "impersonated_groups.list.element",
    "source_ips.list.element",
    "response_status",
    "authz_reason",
    "annotations",
    "request_object",
    "response_object",
];

/// The properties of every Parquet file of a lake.
pub(super) fn properties() -> WriterPropertiesPtr {
    static PROPERTIES: LazyLock<WriterPropertiesPtr> = LazyLock::new(|| Arc::new(build()));
    Arc::clone(&PROPERTIES)
}

/// Those of files that were merged from others.
pub(super) fn merged() -> WriterPropertiesPtr {
    static PROPERTIES: LazyLock<WriterPropertiesPtr> = LazyLock::new(|| {
        let properties = properties().as_ref().clone().into_builder();
        Arc::new(properties.set_max_row_group_row_count(Some(MERGED_ROW_GROUP_ROWS)).build())
    });
    Arc::clone(&PROPERTIES)
}

/// Bytes of a usual page of a column.
pub fn page_bytes(column: &ColumnPath) -> usize {
    properties().column_data_page_size_limit(column)
}

fn build() -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("kubetrawl version ", env!("CARGO_PKG_VERSION")).to_owned())
        // Version 2 pages are not read by every engine.
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(zstd(COMPRESSION_LEVEL))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(SORTED_BY.map(sorting_column).to_vec()));
    for name in WITHOUT_DICTIONARY {
        builder = builder.set_column_dictionary_enabled(path(name), false);
    }
    for name in BODIES {
        builder = builder
            .set_column_compression(path(name), zstd(BODY_COMPRESSION_LEVEL))
            .set_column_data_page_size_limit(path(name), BODY_PAGE_BYTES);
    }
    for name in DELTA_ENCODED {
        builder = builder.set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in DELTA_STRINGS {
        builder = builder.set_column_encoding(path(name), Encoding::DELTA_BYTE_ARRAY);
    }
    for name in PAGE_STATISTICS {
        builder = builder.set_column_statistics_enabled(path(name), EnabledStatistics::Page);
    }
    for name in WITHOUT_STATISTICS {
        builder = builder.set_column_statistics_enabled(path(name), EnabledStatistics::None);
    }
    for name in BLOOM_FILTERS {
        builder = builder
            .set_column_bloom_filter_enabled(path(name), true)
            .set_column_bloom_filter_fpp(path(name), BLOOM_FALSE_POSITIVES);
    }
    builder.build()
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}

fn path(leaf: &str) -> ColumnPath {
    ColumnPath::new(leaf.split('.').map(str::to_owned).collect())
}

/// A list has one leaf like every other column, so leaves are numbered as columns are.
fn sorting_column(name: &str) -> SortingColumn {
    SortingColumn { column_idx: position(name) as i32, descending: false, nulls_first: true }
}
