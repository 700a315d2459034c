//! The client's side of Autobahn's control paths: asks how many cases there are, plays each, asks for the reports.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::timeout,
};
use url::form_urlencoded::byte_serialize;

use super::{Ask, Draft, Fault, Peer, serve};
use crate::{
    drive::{ConnectError, Dialler, Target, transport::Transport},
    wire::{
        close::CloseBody,
        frame::{Decoder, Frame, Opcode},
        handshake::{HeadReader, Response, client},
        message::{Assembler, Message},
    },
};

/// How long a control path may take to answer; a report of many cases takes a while to be written.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer.
const MAX_ANSWER: usize = 1 << 20;

/// Why the loop came to no end.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// No connection.
    #[error("asked for {path}: {error}")]
    Connect {
        /// For what.
        path: String,
        /// Why.
        error: ConnectError,
    },
    /// The connection broke.
    #[error("asked for {path}: the connection broke: {error}")]
    Io {
        /// For what.
        path: String,
        /// How.
        error: io::Error,
    },
    /// Something else came.
    #[error("asked for {path}, expected {expected}, but {came} came")]
    Answer {
        /// For what.
        path: String,
        /// What was to come.
        expected: &'static str,
        /// What did.
        came: String,
    },
}

/// How the loop is driven.
#[derive(Clone, Debug)]
pub struct Driver {
    /// The name that the client gives itself.
    pub agent: String,
    /// The cases to ask for, by id; none: all, by number.
    pub cases: Vec<String>,
    /// How many are played side by side.
    pub jobs: usize,
    /// What is wrong with the client.
    pub fault: Option<&'static Fault>,
    /// It is a browser.
    pub browser: bool,
    /// Subprotocols to offer.
    pub subprotocols: Vec<String>,
    /// Makes what is random the same each time.
    pub seed: u64,
}

/// What a control path needs to be asked.
struct Line<'a> {
    target: &'a Target,
    dialler: &'a Dialler,
}

impl Driver {
    /// Plays the cases with the listener at `target`, and gives back how many there were.
    ///
    /// # Errors
    /// A control path does not answer as it should. What a connection of a case comes to is for the listener to tell.
    pub async fn run(&self, target: &Target, dialler: Dialler) -> Result<usize, DriverError> {
        self.run_with(target, Arc::new(dialler)).await
    }

    /// As [`Driver::run`], with a dialler that others use too.
    ///
    /// # Errors
    /// As [`Driver::run`].
    pub async fn run_with(
        &self,
        target: &Target,
        dialler: Arc<Dialler>,
    ) -> Result<usize, DriverError> {
        let line = Line {
            target,
            dialler: &dialler,
        };
        let agent: String = byte_serialize(self.agent.as_bytes()).collect();
        let mut resources: VecDeque<String> = match self.cases.as_slice() {
            [] => {
                let path = match self.browser {
                    true => "/getCaseCount?profile=browser",
                    false => "/getCaseCount",
                };
                let said = line.ask(path, self.seed).await?.unwrap_or_default();
                let count: u32 = said.trim().parse().map_err(|_| DriverError::Answer {
                    path: path.to_owned(),
                    expected: "a number",
                    came: format!("{said:?}"),
                })?;
                let each = (1..=count).map(|n| format!("/runCase?case={n}&agent={agent}"));
                each.collect()
            }
            ids => {
                let each = ids.iter().map(|id| {
                    let id: String = byte_serialize(id.as_bytes()).collect();
                    format!("/runCase?casetuple={id}&agent={agent}")
                });
                each.collect()
            }
        };
        let count = resources.len();
        let mut seeds = fastrand::Rng::with_seed(self.seed);
        let mut playing = JoinSet::new();
        loop {
            while playing.len() < self.jobs.max(1)
                && let Some(resource) = resources.pop_front()
            {
                let ask = Ask {
                    host: target.host_header(),
                    resource,
                    subprotocols: self.subprotocols.clone(),
                    browser: self.browser,
                };
                let peer = Peer::client(self.fault, seeds.u64(..), &ask);
                let dialler = dialler.clone();
                playing.spawn(async move { play(&dialler, peer, ask.resource).await });
            }
            match playing.join_next().await {
                Some(Ok(played)) => played?,
                Some(Err(_)) => {}
                None => break,
            }
        }
        let path = format!("/updateReports?agent={agent}");
        line.ask(&path, self.seed).await?;
        Ok(count)
    }
}

async fn play(dialler: &Dialler, peer: Peer, path: String) -> Result<(), DriverError> {
    let transport = match dialler.dial(PATIENCE).await {
        Ok(transport) => transport,
        Err(error) => return Err(DriverError::Connect { path, error }),
    };
    // A connection that breaks is what some cases are about.
    let _ = serve::converse(transport, peer, |transport| {
        transport.tcp().set_zero_linger()
    })
    .await;
    Ok(())
}

impl Line<'_> {
    /// Asks a control path; what it says before it closes, if anything.
    async fn ask(&self, path: &str, seed: u64) -> Result<Option<String>, DriverError> {
        let transport = self.dialler.dial(PATIENCE).await;
        let transport = transport.map_err(|error| DriverError::Connect {
            path: path.to_owned(),
            error,
        })?;
        let said = timeout(PATIENCE, self.converse(transport, path, seed)).await;
        let said = said.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let said = said.map_err(|error| DriverError::Io {
            path: path.to_owned(),
            error,
        })?;
        said.map_err(|came| DriverError::Answer {
            path: path.to_owned(),
            expected: "an opening handshake, a message or none, and a Close",
            came,
        })
    }

    async fn converse(
        &self,
        mut transport: Transport,
        path: &str,
        seed: u64,
    ) -> io::Result<Result<Option<String>, String>> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut nonce = [0; 16];
        random.fill(&mut nonce);
        let mut draft = Draft::new(format!("GET {path} HTTP/1.1"));
        draft.add("Host", self.target.host_header());
        draft.add("Upgrade", "websocket");
        draft.add("Connection", "Upgrade");
        draft.add("Sec-WebSocket-Key", data_encoding::BASE64.encode(&nonce));
        draft.add("Sec-WebSocket-Version", "13");
        let request = draft.encode();
        transport.write_all(&request).await?;
        transport.flush().await?;
        let mut heads = HeadReader::<Response>::response();
        let mut frames = Decoder::new(MAX_ANSWER);
        let mut messages = Assembler::new(&Default::default(), MAX_ANSWER);
        let mut open = false;
        let mut said = None;
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = transport.read(&mut buffer).await?;
            if count == 0 {
                return Ok(Err("the end of TCP".to_owned()));
            }
            if open {
                frames.feed(&buffer[..count]);
            } else {
                heads.feed(&buffer[..count]);
                match heads.next() {
                    Ok(Some(response)) => {
                        let asked = crate::wire::handshake::Request::read(&request);
                        let valid = asked.is_some_and(|asked| {
                            client::acceptable(&asked, &response, |_| false).is_ok()
                        });
                        if !valid {
                            return Ok(Err(refusal(response.status, &heads.take_rest())));
                        }
                        open = true;
                        frames.feed(&heads.take_rest());
                    }
                    Ok(None) => {}
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
            loop {
                match frames.next_frame() {
                    Ok(Some(frame)) if frame.header.opcode == Opcode::CLOSE => {
                        let mut octets = Vec::new();
                        let key = random.u32(..).to_be_bytes();
                        Frame::close(&CloseBody::read(&frame.payload))
                            .with_key(key)
                            .encode(&mut octets);
                        transport.write_all(&octets).await?;
                        transport.flush().await?;
                        // The server ends TCP first (RFC 6455, section 7.1.1).
                        while transport.read(&mut buffer).await? > 0 {}
                        return Ok(Ok(said));
                    }
                    Ok(Some(frame)) => match messages.frame(&frame) {
                        Ok(Some(Message { payload, .. })) => {
                            said = Some(String::from_utf8_lossy(&payload).into_owned());
                        }
                        Ok(None) => {}
                        Err(error) => return Ok(Err(error.to_string())),
                    },
                    Ok(None) => break,
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
        }
    }
}

/// A status, with the sentence that came with it.
fn refusal(status: u16, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let sentence = serde_json::to_string(&Value::from(body.trim())).unwrap_or_default();
    format!("status {status} ({sentence})")
}
