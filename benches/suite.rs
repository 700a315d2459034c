//! What a run costs: the whole catalogue against the reference server, and against an echo server on tokio-tungstenite in a process of its own.
//!
//! Goals: under 3 s of wall time and 64 MiB against the reference server; the suite's own processor time at most the target's.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Instant,
};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;

/// Processor time in seconds, and the most memory in MiB.
struct Cost {
    wall: f64,
    cpu: f64,
    memory: f64,
}

fn main() {
    if env::args().any(|word| word == "--serve") {
        return serve();
    }
    let rows = [
        ("reference server, in the same process", None),
        ("tokio-tungstenite", Some(target())),
    ];
    for (name, target) in rows {
        let url = target.as_ref().map(|(_, url)| url.as_str());
        let mut best: Option<Cost> = None;
        let mut of_target = f64::MAX;
        for _ in 0..5 {
            let before = target
                .as_ref()
                .map_or(0.0, |(child, _)| processor_time(child.id()));
            let cost = run(url);
            let after = target
                .as_ref()
                .map_or(0.0, |(child, _)| processor_time(child.id()));
            of_target = of_target.min(after - before);
            if best.as_ref().is_none_or(|best| cost.cpu < best.cpu) {
                best = Some(cost);
            }
        }
        let Cost { wall, cpu, memory } = best.expect("there were runs");
        print!("{name}: {wall:.2} s wall, {cpu:.2} s user+sys, {memory:.0} MiB at most");
        match url {
            Some(_) => println!("; the target took {of_target:.2} s user+sys"),
            None => println!(),
        }
        if let Some((mut child, _)) = target {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The echo server as a process of its own, and its URL.
fn target() -> (Child, String) {
    let mut child = Command::new(env::current_exe().expect("this program"))
        .arg("--serve")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut url = String::new();
    let out = child.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut url).expect("a line");
    (child, url.trim().to_owned())
}

/// The whole catalogue once.
#[expect(clippy::zombie_processes, reason = "wait4 waits for it")]
fn run(url: Option<&str>) -> Cost {
    let start = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_wsspec"))
        .arg("server")
        .args(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the suite starts");
    // SAFETY: plain data, filled in by the call; the child is ours and is waited for once.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(
            child.id() as libc::pid_t,
            std::ptr::null_mut(),
            0,
            &mut usage,
        );
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Cost {
        wall: start.elapsed().as_secs_f64(),
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        memory: usage.ru_maxrss as f64 / 1024.0,
    }
}

/// User and system time of a running process, from `/proc`.
fn processor_time(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    // SAFETY: asks for a constant.
    ticks / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64
}

fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("ws://{}", listener.local_addr().expect("bound"));
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let Ok(mut socket) = accept_async(stream).await else {
                    return;
                };
                while let Some(Ok(message)) = socket.next().await {
                    if (message.is_text() || message.is_binary())
                        && socket.send(message).await.is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
}
