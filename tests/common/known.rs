//! Reports of other people's implementations, held against what `reports/known` says of them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use wsspec::{
    case::Role,
    gate::known::{Date, Difference, Known, Run},
    report::Report,
};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The version of a package that these tests are built with.
pub fn locked(package: &str) -> String {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let entry = format!("\nname = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).expect("a locked package");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The report that a script has made, and its name: that of the implementation.
#[track_caller]
pub fn made() -> (String, Report) {
    let report = env::var("WSSPEC_REPORT").expect("WSSPEC_REPORT names a report");
    let report = Path::new(&report);
    let name = report.file_stem().expect("a file").to_string_lossy();
    let report = Report::read(report).unwrap_or_else(|error| panic!("{name}: {error}"));
    (name.into_owned(), report)
}

/// What differs from `reports/known/NAME.txt`, and what that file is called.
#[track_caller]
pub fn difference(name: &str, role: Role, report: &Report) -> (PathBuf, Difference) {
    let file = PathBuf::from(format!("reports/known/{name}.txt"));
    let known = Known::read(&file).unwrap_or_else(|error| panic!("{error}"));
    let run = Run {
        role,
        target: report.target.url.as_deref().unwrap_or_default(),
        name,
        today: Date::of(SystemTime::now()),
    };
    let cases = report.cases.iter();
    let results = cases.map(|case| (case.id.as_str(), case.verdict, case.reason.as_str()));
    let difference = known.compare(&run, results);
    (file, difference)
}
