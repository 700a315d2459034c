//! A process group of Unix.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command},
    sync::{Mutex, PoisonError},
    thread,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Ended;

/// A shell for the line, the first of a group of its own.
pub fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).process_group(0);
    command
}

/// A process group. Its first process stays a zombie until it is [buried](Group::bury), so that nobody else can come by its number.
#[derive(Debug)]
pub struct Group {
    /// The number of the first process, and so of the group.
    id: Pid,
    /// The first process; `None`: it is buried.
    first: Mutex<Option<Child>>,
}

impl Group {
    /// Starts it; `told` is called when the first process has ended.
    pub fn spawn(
        command: &mut Command,
        told: impl FnOnce(Ended) + Send + 'static,
    ) -> io::Result<Group> {
        let mut child = command.spawn()?;
        let id = Pid::from_child(&child);
        let waiting = thread::Builder::new().name("wait".into()).spawn(move || {
            told(wait(id));
        });
        if let Err(error) = waiting {
            let _ = kill_process_group(id, Signal::KILL);
            let _ = child.wait();
            return Err(error);
        }
        Ok(Group {
            id,
            first: Mutex::new(Some(child)),
        })
    }

    /// SIGTERM for all of them.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGKILL for all of them.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_some() {
            // It fails where all are gone already.
            let _ = kill_process_group(self.id, signal);
        }
    }

    /// Takes the exit status of the first process, which has been killed.
    pub fn bury(&self) {
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut first) = first {
            let _ = first.wait();
        }
    }
}

/// Waits for the end of the process without taking its status.
fn wait(id: Pid) -> Ended {
    let unknown = Ended {
        code: None,
        signal: None,
    };
    loop {
        match waitid(
            WaitId::Pid(id),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Ok(Some(status)) => {
                return Ended {
                    code: status.exit_status(),
                    signal: status.terminating_signal(),
                };
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return unknown,
        }
    }
}

/// What a signal is called.
pub fn signal(number: i32) -> Option<&'static str> {
    let named = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    let found = named.iter().find(|(signal, _)| signal.as_raw() == number);
    found.map(|(_, name)| *name)
}
