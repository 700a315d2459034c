//! The opening handshake within a session (RFC 6455, section 4): written as the case says, read from the target.

use crate::{
    case::{
        Alternative, HandshakeStep, HeaderEdit, Mark, Need, Outcome, Role, Send, StatusWanted,
        Step, print,
    },
    wire::{
        Agreement,
        close::CloseBody,
        frame::{Decoder, Opcode},
        handshake::{
            self, Request,
            head::{HeadError, HeadReader, Limits},
            values::Values,
            write,
        },
        observer::opening,
    },
};

use super::{MAX_MESSAGE, Pending, Phase, Seen, Session};

impl Session {
    /// The steps of the case, with the ordinary opening handshake in front where the case has none of its own.
    pub(super) fn plan(&mut self, steps: &[Step]) {
        let expect = |outcome| {
            Step::Expect(vec![Alternative {
                mark: Mark::Required,
                outcomes: vec![outcome],
                then: None,
            }])
        };
        let request = || expect(Outcome::Request(Vec::new()));
        let own_opening = match steps.first() {
            Some(Step::Send(Send::Request(_))) => true,
            Some(Step::Expect(group)) => group
                .iter()
                .flat_map(|alternative| &alternative.outcomes)
                .any(|outcome| matches!(outcome, Outcome::Request(_) | Outcome::Response(..))),
            _ => false,
        };
        let own_response = matches!(steps.first(), Some(Step::Send(Send::Response(..))));
        let mut front = Vec::new();
        if !own_opening {
            match self.setup.target {
                Role::Server => {
                    front.push(Step::Send(Send::Request(Box::default())));
                    front.push(expect(Outcome::Response(
                        StatusWanted::Code(101),
                        Vec::new(),
                    )));
                }
                Role::Client => {
                    front.push(request());
                    if !own_response {
                        front.push(Step::Send(Send::Response(101, Box::default())));
                    }
                }
            }
            self.ordinary_opening = true;
        }
        self.rest = front
            .into_iter()
            .chain(steps.iter().cloned())
            .map(|step| Pending { step, met: 0 })
            .collect();
    }

    /// Values of the ordinary handshake.
    fn values(&self) -> Values {
        let mut values = Values {
            host: self.setup.host.clone(),
            target: self.setup.resource.clone(),
            seed: self.seed,
            ..Values::default()
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        match (&self.request, self.setup.target) {
            (Some(request), Role::Client) => {
                values.key = request
                    .head
                    .value("sec-websocket-key")
                    .unwrap_or_default()
                    .to_vec();
                values.host = text(request.head.value("host").unwrap_or_default());
                values.target = text(&request.target);
                values.origin = text(request.head.value("origin").unwrap_or_default());
                values.protocol = request
                    .head
                    .subprotocols()
                    .next()
                    .map(text)
                    .unwrap_or_default();
                if !values.protocol.is_empty() {
                    // Browsers, and libraries after them, fail without an answer (WHATWG WebSockets, section 4.1).
                    let name = "Sec-WebSocket-Protocol".to_owned();
                    values.headers.push((name, values.protocol.clone()));
                }
            }
            _ => {
                let mut nonce = [0; 16];
                fastrand::Rng::with_seed(self.seed ^ 1).fill(&mut nonce);
                values.key = data_encoding::BASE64.encode(&nonce).into_bytes();
                values.headers.clone_from(&self.setup.headers);
                let line = |name: &str| {
                    let found = self
                        .setup
                        .headers
                        .iter()
                        .find(|(n, _)| n.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.clone()).unwrap_or_default()
                };
                values.origin = line("origin");
                let offered = line("sec-websocket-protocol");
                let first = offered.split(',').next().unwrap_or_default().trim();
                values.protocol = first.to_owned();
            }
        }
        values
    }

    /// A header value of the case, with what it names.
    pub(super) fn expand(&self, text: &str) -> Vec<u8> {
        self.values().expand(text.as_bytes())
    }

    /// `> request`
    pub(super) fn send_request(&mut self, step: &HandshakeStep) {
        let octets = write::request(step, &self.values());
        self.request = sent_request(&octets);
        self.send_head(step, &octets);
    }

    /// `> response CODE`
    pub(super) fn send_response(&mut self, code: u16, step: &HandshakeStep) {
        let mut values = self.values();
        if flips_subprotocol(step) && self.knows_flipped(&values) {
            self.found.not_applicable =
                Some("the client offers no subprotocol that has another spelling".into());
            return self.judge();
        }
        let interim = (100..200).contains(&code) && code != 101;
        if interim {
            values.headers.clear();
        }
        let octets = write::response(code, step, &values);
        // What has come by now came before the client could see a response.
        if let (Phase::Head, Some(request)) = (&self.phase, &self.request)
            && let Some(breach) = opening::early(request, self.requests.octets())
        {
            self.found.breach(&breach, self.requests.octets());
        }
        self.send_head(step, &octets);
        self.phase = if code == 101 {
            Phase::Open
        } else {
            Phase::Refused
        };
        // An interim response leaves the client waiting for the final one (RFC 9110, section 15.2).
        if interim {
            self.phase = Phase::Head;
        }
        if code == 101 {
            self.ordinary_opening = false;
            self.observer.open(&Agreement::default());
            let rest = self.requests.take_rest();
            self.decoder.feed(&rest);
        }
    }

    /// The other spelling of a subprotocol is no other, or is one that the client offers too.
    fn knows_flipped(&self, values: &Values) -> bool {
        let flipped = values.expand(FLIPPED.as_bytes());
        let mut offers = self
            .request
            .iter()
            .flat_map(|request| request.head.subprotocols());
        offers.any(|offer| offer == flipped)
    }

    fn send_head(&mut self, step: &HandshakeStep, octets: &[u8]) {
        self.transcript
            .add(self.now, '>', octets, || raw_head(octets));
        self.head_unfinished = step.end.as_ref().is_some_and(|end| end.is_empty());
        if let Some(body) = &step.body {
            self.smuggled(&body.octets(self.seed));
        }
        self.put(octets, step.cut);
    }

    /// `> bytes` before the connection is open: the rest of a head, or what comes behind it.
    pub(super) fn send_behind_head(&mut self, octets: &[u8]) {
        if self.head_unfinished {
            self.head_unfinished = !octets.ends_with(b"\n");
        } else {
            self.smuggled(octets);
        }
    }

    /// Octets of a body, or of what HTTP takes for the next request: frames in them must not be obeyed.
    fn smuggled(&mut self, octets: &[u8]) {
        let mut decoder = Decoder::new(MAX_MESSAGE);
        decoder.feed(octets);
        while let Ok(Some(frame)) = decoder.next_frame() {
            if frame.header.opcode == Opcode::PING || !frame.header.opcode.is_control() {
                self.own.unlawful(&frame);
            }
        }
    }

    /// Octets of the target while its head is awaited.
    pub(super) fn read_head(&mut self, octets: &[u8]) {
        match self.setup.target {
            Role::Server => self.responses.feed(octets),
            Role::Client => self.requests.feed(octets),
        }
        while self.judgement.is_none() && self.phase == Phase::Head {
            match self.setup.target {
                Role::Server => match self.responses.next() {
                    Ok(Some(response)) => self.got_response(response),
                    Ok(None) => return,
                    Err(error) => {
                        let octets = self.responses.octets().to_vec();
                        return self.no_head(&error, &octets);
                    }
                },
                Role::Client => {
                    if let Some(request) = &self.request {
                        // The client waits for the response, and behind an interim one for the next.
                        if let Some(breach) = opening::early(request, self.requests.octets()) {
                            self.found.breach(&breach, octets);
                        }
                        return;
                    }
                    match self.requests.next() {
                        Ok(Some(request)) => self.got_request(request),
                        Ok(None) => return,
                        Err(error) => {
                            let octets = self.requests.octets().to_vec();
                            return self.no_head(&error, &octets);
                        }
                    }
                }
            }
        }
        if self.phase == Phase::Open {
            let rest = match self.setup.target {
                Role::Server => self.responses.take_rest(),
                Role::Client => self.requests.take_rest(),
            };
            self.decoder.feed(&rest);
            self.read_frames();
        }
    }

    /// Octets that are no head, where one was awaited.
    fn no_head(&mut self, error: &HeadError, octets: &[u8]) {
        let shown = &octets[..octets.len().min(SHOWN)];
        self.transcript
            .add(self.now, '<', octets, || raw_head(shown));
        let came = format!("bytes {}", print::octets(octets, true));
        self.see(Seen::Unreadable(error.to_string(), Some(came)));
    }

    /// Whether what came is a page without a status line, as HTTP/0.9 had it, and the request that was sent names no version of HTTP/1.
    pub(super) fn answered_in_http_0(&self) -> bool {
        let version = self.request.as_ref().map(|request| &request.version);
        let minor = version.and_then(|version| version.strip_prefix("HTTP/1."));
        let in_http_1 = minor.is_some_and(|minor| matches!(minor.as_bytes(), [b'0'..=b'9']));
        let octets = self.responses.octets();
        let is_text = octets.iter().take(SHOWN).all(|octet| {
            octet.is_ascii_graphic() || b" \t\r\n".contains(octet) || !octet.is_ascii()
        });
        !in_http_1 && is_text && octets.first().is_some_and(u8::is_ascii)
    }

    /// The client has sent something although the head of the 101 has no end yet.
    pub(super) fn spoke_too_early(&mut self, octets: &[u8]) {
        self.transcript
            .add(self.now, '<', octets, || raw_head(octets));
        let breach = self
            .request
            .as_ref()
            .and_then(|request| opening::early(request, octets));
        if let Some(breach) = breach {
            self.found.breach(&breach, octets);
            self.judge();
        }
    }

    fn got_response(&mut self, response: handshake::Response) {
        let raw = response.head.raw.clone();
        self.transcript.add(self.now, '<', &raw, || raw_head(&raw));
        if let Some(request) = &self.request {
            for breach in opening::response(request, &response) {
                self.found.breach(&breach, &raw);
            }
        }
        match response.status {
            101 => {
                self.observer.open(&Agreement::default());
                self.phase = Phase::Open;
            }
            // Interim: the final answer is still to come (RFC 9110, section 15.2).
            100..=199 => {
                if !self.awaits_response(response.status) {
                    return;
                }
            }
            _ => self.phase = Phase::Refused,
        }
        self.see(Seen::Response(Box::new(response)));
    }

    fn got_request(&mut self, request: Request) {
        let raw = request.head.raw.clone();
        self.transcript.add(self.now, '<', &raw, || raw_head(&raw));
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let wanted = opening::Wanted {
            host: known(&self.setup.host),
            resource: known(&self.setup.resource),
        };
        let early = opening::early(&request, self.requests.octets());
        for breach in opening::request(&request, &wanted).into_iter().chain(early) {
            self.found.breach(&breach, &raw);
        }
        self.request = Some(request.clone());
        if self.case.needs.contains(&Need::Subprotocol)
            && request.head.subprotocols().next().is_none()
        {
            self.found.not_applicable = Some("the client offers no subprotocol".into());
            return self.judge();
        }
        self.see(Seen::Request(Box::new(request)));
    }

    /// Whether the present step asks for this very status.
    fn awaits_response(&self, status: u16) -> bool {
        self.group().is_some_and(|group| {
            group
                .iter()
                .flat_map(|alternative| &alternative.outcomes)
                .any(|outcome| match outcome {
                    Outcome::Response(StatusWanted::Code(code), _) => *code == status,
                    Outcome::Response(StatusWanted::Class(digit), _) => {
                        *digit == 1 && status != 101
                    }
                    _ => false,
                })
        })
    }

    /// Octets behind a refusal: the body of a server's answer, or what a refused client goes on to send.
    pub(super) fn behind_refusal(&mut self, octets: &[u8]) {
        if self.setup.target == Role::Server {
            return;
        }
        // A client may ask again on the same connection (RFC 6455, section 4.1: authentication, redirects).
        self.requests.feed(octets);
        match self.requests.next() {
            Ok(Some(request)) => {
                let raw = request.head.raw.clone();
                self.transcript.add(self.now, '<', &raw, || raw_head(&raw));
                self.see(Seen::Request(Box::new(request)));
            }
            Ok(None) => {}
            Err(error) => {
                let rest = self.requests.take_rest();
                self.decoder.feed(&rest);
                self.frames_behind_refusal(&error, octets);
            }
        }
    }

    /// A client that sends frames has taken the refusal for a 101.
    fn frames_behind_refusal(&mut self, error: &HeadError, octets: &[u8]) {
        while self.judgement.is_none() {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => {
                    let target = self.setup.target;
                    let header = frame.header_octets();
                    self.transcript
                        .add(self.now, '<', &header, || print::frame(&frame, target));
                    self.used_before_open(match frame.header.opcode {
                        Opcode::PING => Seen::Ping(frame.payload),
                        Opcode::PONG => Seen::Pong(frame.payload),
                        Opcode::CLOSE => Seen::Close(CloseBody::read(&frame.payload)),
                        _ => Seen::Reserved(frame),
                    });
                }
                Ok(None) => return,
                Err(_) => {
                    let what = format!(
                        "octets that are neither a request nor a frame, although the handshake was refused ({error})"
                    );
                    return self.see(Seen::Unreadable(what, Some(print::octets(octets, true))));
                }
            }
        }
    }

    /// TCP ended while a head was awaited.
    pub(super) fn head_ended(&mut self) {
        let finished = match self.setup.target {
            Role::Server => self.responses.finish(),
            Role::Client => self.requests.finish(),
        };
        if let Err(error) = finished {
            let now = self.now;
            self.transcript.add(now, '!', &[], || error.to_string());
            if self.setup.target == Role::Server {
                self.found
                    .tolerate(format!("its answer broke off ({error})"));
            }
        }
    }
}

/// So many octets of what is no head are shown.
const SHOWN: usize = 512;

/// The first subprotocol with one letter in the other case (`cases/README.md`).
const FLIPPED: &str = "$protocol.flipped";

fn flips_subprotocol(step: &HandshakeStep) -> bool {
    step.headers.iter().any(|edit| match edit {
        HeaderEdit::Set(_, value) | HeaderEdit::Add(_, value) => value.contains(FLIPPED),
        HeaderEdit::Remove(_) | HeaderEdit::Raw(_) => false,
    })
}

/// What the suite wrote, read the way a server reads it; `None` when it is no request at all.
fn sent_request(octets: &[u8]) -> Option<Request> {
    let mut reader = HeadReader::<Request>::request().with_limits(Limits {
        octets: octets.len() + 8,
        lines: usize::MAX,
    });
    reader.feed(octets);
    match reader.next() {
        Ok(Some(request)) => Some(request),
        // Its empty line is still to come.
        _ => {
            reader.feed(b"\r\n\r\n");
            reader.next().ok().flatten()
        }
    }
}

/// A head as it is on the wire, line by line, in the notation's strings.
fn raw_head(octets: &[u8]) -> String {
    let mut text = String::from("bytes");
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        text.push_str("\n  ");
        text.push_str(&print::octets(line, true));
    }
    text
}
