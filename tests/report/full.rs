//! A disk that takes no more: the results of a run are told and kept.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use wsspec::report::Report;

/// One case against the built-in server, with this folder for temporary files: exit code, standard output, standard error.
fn ran(folder: &Path, report: &[&str], out: Stdio) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsspec"));
    command
        .args(["server", "control/ping/length[1]"])
        .env("TMPDIR", folder)
        .current_dir("/sys");
    for report in report {
        command.args(["--report", report]);
    }
    let done = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(Stdio::piped())
        .spawn();
    let done = done
        .and_then(|child| child.wait_with_output())
        .expect("the program runs");
    let text = |octets| String::from_utf8(octets).expect("it writes UTF-8");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

/// The report in the only file of the folder, which the error names.
fn kept(folder: &Path, err: &str) -> Report {
    let files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    let [file] = &files[..] else {
        panic!("{files:?} {err}")
    };
    assert!(
        err.contains(&format!("the whole report is in `{}`", file.display())),
        "{err}"
    );
    Report::read(file).expect("a report")
}

#[test]
fn results_that_do_not_fit_are_kept_in_a_temporary_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, err) = ran(folder.path(), &["json=/dev/full"], Stdio::piped());
    assert_eq!(code, Some(2), "{err}");
    assert!(out.contains("1 pass"), "{out}");
    assert!(
        err.contains("the report (json in `/dev/full`) could not be written: No space left"),
        "{err}"
    );
    assert_eq!(kept(folder.path(), &err).summary.verdicts.pass, 1);
}

#[test]
fn results_are_kept_when_standard_output_is_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let full = OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("it is there");
    let (code, _, err) = ran(folder.path(), &[], full.into());
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("the report (table on standard output) could not be written: No space left"),
        "{err}"
    );
    assert_eq!(kept(folder.path(), &err).summary.verdicts.pass, 1);
}

#[test]
fn results_that_no_folder_takes_stand_behind_the_table() {
    let (code, out, err) = ran(
        Path::new("/none/at/all"),
        &["json=/dev/full"],
        Stdio::piped(),
    );
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("the whole report is on standard output, as JSON"),
        "{err}"
    );
    let (_, json) = out.split_once("\n{").expect("JSON");
    let report = Report::from_json(format!("{{{json}").as_bytes()).expect("a report");
    assert_eq!(report.summary.verdicts.pass, 1);

    let (code, out, err) = ran(
        Path::new("/none/at/all"),
        &["json=/dev/full", "tap"],
        Stdio::piped(),
    );
    assert_eq!((code, out.lines().count()), (Some(2), 4), "{out}");
    assert!(
        err.contains("the results are nowhere else: mend that and run again"),
        "{err}"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, err) = ran(folder.path(), &["json=/none/at/all.json"], Stdio::piped());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("cannot write the report to `/none/at/all.json`"),
        "{err}"
    );
}
