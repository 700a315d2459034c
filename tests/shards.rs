//! A run divided among machines is the same run.
#![cfg(unix)]

mod common;

use common::*;
use wsspec::report::Report;

#[test]
fn two_shards_merged_equal_the_whole_run() {
    let server = ws(reference(Some("ignores-empty-pings")));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let known = file("known.txt");
    let lines =
        "control/ping/length[0] fail # known\nutf8/valid pass # of course\nlimits fail # not run\n";
    std::fs::write(&known, lines).expect("a file");
    let run = |name: &str, more: &[&str]| {
        let (file, words) = (
            file(name),
            [
                "server",
                &server,
                "control",
                "utf8",
                "handshake",
                "--known",
                &known,
            ],
        );
        let report = format!("json={file}");
        let ran = ran(&[&words[..], more, &["--report", &report]].concat());
        assert!(matches!(ran.code, Some(0 | 1)), "{}{}", ran.out, ran.err);
        file
    };
    let whole = run("whole.json", &[]);
    let shards = [
        run("one.json", &["--shard", "1/2"]),
        run("two.json", &["--shard", "2/2"]),
    ];
    let report = format!("json={}", file("merged.json"));
    // The order of the files does not matter.
    let merged = ran(&[
        "report", "--merge", &shards[1], &shards[0], "--gate", "--report", &report,
    ]);
    assert_eq!(merged.code, Some(1), "{}{}", merged.out, merged.err);
    let text = |file: &str| {
        let mut report = Report::read(file.as_ref()).expect("a report");
        report.measured = Default::default();
        report.to_json()
    };
    let (whole, merged) = (text(&whole), text(&file("merged.json")));
    assert!(whole.contains("control/ping/length[0]") && whole.contains("known.txt:1"));
    if let Some((a, b)) = whole.lines().zip(merged.lines()).find(|(a, b)| a != b) {
        panic!("the whole says\n{a}\nand the shards\n{b}");
    }
    assert_eq!(whole.len(), merged.len());

    let one = ran(&["report", "--merge", &shards[0]]);
    assert_eq!(one.code, Some(2));
    assert!(one.err.contains("shard 2 of 2 is missing"), "{}", one.err);
    for wrong in ["0/2", "3/2", "2"] {
        let ran = ran(&["server", &server, "--shard", wrong]);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains("K/N"), "{}", ran.err);
    }
}
