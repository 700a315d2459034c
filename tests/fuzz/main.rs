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
        // A case that comes or goes, or a session that takes one turn less, moves a few; a catalogue that has moved on moves many.
        let stale = there.symmetric_difference(made).count();
        assert!(
            stale * 10 <= made.len(),
            "{stale} seeds of {target} are not what the catalogue gives, or not there: `SNAPSHOTS=overwrite cargo test --test fuzz` makes them anew"
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

/// The names of the targets as `cargo fuzz list` gives them.
fn listed() -> Vec<String> {
    let manifest = fs::read_to_string(folder("fuzz/Cargo.toml")).expect("the manifest");
    let sections = manifest.split("[[bin]]\nname = \"").skip(1);
    sections
        .filter_map(|section| Some(section.split_once('"')?.0.to_owned()))
        .collect()
}

#[test]
fn each_target_has_its_body_its_dictionary_and_its_line_in_the_documentation() {
    if is_packaged() {
        return;
    }
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed(), names);
    let readme = fs::read_to_string(folder("fuzz/README.md")).expect("the documentation");
    for name in names {
        assert!(
            readme.contains(&format!("`{name}`")),
            "{name} is not documented"
        );
        let source = fs::read_to_string(folder(&format!("fuzz/fuzz_targets/{name}.rs")));
        let source = source.expect("the target");
        assert!(
            source.contains(&format!("::{name}(")),
            "{name} calls something else"
        );
        let words = fs::read_to_string(folder(&format!("fuzz/dict/{name}.dict")));
        for line in words.expect("the dictionary").lines() {
            assert!(is_word(line), "{name}: {line}");
        }
    }
}

/// A line of a dictionary: a remark, or a quoted word with the escapes that libFuzzer reads.
fn is_word(line: &str) -> bool {
    let Some(word) = line
        .strip_prefix('"')
        .and_then(|line| line.strip_suffix('"'))
    else {
        return line.starts_with('#');
    };
    let mut rest = word;
    while let Some(next) = rest.chars().next() {
        rest = match next {
            '"' => return false,
            '\\' => match rest.as_bytes() {
                [_, b'\\' | b'"', ..] => &rest[2..],
                [_, b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    &rest[4..]
                }
                _ => return false,
            },
            ' '..='~' => &rest[1..],
            _ => return false,
        };
    }
    !word.is_empty()
}

#[test]
fn the_decoder_in_the_documentation_is_the_one_that_runs() {
    if is_packaged() {
        return;
    }
    let readme = fs::read_to_string(folder("fuzz/README.md")).expect("the documentation");
    let source = include_str!("own_decoder.rs");
    let begin = source
        .find("/// Reads with one's own decoder")
        .expect("the function");
    let end = source.find("fn main()").expect("the program");
    assert!(readme.contains(source[begin..end].trim()));
}

#[test]
fn bugs_that_are_planted_have_their_place() {
    if is_packaged() {
        return;
    }
    // The script ends when one has moved; what it does with them takes minutes.
    let checked = std::process::Command::new("python3")
        .args(["fuzz/plant", "--check"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let Ok(checked) = checked else {
        return eprintln!("no python3 here: not checked");
    };
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
