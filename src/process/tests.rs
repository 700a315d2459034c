use super::*;

/// An upper bound that no test comes near, unless it is to fail.
const LONG: Duration = Duration::from_secs(60);

fn start(line: &str, says: Option<&str>) -> (Process, Output) {
    let output = Output::temporary().expect("a file");
    let launch = Launch {
        env: Vec::new(),
        line: line.into(),
        says: says.map(str::to_owned),
    };
    (Process::start(&launch, &output).expect("a shell"), output)
}

fn code(code: i32) -> Ended {
    Ended {
        code: Some(code),
        signal: None,
    }
}

fn signal(signal: i32) -> Ended {
    Ended {
        code: None,
        signal: Some(signal),
    }
}

/// Whether a process is there; a zombie is not.
#[cfg(target_os = "linux")]
fn runs(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

#[tokio::test]
async fn tells_how_a_program_ended_and_what_it_said() {
    let (process, output) = start("echo one; echo two >&2; exit 3", None);
    assert_eq!(process.ended().await, code(3));
    let stopped = process.stop(LONG).await;
    assert_eq!(stopped.ended, Some(code(3)));
    assert_eq!(stopped.last_lines, ["one", "two"]);
    let text = std::fs::read_to_string(output.path()).expect("the file");
    assert_eq!(text, "one\ntwo\n");

    let (process, _output) = start("kill -ABRT $$", None);
    let ended = process.ended().await;
    assert_eq!(ended, signal(6));
    assert_eq!(ended.to_string(), "killed by signal 6, SIGABRT");
    assert_eq!(
        code(139).to_string(),
        "exit status 139, as a shell tells of SIGSEGV"
    );
    assert_eq!(code(1).to_string(), "exit status 1");
}

#[tokio::test]
async fn waits_for_a_line_or_a_port() {
    let (process, _output) = start(
        "echo begins; echo it listens on 80; exec sleep 1000",
        Some("listens on *"),
    );
    assert_eq!(process.ready(&Ready::Line, LONG).await, Ok(()));
    assert_eq!(process.has_ended(), None);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let port = Ready::Port(vec![address]);
    assert_eq!(process.ready(&port, LONG).await, Ok(()));
    drop(listener);
    let short = Duration::from_millis(50);
    assert_eq!(
        process.ready(&port, short).await,
        Err(NotReady::Port(vec![address], short))
    );
    process.stop(LONG).await;

    let (process, _output) = start("exec sleep 1000", Some("never"));
    let late = process.ready(&Ready::Line, short).await;
    assert_eq!(late, Err(NotReady::Line("never".into(), short)));
    assert_eq!(
        late.map_err(|error| error.to_string()),
        Err("it printed no line like `never` within 50ms".to_owned())
    );

    let (process, _output) = start("exit 7", Some("never"));
    let ended = process.ready(&Ready::Line, LONG).await;
    assert_eq!(ended, Err(NotReady::Ended(code(7))));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_of_the_group_is_left() {
    // A child that heeds no SIGTERM, and a shell that does; then a shell that has ended and left a child behind.
    for line in [
        "(trap '' TERM; echo child $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done) & wait",
        "sleep 1000 & echo child $!",
    ] {
        for dropped in [false, true] {
            let (process, _output) = start(line, Some("child *"));
            let ready = process.ready(&Ready::Line, LONG).await;
            // The shell of the second line may have ended first.
            assert!(
                matches!(ready, Ok(()) | Err(NotReady::Ended(_))),
                "{ready:?}"
            );
            process.once(|state| state.said).await;
            let lines = process.last_lines(1);
            let child = lines[0].rsplit(' ').next().expect("a number").to_owned();
            match dropped {
                true => drop(process),
                false => drop(process.stop(Duration::from_millis(100)).await),
            }
            // SIGKILL is on its way to it: it ends soon, unless it was forgotten.
            let begun = std::time::Instant::now();
            while runs(&child) {
                assert!(begun.elapsed() < LONG, "{line}: {child} still runs");
                std::thread::yield_now();
            }
        }
    }
}

#[tokio::test]
async fn one_that_is_asked_may_take_its_time() {
    let line = "trap 'echo bye; exit 5' TERM; echo ready; while :; do :; done";
    let (process, _output) = start(line, Some("ready"));
    assert_eq!(process.ready(&Ready::Line, LONG).await, Ok(()));
    let stopped = process.stop(LONG).await;
    assert_eq!(stopped.ended, Some(code(5)));
    assert_eq!(stopped.last_lines, ["ready", "bye"]);
}

#[tokio::test]
async fn a_free_port_is_free() {
    let port = free_port().expect("a port");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    assert!(port > 0 && !listens(&[address]).await);
}
