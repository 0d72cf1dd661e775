#![no_main]

// Where the library panics on a garbled file, it is caught: a panic alone is no finding here.
libfuzzer_sys::fuzz_target!(init: drop(std::panic::take_hook()), |data: &[u8]| kubetrawl_fuzz::tables::check(data));
