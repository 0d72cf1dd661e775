//! What must hold for any bytes, one check a file. A check panics where it does not hold.
//!
//! The fuzz targets feed them what libFuzzer finds, and `src/fuzz_tests.rs`, which is part of every test run, the seeds and
//! changes of them.

pub mod archives;
pub mod containers;
pub mod csv_rows;
pub mod cut;
pub mod decoder;
pub mod decompression;
pub mod framing;
pub mod redaction;
pub mod resource_name;
pub mod tables;

mod event;

/// A check of some bytes.
pub type Check = fn(&[u8]);

/// All of them, by the name of their target and of their folder of seeds.
pub const CHECKS: [(&str, Check); 10] = [
    ("archives", archives::check),
    ("containers", containers::check),
    ("csv_rows", csv_rows::check),
    ("cut", cut::check),
    ("decoder", decoder::check),
    ("decompression", decompression::check),
    ("framing", framing::check),
    ("redaction", redaction::check),
    ("resource_name", resource_name::check),
    ("tables", tables::check),
];
