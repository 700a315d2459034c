//! `Dockerfile`: there is no engine here that builds it, so its steps are read, and what a shell can do of them is done.

use std::{fs, process::Command};

const DOCKERFILE: &str = include_str!("../../Dockerfile");

/// Instructions with their words.
fn instructions() -> Vec<(&'static str, &'static str)> {
    let lines = DOCKERFILE.lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').expect("an instruction"))
        .collect()
}

fn bash(script: &str, check: bool) {
    let flag = if check { "-nec" } else { "-ec" };
    let done = Command::new("bash")
        .args([flag, script])
        .output()
        .expect("bash starts");
    assert!(
        done.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn the_image_has_the_program_certificates_and_nothing_else() {
    let instructions = instructions();
    let stages: Vec<_> = instructions
        .iter()
        .filter(|(name, _)| *name == "FROM")
        .collect();
    assert_eq!(
        stages,
        [&("FROM", "rust:1-alpine AS build"), &("FROM", "scratch")]
    );
    let known = ["FROM", "RUN", "WORKDIR", "COPY", "ENV", "ENTRYPOINT", "CMD"];
    assert!(instructions.iter().all(|(name, _)| known.contains(name)));
    let last = instructions
        .iter()
        .rposition(|(name, _)| *name == "FROM")
        .expect("a stage");
    let copies: Vec<_> = instructions[last..]
        .iter()
        .filter(|(name, _)| *name == "COPY")
        .collect();
    assert_eq!(copies, [&("COPY", "--from=build /image/ /")]);

    let runs: Vec<_> = instructions
        .iter()
        .filter(|(name, _)| *name == "RUN")
        .map(|(_, script)| *script)
        .collect();
    let [packages, build, install] = runs[..] else {
        panic!("{runs:?}")
    };
    runs.iter().for_each(|script| bash(script, true));
    assert!(packages.starts_with("apk add --no-cache ") && packages.contains("ca-certificates"));
    // The last of these says that the program is called so; the folder is that of the release profile.
    assert!(
        build.starts_with("cargo build --release --locked ") && build.ends_with("--bin wsspec")
    );

    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().display().to_string();
    fs::create_dir_all(folder.path().join("target/release")).expect("a folder");
    fs::copy(
        env!("CARGO_BIN_EXE_wsspec"),
        folder.path().join("target/release/wsspec"),
    )
    .expect("the program");
    fs::write(folder.path().join("ca-certificates.crt"), "certificates").expect("a file");
    let here = install.replace("/image", &format!("{at}/image")).replace(
        " /etc/ssl/certs/ca-certificates.crt",
        &format!(" {at}/ca-certificates.crt"),
    );
    bash(&format!("cd {at}; {here}"), false);
    let certificates = DOCKERFILE
        .split("SSL_CERT_FILE=")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    for file in [certificates.expect("a file"), "/wsspec", "/tmp", "/work"] {
        assert!(
            folder.path().join("image").join(&file[1..]).exists(),
            "{file}"
        );
    }
    let entry = instructions.iter().find(|(name, _)| *name == "ENTRYPOINT");
    assert_eq!(entry.map(|(_, words)| *words), Some(r#"["/wsspec"]"#));
    let version = Command::new(folder.path().join("image/wsspec"))
        .arg("--version")
        .output();
    let version = version.expect("it starts").stdout;
    assert_eq!(
        String::from_utf8_lossy(&version),
        concat!("wsspec ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
