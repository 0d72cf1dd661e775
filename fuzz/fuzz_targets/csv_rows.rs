#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kubetrawl_fuzz::csv_rows::check(data));
