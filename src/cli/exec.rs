//! A server that the suite starts: `--exec`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{Failure, tell, values};
use crate::{
    drive::Target,
    gate::Exit,
    process::{self, GRACE, Launch, Output, Ready, Ward},
};

/// The options of a server that the suite starts.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Starting the server")]
pub struct Exec {
    /// Start the server with this line, by `sh -c`, and end it and all that it started behind the run; `{port}` in it and in the URL is a free port, which it also finds as PORT in its environment
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,
    /// It is ready when it prints a line like this pattern [default: when its port takes connections]
    #[arg(long, value_name = "PATTERN", requires = "exec")]
    pub wait: Option<String>,
    /// How long it may take to be ready
    #[arg(long, value_name = "DURATION", value_parser = values::duration, default_value = TIMEOUT, requires = "exec")]
    pub wait_timeout: Duration,
    /// Keep what it prints in this file [default: a temporary one, which stays where the run is not green]
    #[arg(long, value_name = "FILE", requires = "exec")]
    pub exec_log: Option<PathBuf>,
}

const TIMEOUT: &str = "30s";
/// What stands for a free port.
pub const PORT: &str = "{port}";

/// A server that was started; it is killed with this value, however that goes.
#[derive(Debug)]
pub struct Started(pub Arc<Ward>);

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Exec {
    /// A free port, where one is asked for in the command or in the URL.
    ///
    /// # Errors
    /// There is none, or nobody would listen there.
    pub fn port(&self, url: Option<&str>) -> Result<Option<u16>, Failure> {
        let in_url = url.is_some_and(|url| url.contains(PORT));
        let Some(line) = &self.exec else {
            return match in_url {
                true => Err(Failure::usage(format!(
                    "`{PORT}` in a URL is for --exec, which starts the server at that port; write the port"
                ))),
                false => Ok(None),
            };
        };
        if url.is_none() {
            return Err(Failure::usage(format!(
                "--exec starts a server, and the URL says where it listens; add ws://127.0.0.1:{PORT}"
            )));
        }
        // A server may take its port from the environment instead.
        if line.contains(PORT) && !in_url {
            return Err(Failure::usage(format!(
                "`{PORT}` is in --exec, and not in the URL; both have to name the same port"
            )));
        }
        match in_url {
            true => process::free_port().map(Some).map_err(|error| {
                Failure::new(Exit::Unreached, format!("there is no free port: {error}"))
            }),
            false => Ok(None),
        }
    }

    /// What is to be started; `None`: nothing.
    ///
    /// # Errors
    /// Somebody else is there already, or its output cannot be kept.
    pub async fn ward(&self, target: &Target, port: Option<u16>) -> Result<Option<Ward>, Failure> {
        let Some(line) = &self.exec else {
            return Ok(None);
        };
        let host = target.host.to_string();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let found = tokio::net::lookup_host((host, target.port)).await;
        let addresses: Vec<_> = found
            .map_err(|error| {
                Failure::new(
                    Exit::Unreached,
                    format!("cannot find the address of {host}: {error}; check the name"),
                )
            })?
            .collect();
        if process::listens(&addresses).await {
            return Err(Failure::new(
                Exit::Unreached,
                format!(
                    "somebody listens at {host}:{} already, and it is not the server that --exec starts; end it, or write `{PORT}` for a free port, in --exec and in the URL",
                    target.port
                ),
            ));
        }
        let output = match &self.exec_log {
            Some(file) => Output::create(file),
            None => Output::temporary(),
        };
        let output = output.map_err(|error| {
            let file = self.exec_log.as_ref().map_or_else(
                || std::env::temp_dir().display().to_string(),
                |file| file.display().to_string(),
            );
            Failure::usage(format!(
                "cannot keep what the server prints in {file}: {error}; --exec-log names another file"
            ))
        })?;
        let launch = Launch {
            line: self.line(line, port),
            says: self.wait.clone(),
            env: port
                .map(|port| ("PORT".to_owned(), port.to_string()))
                .into_iter()
                .collect(),
        };
        let ready = match self.wait {
            Some(_) => Ready::Line,
            None => Ready::Port(addresses),
        };
        Ok(Some(Ward::new(launch, ready, self.wait_timeout, output)))
    }

    fn line(&self, line: &str, port: Option<u16>) -> String {
        match port {
            Some(port) => line.replace(PORT, &port.to_string()),
            None => line.to_owned(),
        }
    }

    /// The words of a command that starts it again.
    pub fn replay(&self) -> Vec<String> {
        let Some(line) = &self.exec else {
            return Vec::new();
        };
        let mut words = vec!["--exec".to_owned(), line.clone()];
        if let Some(line) = &self.wait {
            words.extend(["--wait".to_owned(), line.clone()]);
        }
        if values::shown(self.wait_timeout) != TIMEOUT {
            let limit = values::shown(self.wait_timeout);
            words.extend(["--wait-timeout".to_owned(), limit]);
        }
        words
    }
}

impl Started {
    /// What is to be said of it where it was not reached.
    pub async fn unreached(&self) -> String {
        let ended = self.0.has_ended();
        let crash = self.0.crashed().await;
        let how = match ended {
            Some(ended) => format!("the server that --exec started has ended ({ended})"),
            None => "the server that --exec started was ended".to_owned(),
        };
        format!(
            "\n{how}{}\nall that it said: {}",
            process::said(&crash.last_lines),
            self.0.output().path().display()
        )
    }

    /// Ends it, and tells where its output is unless all went well and nothing crashed.
    pub async fn end(&self, well: bool) {
        self.0.stop(GRACE).await;
        if !well {
            let output = self.0.output();
            output.keep();
            tell(&format!(
                "what the server printed is in {}",
                output.path().display()
            ));
        }
    }
}
