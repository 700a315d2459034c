//! The suite as a server: clients come, ask for cases, and are judged.
//!
//! One port speaks HTTP and WebSocket. The head of each request is read and [routed](route) by its path: to a [case](play), to one of Autobahn's
//! [control paths](control), or to a [page](web). A case gets the octets of the head as they came.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_rustls::TlsAcceptor;

use crate::{case::Profile, drive::Delivery, report, run::Item};

pub mod agents;
mod arrival;
mod control;
mod play;
pub mod route;
pub mod tls;
pub mod web;

pub use agents::{Agents, Played};
pub use route::{Query, Route};

/// How many connections are served at a time; more of them wait to be accepted.
pub const MAX_CONNECTIONS: usize = 1024;
/// The most octets of the head of a request.
pub const MAX_HEAD: usize = 64 << 10;
/// How long a client may take to ask, TLS included.
pub const MAX_ASKING: Duration = Duration::from_secs(10);
/// The longest that one case may take, whatever the client sends.
pub const MAX_CASE: Duration = Duration::from_secs(300);
/// So much news may wait to be told.
const MAX_NEWS: usize = 64;

/// How clients are tested.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cases, in the order in which clients count them, from 1.
    pub items: Vec<Item>,
    /// What the reports begin with.
    pub start: report::Start,
    /// How long a client may take for one step.
    pub patience: Duration,
    /// How what is sent is cut.
    pub delivery: Delivery,
    /// Where the page and the reports say that it listens: `ws://HOST:PORT`.
    pub url: String,
}

/// What is told while clients come and go.
#[derive(Debug)]
pub enum News {
    /// A case was played by an agent.
    Judged {
        /// Who.
        agent: String,
        /// The place of the case among those on offer, from 0.
        place: usize,
    },
    /// An agent wants the reports written; it waits for this to be dropped.
    Update {
        /// Who.
        agent: String,
        /// It is over then.
        shutdown: bool,
        /// The agent goes on when this is dropped, or sent.
        done: oneshot::Sender<()>,
    },
    /// A client asks for the end.
    Stop,
}

/// What all connections share.
pub struct Hall {
    /// How clients are tested.
    pub options: Options,
    /// How many cases are for all clients: the first ones.
    ordinary: usize,
    /// Places by id.
    places: HashMap<String, usize>,
    /// Places by Autobahn's numbers, where one case alone has it.
    autobahn: HashMap<String, Option<usize>>,
    agents: Mutex<Agents>,
    news: mpsc::Sender<News>,
    /// Counts results, for those who wait for one.
    results: watch::Sender<u64>,
}

impl Hall {
    /// Nobody has come yet. The receiver gets the news.
    pub fn new(mut options: Options) -> (Arc<Hall>, mpsc::Receiver<News>) {
        // What is for clients of a kind comes last: the others count up to it.
        options
            .items
            .sort_by_key(|item| item.case.profile.is_some());
        let ordinary = options.items.iter();
        let ordinary = ordinary.filter(|item| item.case.profile.is_none()).count();
        let (news, receiver) = mpsc::channel(MAX_NEWS);
        let ids = options.items.iter().map(|item| item.case.id.clone());
        let places = ids.zip(0..).collect();
        let mut autobahn = HashMap::new();
        for (place, item) in options.items.iter().enumerate() {
            for number in &item.case.autobahn {
                autobahn
                    .entry(number.clone())
                    .and_modify(|known| *known = None)
                    .or_insert(Some(place));
            }
        }
        let hall = Hall {
            places,
            autobahn,
            agents: Mutex::new(Agents::default()),
            news,
            results: watch::Sender::new(0),
            ordinary,
            options,
        };
        (Arc::new(hall), receiver)
    }

    /// Who has come, and what they have done. To be held for a moment only.
    pub fn agents(&self) -> MutexGuard<'_, Agents> {
        // Nothing that is done under this lock leaves it half done.
        self.agents
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How many cases there are for clients of this kind, of `None` for all.
    pub fn count(&self, profile: Option<Profile>) -> usize {
        match profile {
            None => self.ordinary,
            Some(_) => self.options.items.len(),
        }
    }

    /// How many cases an agent has not asked for.
    pub fn not_asked(&self, agent: &str) -> usize {
        let agents = self.agents();
        let Some(agent) = agents.get(agent) else {
            return self.ordinary;
        };
        let profile = match agent.played.range(self.ordinary..).next() {
            Some(_) => Some(Profile::Browser),
            None => None,
        };
        self.count(profile).saturating_sub(agent.played.len())
    }

    /// The place of a case, by its id or an unambiguous number of Autobahn's.
    pub fn place(&self, id: &str) -> Option<usize> {
        let by_number = || self.autobahn.get(id).copied().flatten();
        self.places.get(id).copied().or_else(by_number)
    }

    /// What an agent has shown so far.
    pub fn report(&self, agent: &str) -> Option<report::Report> {
        let results = self.agents().results(agent, &self.options.items)?;
        let mut builder = report::Builder::new(self.options.start.clone());
        for result in results {
            builder.add(result);
        }
        let mut report = builder.finish(report::End {
            address: Some(self.options.url.clone()),
            ..report::End::default()
        });
        report.target.agent = Some(agent.to_owned());
        Some(report)
    }

    async fn tell(&self, news: News) {
        // Whoever listened has gone: the program is ending.
        let _ = self.news.send(news).await;
    }
}

/// Serves each connection until it ends. Dropping the future ends them all.
pub async fn serve(listener: TcpListener, hall: Arc<Hall>, tls: Option<TlsAcceptor>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // The semaphore is never closed.
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (hall, tls) = (hall.clone(), tls.clone());
                connections.spawn(async move {
                    // A connection that breaks is over; what there is to tell of it has been told.
                    let _ = arrived(stream, hall, tls).await;
                    drop(permit);
                });
            }
            // Out of file descriptors, or a connection that was gone at once: others may go on.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn arrived(
    stream: tokio::net::TcpStream,
    hall: Arc<Hall>,
    tls: Option<TlsAcceptor>,
) -> io::Result<()> {
    let start = Instant::now();
    stream.set_nodelay(true)?;
    arrival::serve(stream, start, hall, tls).await
}
