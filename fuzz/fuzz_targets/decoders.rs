#![no_main]
libfuzzer_sys::fuzz_target!(|input: wsspec::fuzz::Stream| wsspec_fuzz::decoders(&input));
