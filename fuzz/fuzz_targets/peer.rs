#![no_main]
libfuzzer_sys::fuzz_target!(|input: wsspec::fuzz::Visit| wsspec::fuzz::peer(&input));
