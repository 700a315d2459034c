//! A server under test.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{Error, Test};
use crate::{
    case::Role,
    drive::{Deliveries, Target, TlsOptions, tls::Trust},
    report::{Builder, Report, Start},
    run::{self, News, Options},
    session::Setup,
};

/// A server that listens somewhere. Its options are methods of [`Test<Server>`](Test).
#[derive(Clone, Debug)]
pub struct Server {
    url: String,
    headers: Vec<(String, String)>,
    origin: Option<String>,
    subprotocols: Vec<String>,
    trust: Trust,
    server_name: Option<String>,
    jobs: Option<usize>,
}

impl Server {
    /// The server at this URL: `ws://HOST[:PORT][/PATH]`, or `wss://…`. It has to be up; most cases need one that sends each message back.
    pub fn at(url: impl Into<String>) -> Test<Server> {
        let server = Server {
            url: url.into(),
            headers: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            trust: Trust::System,
            server_name: None,
            jobs: None,
        };
        Test::new(server, Duration::from_secs(5))
    }
}

impl Test<Server> {
    /// Sends this header line with each opening handshake. Its value is in no report.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Test<Server> {
        self.subject.headers.push((name.into(), value.into()));
        self
    }

    /// Sends this `Origin`.
    pub fn origin(mut self, origin: impl Into<String>) -> Test<Server> {
        self.subject.origin = Some(origin.into());
        self
    }

    /// Offers this subprotocol, behind those of earlier calls. Cases about subprotocols need one that the server knows.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Test<Server> {
        self.subject.subprotocols.push(name.into());
        self
    }

    /// Trusts the certificates in this PEM file, and no others; for `wss:`.
    pub fn ca(mut self, file: impl Into<PathBuf>) -> Test<Server> {
        self.subject.trust = Trust::File(file.into());
        self
    }

    /// Trusts whoever answers; for `wss:`.
    pub fn insecure(mut self) -> Test<Server> {
        self.subject.trust = Trust::Anyone;
        self
    }

    /// Asks for this name instead of the host of the URL; for `wss:`.
    pub fn server_name(mut self, name: impl Into<String>) -> Test<Server> {
        self.subject.server_name = Some(name.into());
        self
    }

    /// How many cases run side by side, at least 1; without a call twice the processors, and at least 16.
    pub fn jobs(mut self, jobs: usize) -> Test<Server> {
        self.subject.jobs = Some(jobs.max(1));
        self
    }

    /// How octets are handed to the transport: [`Deliveries::All`] plays each case in every way.
    pub fn delivery(mut self, deliveries: Deliveries) -> Test<Server> {
        self.deliveries = deliveries;
        self
    }

    /// Plays the cases.
    ///
    /// # Errors
    /// The run did not come about: the server cannot be reached, or an option makes no sense. That the server deviates is in the report:
    /// [`Report::assert`] and [`Report::verdict`] tell.
    pub async fn run(self) -> Result<Report, Error> {
        let server = &self.subject;
        let target = Target::parse(&server.url)?;
        let setup = Setup {
            target: Role::Server,
            host: target.host_header(),
            resource: target.resource.clone(),
            headers: server.all_headers()?,
            echo: false,
            greets: false,
            seed: self.seed,
            patience: self.timeout,
        };
        let (chosen, terms, outputs) = self.prepared(Role::Server, &server.url)?;
        let mut command: Vec<String> = ["wsspec", "server", &server.url].map(String::from).into();
        command.extend(server.options());
        command.extend(self.options());
        let mut builder = Builder::new(Start {
            url: Some(server.url.clone()),
            headers: server.headers.clone(),
            origin: server.origin.clone(),
            subprotocols: server.subprotocols.clone(),
            ..self.start(Role::Server, chosen.catalogue, command, terms.clone())
        });
        let options = Options {
            setup,
            jobs: server.jobs.unwrap_or_else(run::usual_jobs),
            most_jobs: server.jobs.unwrap_or(run::MOST_JOBS),
            timeout: self.timeout,
            fail_fast: false,
            terms,
            ward: None,
            delivery: self.deliveries,
            tls: TlsOptions {
                trust: server.trust.clone(),
                server_name: server.server_name.clone(),
            },
        };
        let mut observe = |news: News| {
            if let News::Judged(result) = news {
                builder.add(*result);
            }
        };
        let began = Instant::now();
        let never = std::future::pending();
        let outcome = run::run(chosen.items, &target, options, &mut observe, never).await?;
        let report = builder.finish(outcome.end(began.elapsed()));
        outputs.write(&report)?;
        Ok(report)
    }
}

impl Server {
    /// All header lines that are added to the ordinary request.
    fn all_headers(&self) -> Result<Vec<(String, String)>, Error> {
        let offer = (!self.subprotocols.is_empty()).then(|| self.subprotocols.join(", "));
        let mut headers = self.headers.clone();
        for (name, value) in [
            ("Origin", self.origin.clone()),
            ("Sec-WebSocket-Protocol", offer),
        ] {
            let Some(value) = value else { continue };
            if headers
                .iter()
                .any(|(given, _)| given.eq_ignore_ascii_case(name))
            {
                let sentence = format!("{name} is set twice; leave `.header({name:?}, …)` out");
                return Err(Error::Option(sentence));
            }
            headers.push((name.to_owned(), value));
        }
        for (name, value) in &headers {
            let is_token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
            if name.is_empty() || !name.bytes().all(is_token) || value.contains(['\r', '\n', '\0'])
            {
                let sentence =
                    format!("{name:?}: {value:?} is no header line (RFC 9110, section 5)");
                return Err(Error::Option(sentence));
            }
        }
        Ok(headers)
    }

    /// What the program needs to play a case again.
    fn options(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |option: &str, value: &str| words.extend([option.into(), value.into()]);
        if let Trust::File(file) = &self.trust {
            add("--ca", &file.to_string_lossy());
        }
        for (option, values) in [
            ("--server-name", self.server_name.as_slice()),
            ("--origin", self.origin.as_slice()),
            ("--subprotocol", &self.subprotocols),
        ] {
            values.iter().for_each(|value| add(option, value));
        }
        for (name, value) in &self.headers {
            add("--header", &format!("{name}: {value}"));
        }
        if matches!(self.trust, Trust::Anyone) {
            words.push("--insecure".to_owned());
        }
        words
    }
}
