//! The loop against a hand at the other end.

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
