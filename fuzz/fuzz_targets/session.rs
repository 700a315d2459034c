#![no_main]
libfuzzer_sys::fuzz_target!(|input: wsspec::fuzz::Dialogue| wsspec::fuzz::session(&input));
