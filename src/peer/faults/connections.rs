//! Clients whose defect no single connection shows (RFC 6455, sections 4.1 and 5.3).

use super::{Act::*, Fault, client};

pub(super) static FAULTS: &[Fault] = &[
    client(
        "asks-with-same-key-each-time",
        "6455-4.1-27",
        "Sends one and the same key on each connection.",
        &[Ask(|draft, _| {
            draft.set("Sec-WebSocket-Key", "c2FtZSBlYWNoIHRpbWUhIQ==");
        })],
    ),
    client(
        "asks-with-counted-key",
        "6455-4.1-27",
        "Counts up from the key of one connection to that of the next.",
        &[Ask(|draft, _| {
            use std::sync::atomic::{AtomicU64, Ordering};
            static COUNT: AtomicU64 = AtomicU64::new(1);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let key = u128::from(count).to_be_bytes();
            draft.set("Sec-WebSocket-Key", data_encoding::BASE64.encode(&key));
        })],
    ),
    client(
        "masks-alike-each-time",
        "6455-5.3-2",
        "Masks with the same keys in the same order on each connection.",
        &[Ask(|_, state| state.rng = fastrand::Rng::with_seed(1))],
    ),
];
