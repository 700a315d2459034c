use super::*;

fn destination(text: String) -> Destination {
    text.parse().unwrap()
}

fn written(outputs: Outputs, text: &str) -> Result<(), WriteError> {
    outputs.write_all(|_, page| {
        assert_eq!(*page, Page::PIPE);
        text.to_owned()
    })
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn arguments() {
    let parse = |text: &str| text.parse::<Destination>().map(|d| (d.format.name, d.file));
    assert_eq!(parse("json"), Ok(("json", None)));
    assert_eq!(parse("table=-"), Ok(("table", None)));
    assert_eq!(
        parse("json=a=b.json"),
        Ok(("json", Some("a=b.json".into())))
    );
    assert_eq!(parse("json="), Err(ParseError::NoFile("json")));
    let told = parse("jsn=x").unwrap_err().to_string();
    assert!(
        told.starts_with("there is no format `jsn`; there are `json`, `table`"),
        "{told}"
    );
    assert_eq!(Destination::table().format.name, "table");
}

#[test]
fn a_report_takes_its_place_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json");
    fs::write(&file, "old").unwrap();
    let argument = || vec![destination(format!("json={}", file.display()))];

    let broken_off = Outputs::open(argument()).unwrap();
    assert_eq!(names_in(folder.path()).len(), 2);
    assert_eq!(fs::read(&file).unwrap(), b"old");
    drop(broken_off);
    assert_eq!(
        (names_in(folder.path()), fs::read(&file).unwrap()),
        (vec!["run.json".into()], b"old".to_vec())
    );

    let outputs = Outputs::open(argument()).unwrap();
    assert!(!outputs.on_stdout());
    written(outputs, "new").unwrap();
    assert_eq!(
        (names_in(folder.path()), fs::read(&file).unwrap()),
        (vec!["run.json".into()], b"new".to_vec())
    );
}

#[test]
fn a_new_file_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.json");
    let outputs = Outputs::open(vec![destination(format!("json={}", file.display()))]).unwrap();
    assert!(!file.exists());
    written(outputs, "text").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        folder.path().join("none/run.json"),
        folder.path().to_owned(),
    ] {
        let told = Outputs::open(vec![destination(format!("json={}", file.display()))])
            .unwrap_err()
            .to_string();
        assert!(
            told.starts_with(&format!(
                "cannot write the report to `{}`: ",
                file.display()
            )),
            "{told}"
        );
    }
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn two_reports_in_one_place_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x").display().to_string();
    let twice = [
        format!("json={file}"),
        format!("table={}/./x", folder.path().display()),
    ];
    let told = Outputs::open(twice.map(destination).into())
        .unwrap_err()
        .to_string();
    assert!(told.starts_with("two reports would go to `"), "{told}");
    let twice = ["json", "table=-"].map(|text| destination(text.into()));
    let told = Outputs::open(twice.into()).unwrap_err().to_string();
    assert!(
        told.starts_with("two reports would go to standard output"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    written(
        Outputs::open(vec![destination(format!("json={}", link.display()))]).unwrap(),
        "new",
    )
    .unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_the_place_of_the_results() {
    let report =
        Report::from_json(include_bytes!("../../../tests/golden/report/report.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json").display().to_string();
    let full = || destination("table=/dev/full".into());
    let outputs = Outputs::open(vec![full(), destination(format!("json={file}"))]).unwrap();
    let told = outputs.write(&report).unwrap_err().to_string();
    assert!(
        told.starts_with("the report (table in `/dev/full`) could not be written: No space left"),
        "{told}"
    );
    assert!(
        told.ends_with(&format!("the results are still there as json in `{file}`")),
        "{told}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), report.to_json());

    // Nothing of it is JSON: the whole is kept in a file of its own.
    let csv = folder.path().join("run.csv").display().to_string();
    let outputs = Outputs::open(vec![full(), destination(format!("csv={csv}"))]).unwrap();
    let error = outputs.write(&report).unwrap_err();
    let Kept::File(kept) = &error.kept else {
        panic!("{error}")
    };
    let told = error.to_string();
    assert!(
        told.contains(&format!(
            "; written: csv in `{csv}`; the whole report is in `{}`",
            kept.display()
        )),
        "{told}"
    );
    assert_eq!(Report::read(kept).unwrap(), report);
    fs::remove_file(kept).unwrap();

    let told = written(Outputs::open(vec![full()]).unwrap(), "text")
        .unwrap_err()
        .to_string();
    assert!(
        told.ends_with("; the stored reports are as they were"),
        "{told}"
    );
    assert!(fs::metadata("/dev/full").is_ok_and(|m| !m.is_file()));
}
