//! The target for cargo-fuzz: `CCCD_FUZZ_BODY=dg13 cargo +nightly fuzz run body`. Without the variable all bodies get
//! every input.
#![no_main]

use std::sync::OnceLock;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static ONLY: OnceLock<Option<String>> = OnceLock::new();
    let only = ONLY.get_or_init(|| std::env::var("CCCD_FUZZ_BODY").ok());
    for body in cccd_fuzz::bodies() {
        if only.as_deref().is_none_or(|name| name == body.name) {
            (body.run)(data);
        }
    }
});
