#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| wsspec_fuzz_bench::read(input, tungstenite::protocol::Role::Client));
