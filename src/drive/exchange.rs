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
const BUFFER: usize = 64 << 10;
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
mod tests {
    use std::collections::VecDeque;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);
    const TERMS: Terms = Terms {
        connect: PATIENCE,
        patience: PATIENCE,
        delivery: Delivery::Whole,
        record: usize::MAX,
    };

    /// Does what it was told at each event, and is done when `enough` says so.
    struct Script {
        actions: VecDeque<Action>,
        seen: Vec<Event>,
        received: usize,
        deadline: Option<Duration>,
        enough: fn(&Script) -> bool,
    }

    impl Script {
        fn new(actions: impl IntoIterator<Item = Action>, enough: fn(&Script) -> bool) -> Script {
            Script {
                actions: actions.into_iter().collect(),
                seen: Vec::new(),
                received: 0,
                deadline: None,
                enough,
            }
        }
        fn saw(&self, event: &Event) -> bool {
            self.seen.contains(event)
        }
        fn ended(&self) -> bool {
            self.seen
                .iter()
                .any(|e| matches!(e, Event::Eof | Event::Reset(_)))
        }
    }

    impl End for Script {
        fn handle(&mut self, _: Duration, event: Event) {
            if let Event::Received(octets) = &event {
                self.received += octets.len();
            }
            if !matches!(event, Event::Received(_)) || self.received < 1000 {
                self.seen.push(event);
            }
        }
        fn action(&mut self) -> Option<Action> {
            self.actions.pop_front()
        }
        fn deadline(&self) -> Option<Duration> {
            self.deadline
        }
        fn is_done(&self) -> bool {
            (self.enough)(self)
        }
    }

    async fn pair() -> (Transport, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        (Box::new(near), listener.accept().await.unwrap().0)
    }

    async fn drive(script: &mut Script, near: Transport) -> Recording {
        exchange(script, near, Instant::now(), &TERMS).await
    }

    #[tokio::test]
    async fn reads_while_it_writes() {
        const SIZE: usize = 32 << 20;
        let (near, far) = pair().await;
        let echo = tokio::spawn(async move {
            let (mut from, mut to) = far.into_split();
            tokio::io::copy(&mut from, &mut to).await
        });
        let mut script = Script::new([Action::Write(vec![vec![7; SIZE]])], |s| s.received == SIZE);
        drive(&mut script, near).await;
        assert_eq!(script.received, SIZE);
        assert!(script.saw(&Event::Written));
        assert_eq!(echo.await.unwrap().unwrap(), SIZE as u64);
    }

    #[tokio::test]
    async fn a_refused_write_loses_nothing_that_came() {
        let (near, mut far) = pair().await;
        let last_words = tokio::spawn(async move {
            far.write_all(b"why").await.unwrap();
            // Dropped with unread octets: RST.
            far.readable().await.unwrap();
        });
        let mut script = Script::new([Action::Write(vec![vec![0; 64 << 20]])], |s| s.ended());
        drive(&mut script, near).await;
        last_words.await.unwrap();
        assert!(
            script.saw(&Event::Received(b"why".to_vec())),
            "{:?}",
            script.seen
        );
        assert!(
            matches!(script.seen.last(), Some(Event::Reset(_))),
            "{:?}",
            script.seen
        );
        assert!(!script.saw(&Event::Written));
    }

    #[tokio::test]
    async fn goes_on_reading_behind_its_own_end() {
        let (near, mut far) = pair().await;
        let answer = tokio::spawn(async move {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.unwrap();
            far.write_all(b"answer").await.unwrap();
            all
        });
        let actions = [
            Action::Write(vec![b"a".to_vec(), b"b".to_vec()]),
            Action::Shutdown,
        ];
        let mut script = Script::new(actions, |s| s.ended());
        let recording = drive(&mut script, near).await;
        assert_eq!(answer.await.unwrap(), b"ab");
        let expected = [
            Event::Connected,
            Event::Written,
            Event::Received(b"answer".to_vec()),
            Event::Eof,
        ];
        assert_eq!(script.seen, expected);
        assert!(recording.events.iter().map(|(_, e)| e).eq(&expected));
        assert!(recording.events.is_sorted_by_key(|(at, _)| *at) && !recording.cut_off);
    }

    #[tokio::test]
    async fn aborts_with_rst() {
        let (near, mut far) = pair().await;
        let actions = [Action::Write(vec![b"a".to_vec()]), Action::Abort];
        let mut script = Script::new(actions, |_| false);
        drive(&mut script, near).await;
        assert!(script.ended());
        let error = far.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn parts_with_fin_when_it_is_done() {
        let (near, mut far) = pair().await;
        far.write_all(b"more than it wants").await.unwrap();
        let mut script = Script::new([], |s| !s.seen.is_empty());
        drive(&mut script, near).await;
        assert_eq!(far.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn tells_the_deadline_and_gives_up_an_end_that_only_waits() {
        let (near, _far) = pair().await;
        let mut script = Script::new([], |_| false);
        script.deadline = Some(Duration::from_millis(1));
        drive(&mut script, near).await;
        assert_eq!(script.seen, [Event::Connected, Event::Deadline]);
    }

    #[tokio::test]
    async fn a_target_that_still_reads_gets_its_time_anew() {
        const SIZE: usize = 16 << 20;
        let (near, mut far) = pair().await;
        let reader = tokio::spawn(async move {
            let (mut buffer, mut read) = (vec![0; 64 << 10], 0);
            while read < SIZE {
                read += far.read(&mut buffer).await.unwrap();
            }
            far.write_all(b"done").await.unwrap();
        });
        let mut script = Script::new([Action::Write(vec![vec![7; SIZE]])], |s| {
            s.received == 4 || s.saw(&Event::Deadline)
        });
        // Due at once, long before all is written.
        script.deadline = Some(Duration::ZERO);
        let terms = Terms {
            patience: Duration::from_secs(5),
            ..TERMS
        };
        exchange(&mut script, near, Instant::now(), &terms).await;
        let written = script.seen.iter().position(|e| *e == Event::Written);
        let deadline = script.seen.iter().position(|e| *e == Event::Deadline);
        assert!(
            written.is_some() && deadline.is_none_or(|d| written < Some(d)),
            "{:?}",
            script.seen
        );
        reader.abort();
    }

    #[tokio::test]
    async fn a_flood_does_not_hold_the_deadline_up() {
        let (near, far) = pair().await;
        let flood = tokio::spawn(async move {
            let mut far = far;
            while far.write_all(&[0; 4096]).await.is_ok() {}
        });
        let mut script = Script::new([], |s| s.saw(&Event::Deadline));
        script.deadline = Some(Duration::from_millis(1));
        drive(&mut script, near).await;
        assert_eq!(script.seen.last(), Some(&Event::Deadline));
        flood.await.unwrap();
    }

    #[tokio::test]
    async fn the_recording_is_bounded() {
        let (near, far) = pair().await;
        let flood = tokio::spawn(async move {
            let mut far = far;
            while far.write_all(&[0; 4096]).await.is_ok() {}
        });
        let mut script = Script::new([], |s| s.received > 4 << 20);
        let terms = Terms {
            record: 1 << 20,
            ..TERMS
        };
        let recording = exchange(&mut script, near, Instant::now(), &terms).await;
        let kept: usize = recording
            .events
            .iter()
            .map(|(_, e)| {
                if let Event::Received(octets) = e {
                    octets.len()
                } else {
                    0
                }
            })
            .sum();
        assert!(recording.cut_off && kept <= 1 << 20, "{kept}");
        flood.await.unwrap();
    }
}
