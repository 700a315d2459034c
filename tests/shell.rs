//! What a shell and a reader of manual pages get: checked by the shells and by mandoc, where they are there.

mod common;

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use common::ran;

/// Hands a text to a program, where it is there, and gives what it says; it has to end with 0.
fn checked(text: &str, program: &str, args: &[&str]) -> Option<String> {
    let child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.ok()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let done = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
    Some(said.into_owned())
}

#[test]
fn shells_take_the_completions() {
    for (shell, check) in [
        ("bash", "-n"),
        ("zsh", "-n"),
        ("fish", "--no-execute"),
        ("elvish", "-compileonly"),
        ("powershell", ""),
    ] {
        let script = ran(&["completions", shell]);
        assert_eq!(script.code, Some(0), "{}", script.err);
        for word in ["server", "client", "report", "exclude"] {
            assert!(script.out.contains(word), "{shell}: {word}");
        }
        if !check.is_empty() {
            checked(&script.out, shell, &[check]);
        }
    }
    assert_eq!(ran(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn bash_completes() {
    let script = ran(&["completions", "bash"]).out;
    let asks = r#"
        COMP_WORDS=(wsspec se) COMP_CWORD=1; _wsspec wsspec se wsspec; echo "${COMPREPLY[*]}"
        COMP_WORDS=(wsspec server --exc) COMP_CWORD=2; _wsspec wsspec --exc server; echo "${COMPREPLY[*]}"
    "#;
    let Some(said) = checked(&format!("{script}\n{asks}"), "bash", &["-s"]) else {
        return;
    };
    assert_eq!(said, "server\n--exclude\n");
}

#[test]
fn manual_pages_are_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("man1");
    let done = ran(&["man", "--dir", &dir.display().to_string()]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), ""),
        "{}",
        done.err
    );
    let mut pages = 0;
    for page in fs::read_dir(&dir).expect("the folder") {
        let path = page.expect("a page").path();
        let text = fs::read_to_string(&path).expect("a page");
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name");
        let title = format!(".TH {name} 1 \"\" \"wsspec {}\"", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&title), "{title}: {text:.200}");
        // The same page on standard output.
        let one = match name.strip_prefix("wsspec-") {
            Some(command) => ran(&["man", command]).out,
            None => ran(&["man"]).out,
        };
        assert!(one == text, "{name}");
        checked(&text, "mandoc", &["-T", "lint", "-W", "error"]);
        pages += 1;
    }
    assert!(pages > 9, "{pages}");
    let wrong = ran(&["man", "no-such"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong
            .err
            .contains("there is no command `no-such`; there are list, "),
        "{}",
        wrong.err
    );
}
