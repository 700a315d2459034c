//! Where there are no process groups: the program alone is killed.

use std::{
    io,
    process::{Child, Command},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::Ended;

/// A shell for the line.
pub fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", line]);
    command
}

/// A process.
#[derive(Debug)]
pub struct Group {
    child: Arc<Mutex<Child>>,
}

impl Group {
    /// Starts it; `told` is called when it has ended.
    pub fn spawn(
        command: &mut Command,
        told: impl FnOnce(Ended) + Send + 'static,
    ) -> io::Result<Group> {
        let child = Arc::new(Mutex::new(command.spawn()?));
        let group = Group {
            child: child.clone(),
        };
        let waiting = move || {
            loop {
                let status = child
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .try_wait();
                match status {
                    Ok(None) => thread::sleep(Duration::from_millis(20)),
                    Ok(Some(status)) => {
                        let (code, signal) = (status.code(), None);
                        return told(Ended { code, signal });
                    }
                    Err(_) => {
                        return told(Ended {
                            code: None,
                            signal: None,
                        });
                    }
                }
            }
        };
        match thread::Builder::new().name("wait".into()).spawn(waiting) {
            Ok(_) => Ok(group),
            Err(error) => {
                group.kill();
                Err(error)
            }
        }
    }

    /// There is no asking it.
    pub fn terminate(&self) {
        self.kill();
    }

    /// Kills it.
    pub fn kill(&self) {
        // It fails where it has ended already.
        let _ = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .kill();
    }

    /// Nothing is left of it.
    pub fn bury(&self) {}
}

/// There are no signals.
pub fn signal(_: i32) -> Option<&'static str> {
    None
}
