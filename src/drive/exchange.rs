//! The loop between a session and its connection: reads while it writes, and keeps the session's time.

use std::{future::poll_fn, io, pin::Pin, task::Poll, time::Duration};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, sleep_until, timeout},
};

use super::{
    delivery::Delivery,
    transport::{self, Outgoing, Transport},
};
use crate::session::{Action, Event, Session};

/// One end of a connection, without the connection.
pub trait End {
    /// Takes an event that happened `at` (since the connection was asked for).
    fn handle(&mut self, at: Duration, event: Event);
    /// What to do next, until `None`.
    fn action(&mut self) -> Option<Action>;
    /// When `Event::Deadline` is due.
    fn deadline(&self) -> Option<Duration>;
    /// Nothing more is of interest.
    fn is_done(&self) -> bool;
}

impl End for Session {
    fn handle(&mut self, at: Duration, event: Event) {
        Session::handle(self, at, event);
    }
    fn action(&mut self) -> Option<Action> {
        Session::action(self)
    }
    fn deadline(&self) -> Option<Duration> {
        Session::deadline(self)
    }
    fn is_done(&self) -> bool {
        self.judgement().is_some()
    }
}

/// How a connection is driven.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long the connection may take to come about, TLS included.
    pub connect: Duration,
    /// After so long without any progress an end that has set no deadline gets `Event::Deadline`.
    pub patience: Duration,
    /// How what is sent is cut.
    pub delivery: Delivery,
    /// How many octets of received events are recorded; 0: no recording.
    pub record: usize,
}

/// What happened, for `-v` and for playing it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Each event with its time.
    pub events: Vec<(Duration, Event)>,
    /// The limit was reached: what came later is not there.
    pub cut_off: bool,
    left: usize,
}

impl Recording {
    /// An empty one for so many octets.
    pub fn new(limit: usize) -> Recording {
        Recording {
            left: limit,
            ..Recording::default()
        }
    }

    fn add(&mut self, at: Duration, event: &Event) {
        // An event weighs something even without octets: a flood of empty ones is bounded too.
        let weight = size_of::<(Duration, Event)>()
            + match event {
                Event::Received(octets) => octets.len(),
                _ => 0,
            };
        if self.cut_off || weight > self.left {
            self.cut_off = true;
        } else {
            self.left -= weight;
            self.events.push((at, event.clone()));
        }
    }
}

/// One read takes at most so much.
const BUFFER: usize = 16 << 10;
/// So often a target that takes in what it is sent gets its patience anew.
const MOST_POSTPONED: u32 = 20;
/// When the end is done, the target may close its side for so long, and send so much, before the suite drops the connection.
const FAREWELL: Duration = Duration::from_millis(50);
const FAREWELL_OCTETS: usize = 1 << 20;

/// Drives `end` over `transport` until it is done, or nothing more can happen. Times count from `start`.
pub async fn exchange(
    end: &mut impl End,
    transport: Transport,
    start: Instant,
    terms: &Terms,
) -> Recording {
    let mut line = Line {
        transport: Some(transport),
        outgoing: Outgoing::default(),
        reading: true,
        refused: None,
        buffer: vec![0; BUFFER],
    };
    let mut recording = Recording::new(terms.record);
    let mut event = Event::Connected;
    let mut active = start;
    // The deadline behind which octets that lay ready have been let through once.
    let mut late = None;
    // What the target has taken when its time was up, and how often it got more.
    let (mut taken_before, mut postponed) = (0, 0);
    loop {
        let now = Instant::now();
        let at = now.saturating_duration_since(start);
        let fired = event == Event::Deadline;
        if !fired {
            active = now;
        }
        recording.add(at, &event);
        end.handle(at, event);
        let mut aborted = false;
        while let Some(action) = end.action() {
            match action {
                Action::Write(pieces) => line.outgoing.write(terms.delivery.cut(pieces)),
                Action::Shutdown => line.outgoing.shutdown(),
                Action::Abort => aborted = true,
            }
        }
        if aborted {
            line.abort().await;
            if !end.is_done() {
                let at = start.elapsed();
                let event = Event::Reset("the suite aborted the connection".to_owned());
                recording.add(at, &event);
                end.handle(at, event);
            }
            return recording;
        }
        if end.is_done() {
            line.farewell().await;
            return recording;
        }
        let set = end.deadline().map(|d| start + d);
        if fired && set.is_none_or(|d| d <= now) {
            // Its deadline has passed and it asks for no other: it would wait for ever.
            return recording;
        }
        let mut due = set.unwrap_or(active + terms.patience);
        event = loop {
            let next = if late == Some(due) && due <= Instant::now() {
                Event::Deadline
            } else {
                tokio::select! {
                    // What lies ready when the deadline passes came in time: it is the suite that was late.
                    biased;
                    event = line.stir() => {
                        if due <= Instant::now() {
                            late = Some(due);
                        }
                        event
                    }
                    () = sleep_until(due) => Event::Deadline,
                }
            };
            // As long as the target takes what it is sent, it is the suite that has not finished.
            let taken = line.outgoing.taken();
            if next == Event::Deadline
                && !line.outgoing.is_empty()
                && taken > taken_before
                && postponed < MOST_POSTPONED
            {
                (taken_before, postponed) = (taken, postponed + 1);
                due = Instant::now() + terms.patience;
                continue;
            }
            break next;
        };
    }
}

struct Line {
    transport: Option<Transport>,
    outgoing: Outgoing,
    reading: bool,
    /// Writing failed, and how: nothing more is written.
    refused: Option<io::ErrorKind>,
    buffer: Vec<u8>,
}

impl Line {
    /// The next thing that happens to the connection; never, when nothing can.
    async fn stir(&mut self) -> Event {
        let Line {
            transport,
            outgoing,
            reading,
            refused,
            buffer,
        } = self;
        let Some(transport) = transport else {
            return std::future::pending().await;
        };
        poll_fn(|cx| {
            if !outgoing.is_empty() && refused.is_none() {
                match outgoing.poll(transport, cx) {
                    Poll::Ready(Ok(())) => return Poll::Ready(Event::Written),
                    // A target that stops reading may have said why: what it sent is still read, to its end.
                    Poll::Ready(Err(e)) => *refused = Some(e.kind()),
                    Poll::Pending => {}
                }
            }
            if *reading {
                let mut into = ReadBuf::new(buffer);
                match Pin::new(&mut *transport).poll_read(cx, &mut into) {
                    Poll::Ready(Ok(())) if into.filled().is_empty() => {
                        *reading = false;
                        return Poll::Ready(end_of_stream(*refused));
                    }
                    Poll::Ready(Ok(())) => {
                        return Poll::Ready(Event::Received(into.filled().to_vec()));
                    }
                    // TCP's FIN without TLS' close_notify: RFC 6455 asks for the end of TCP only.
                    Poll::Ready(Err(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
                        *reading = false;
                        return Poll::Ready(end_of_stream(*refused));
                    }
                    Poll::Ready(Err(e)) => {
                        *reading = false;
                        *refused = Some(e.kind());
                        return Poll::Ready(Event::Reset(e.to_string()));
                    }
                    Poll::Pending => {}
                }
            }
            Poll::Pending
        })
        .await
    }

    /// RST, behind what was handed over before it, as far as that goes without waiting for the target.
    async fn abort(&mut self) {
        let Some(mut transport) = self.transport.take() else {
            return;
        };
        if self.refused.is_none() {
            let rest = poll_fn(|cx| self.outgoing.poll(&mut transport, cx));
            let _ = timeout(FAREWELL, rest).await;
        }
        // A socket that is already gone needs no RST.
        let _ = transport::abort(transport);
    }

    /// Says what is left to say, then FIN, and reads on to the target's own for a moment: dropping a socket with unread octets
    /// would send RST, and a target may take that for a fault.
    async fn farewell(&mut self) {
        if self.refused.is_some() {
            return;
        }
        self.outgoing.shutdown();
        let mut left = FAREWELL_OCTETS;
        let _ = timeout(FAREWELL, async {
            while left > 0 && (self.reading || !self.outgoing.is_empty()) {
                match self.stir().await {
                    Event::Received(octets) => left = left.saturating_sub(octets.len()),
                    Event::Reset(_) => return,
                    _ if self.refused.is_some() => return,
                    _ => {}
                }
            }
        })
        .await;
    }
}

/// Linux reports an RST once. When a write has met it, the reads behind it end as after FIN.
fn end_of_stream(refused: Option<io::ErrorKind>) -> Event {
    match refused {
        Some(kind @ (io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted)) => {
            Event::Reset(kind.to_string())
        }
        _ => Event::Eof,
    }
}

#[cfg(test)]
mod tests;
