//! The fuzz targets without a fuzzer: their seeds are what the catalogue gives, and hold; inputs that once did not, do.

#[allow(
    dead_code,
    reason = "it is the reports' own, and only its whole is used here"
)]
#[path = "../report/sample.rs"]
mod sample;

mod foreign;
#[allow(dead_code, reason = "it is a program too")]
mod own_decoder;
mod seeds;

use std::{collections::BTreeSet, fs, path::PathBuf};

use arbitrary::{Arbitrary, Unstructured};
use sha2::{Digest, Sha256};
use wsspec::{fuzz, report::Report};

/// A body, given octets as the target gives them to it.
type Body = fn(&[u8]);

/// All targets.
const TARGETS: [(&str, Body); 12] = [
    ("close", fuzz::close),
    ("decoders", |octets| made(octets, decoders)),
    ("frames", fuzz::frames),
    ("lists", fuzz::lists),
    ("messages", |octets| made(octets, messages)),
    ("notation", fuzz::notation),
    ("peer", |octets| made(octets, fuzz::peer)),
    ("report", fuzz::report),
    ("request", |octets| made(octets, fuzz::request)),
    ("response", |octets| made(octets, fuzz::response)),
    ("session", |octets| made(octets, fuzz::session)),
    ("utf8", |octets| made(octets, fuzz::utf8)),
];

fn made<T: for<'a> Arbitrary<'a>>(octets: &[u8], body: fn(&T)) {
    if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(octets)) {
        body(&input);
    }
}

fn decoders(stream: &fuzz::Stream) {
    fuzz::frames::agree("soketto", stream, foreign::soketto);
    fuzz::frames::agree("tungstenite", stream, foreign::tungstenite_headers);
    fuzz::frames::agree("one's own decoder", stream, own_decoder::read);
}

fn messages(script: &fuzz::Script) {
    fuzz::messages(script);
    fuzz::messages::agree("tungstenite", script, foreign::tungstenite);
    fuzz::messages::agree("fastwebsockets", script, foreign::fastwebsockets);
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files of a folder that may not be there: name and octets.
fn files(folder: PathBuf) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry of the folder").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (
                name.into_owned(),
                fs::read(&path).expect("a file of the folder"),
            )
        })
        .collect();
    files.sort();
    files
}

fn checked_in(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut seeds = files(folder(&format!("fuzz/corpus/{target}")));
    // A fuzzer that ran here has added files of its own.
    seeds.retain(|(name, _)| name.starts_with("seed-"));
    seeds
}

/// `cargo test` of a packaged crate has no folder `fuzz`.
fn is_packaged() -> bool {
    !folder("fuzz").exists()
}

#[test]
fn seeds_are_what_the_catalogue_gives() {
    if is_packaged() {
        return;
    }
    let made = seeds::seeds();
    let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite");
    let mut total = 0;
    for (target, _) in TARGETS {
        let made = &made[target];
        assert!(made.len() >= 5, "{target} has {} seeds", made.len());
        total += made.iter().map(Vec::len).sum::<usize>();
        if overwrite {
            let folder = folder(&format!("fuzz/corpus/{target}"));
            fs::create_dir_all(&folder).expect("the folder can be made");
            for (name, _) in checked_in(target) {
                fs::remove_file(folder.join(name)).expect("the folder can be written");
            }
            for seed in made {
                let digest: String = Sha256::digest(seed)[..6]
                    .iter()
                    .map(|octet| format!("{octet:02x}"))
                    .collect();
                fs::write(folder.join(format!("seed-{digest}")), seed)
                    .expect("the folder can be written");
            }
        }
        let there: BTreeSet<Vec<u8>> = checked_in(target)
            .into_iter()
            .map(|(_, seed)| seed)
            .collect();
        // A stored report of yesterday is as good a seed as one of today: it has to be one that is read.
        if target == "report" {
            assert!(there.iter().all(|octets| Report::from_json(octets).is_ok()));
            continue;
        }
        assert!(
            there == *made,
            "the seeds of {target} are not what the catalogue gives: `SNAPSHOTS=overwrite cargo test --test fuzz` makes them anew"
        );
    }
    assert!(total < 500_000, "{total} octets of seeds");
}

#[test]
fn seeds_hold() {
    for (target, body) in TARGETS {
        for (name, octets) in checked_in(target) {
            eprintln!("{target}: {name}");
            body(&octets);
        }
    }
}

#[test]
fn inputs_that_were_once_found_hold() {
    let mut ran = 0;
    for (target, body) in TARGETS {
        for (name, octets) in files(folder(&format!("tests/fuzz/found/{target}"))) {
            eprintln!("{target}: {name}");
            body(&octets);
            ran += 1;
        }
    }
    assert!(ran > 0, "there are none in tests/fuzz/found");
}
