#![no_main]
libfuzzer_sys::fuzz_target!(|input: wsspec::fuzz::Script| wsspec_fuzz::messages(&input));
