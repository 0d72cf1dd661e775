#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kubetrawl_fuzz::archives::check(data));
