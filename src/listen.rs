//! The suite as a server: clients come, ask for cases, and are judged.
//!
//! One port speaks HTTP and WebSocket. The head of each request is read and [routed](route) by its path: to a case, to one of Autobahn's
//! control paths, or to a [page](web). A case gets the octets of the head as they came.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use url::form_urlencoded::byte_serialize;

use crate::{
    case::Profile,
    drive::Delivery,
    process,
    report::{self, journal::Journal},
    run::{Item, attempt, crash::told},
    session::{Transcript, Verdict},
};

pub mod agents;
mod arrival;
mod control;
pub mod habits;
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
/// How long a client that asks for reports waits for a case of its own to be judged.
const MAX_SETTLING: Duration = Duration::from_secs(5);
/// So much news may wait to be told.
const MAX_NEWS: usize = 64;

/// How clients are tested.
#[derive(Debug)]
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
    /// Clients are known to send each message back; else they show it.
    pub echo: bool,
    /// Where each result is kept at once.
    pub journal: Option<Journal>,
    /// Each case is asked for by the URL that the suite has handed out, that of [`Options::resource`] for this agent.
    pub alone: Option<String>,
}

impl Options {
    /// The request target of a case, for a client that plays this one alone.
    pub fn resource(&self, place: usize, agent: &str) -> String {
        let id = self.items.get(place).map_or("", |item| &item.case.id);
        let agent: String = byte_serialize(agent.as_bytes()).collect();
        format!("{}?agent={agent}", route::path_of(id))
    }
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
    /// Counts the times that reports were asked for.
    updates: watch::Sender<u64>,
    /// Cases in play.
    playing: watch::Sender<BTreeMap<(String, usize), usize>>,
    /// Cases that a client was started for, and that it has not asked for yet.
    awaited: Mutex<Vec<usize>>,
    /// Clients that came to a bad end.
    crashes: Mutex<Crashes>,
}

/// A crash, and the last lines.
type Told = (report::Crash, Vec<String>);
/// By agent, and the place of the case that does it; `None`: none does it alone.
type Crashes = BTreeMap<(String, Option<usize>), Vec<Told>>;

/// Waits for what comes of a case that may have been played before.
pub struct Results {
    hall: Arc<Hall>,
    agent: String,
    place: usize,
    before: u64,
    counter: watch::Receiver<u64>,
}

impl Results {
    /// Waits until it has been played once more.
    pub async fn come(&mut self) {
        loop {
            self.counter.mark_unchanged();
            if self.hall.agents().times(&self.agent, self.place) > self.before {
                return;
            }
            if self.counter.changed().await.is_err() {
                std::future::pending().await
            }
        }
    }
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
            updates: watch::Sender::new(0),
            playing: watch::Sender::default(),
            awaited: Mutex::default(),
            crashes: Mutex::default(),
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
        let beyond = agent.played.range(self.ordinary..).next();
        let profile = beyond.map(|_| Profile::Browser);
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
        let mut builder = report::Builder::new(self.start(agent));
        for result in results {
            builder.add(result);
        }
        let (echo, duration) = {
            let agents = self.agents();
            let one = agents.get(agent)?;
            (one.echoes, one.lasted())
        };
        let crashes = self.crashes().clone().into_iter();
        let crashes = crashes.filter(|((who, _), _)| who == agent);
        let mut report = builder.finish(report::End {
            crashes: crashes.flat_map(|(_, told)| told).collect(),
            address: Some(self.options.url.clone()),
            echo: Some(echo),
            duration,
            ..report::End::default()
        });
        report.target.agent = Some(agent.to_owned());
        Some(report)
    }

    /// Keeps what came of a case, in the journal first.
    fn keep(&self, agent: &str, place: usize, played: Played, key: Option<&[u8]>) {
        let Some(item) = self.options.items.get(place) else {
            return;
        };
        let mut agents = self.agents();
        let Some((played, echoes)) = agents.judge(agent, item, played, key) else {
            return;
        };
        if let Some(journal) = &self.options.journal {
            let unproved = agents::is_unproved(item, &played);
            let mut builder = report::Builder::new(self.options.start.clone());
            let (case, measured) = builder.add(agents::result(item, played.clone()));
            // A journal that cannot be written any more keeps nobody from being tested; the report tells at the end.
            let _ = journal.add(agent, case, measured, echoes, unproved);
        }
        agents.add(agent, place, played);
        drop(agents);
        self.results.send_modify(|count| *count += 1);
    }

    /// What comes of a case from now on.
    pub fn results_of(self: &Arc<Hall>, agent: &str, place: usize) -> Results {
        Results {
            before: self.agents().times(agent, place),
            counter: self.results.subscribe(),
            hall: self.clone(),
            agent: agent.to_owned(),
            place,
        }
    }

    /// The reports are written: the journal has nothing that they have not.
    pub fn end_journal(&self) {
        if let Some(journal) = &self.options.journal {
            journal.remove();
        }
    }

    /// Changes with each demand for reports, once they are written.
    pub fn updates(&self) -> watch::Receiver<u64> {
        self.updates.subscribe()
    }

    /// Reports have been written.
    pub fn updated(&self) {
        self.updates.send_modify(|count| *count += 1);
    }

    /// Whether a case is in play.
    pub fn is_playing(&self, agent: &str, place: usize) -> bool {
        let playing = self.playing.borrow();
        playing.contains_key(&(agent.to_owned(), place))
    }

    /// Whether any is.
    pub fn is_idle(&self) -> bool {
        self.playing.borrow().is_empty()
    }

    /// Waits until none is: each has its deadlines.
    pub async fn idle(&self) {
        let mut playing = self.playing.subscribe();
        // It lives as long as this does.
        let _ = playing.wait_for(BTreeMap::is_empty).await;
    }

    fn greet(&self, agent: &str) -> Result<(), String> {
        self.agents().greet(agent, self.options.echo)
    }

    /// What the report of an agent begins with.
    pub fn start(&self, agent: &str) -> report::Start {
        let mut start = self.options.start.clone();
        // That it echoes is what several cases have shown: one alone could not.
        if self.agents().get(agent).is_some_and(|agent| agent.echoes) {
            start.command.push("--echo".to_owned());
        }
        start
    }

    /// Waits until none of this agent is, for a while: it may see the end of a case before that is judged. An agent that ends itself when it has its
    /// reports ends what it had left open, and nobody would see that it was.
    async fn settled(&self, agent: &str) {
        let mut playing = self.playing.subscribe();
        let none = playing.wait_for(|playing| !playing.keys().any(|(who, _)| who == agent));
        let _ = timeout(self.options.patience + MAX_SETTLING, none).await;
    }

    /// A case that could not be played.
    pub async fn without(&self, agent: &str, place: usize, duration: Duration, why: String) {
        if self.greet(agent).is_err() {
            return;
        }
        let played = Played {
            judgement: attempt::without(Verdict::Error, why),
            transcript: Transcript::default(),
            duration,
            patience: self.options.patience,
            within_frame: false,
            unstable: false,
            crashed: false,
        };
        self.keep(agent, place, played, None);
        let agent = agent.to_owned();
        self.tell(News::Judged { agent, place }).await;
    }

    /// A client was started for a case, or has come to its end.
    pub fn awaits(&self, place: usize, does: bool) {
        let mut awaited = self.awaited.lock().unwrap_or_else(|e| e.into_inner());
        match does {
            true => awaited.push(place),
            false => awaited.retain(|known| *known != place),
        }
    }

    /// The one case that can be meant where a client asks for something else than it was told.
    fn sole_awaited(&self) -> Option<(usize, String)> {
        let awaited = self.awaited.lock().unwrap_or_else(|e| e.into_inner());
        match awaited.as_slice() {
            [place] => Some((*place, self.options.alone.clone()?)),
            _ => None,
        }
    }

    fn crashes(&self) -> MutexGuard<'_, Crashes> {
        self.crashes.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The client came to a bad end in a case that was judged, and another one is started for the next.
    pub fn crashed(&self, agent: &str, place: usize, crash: &process::Crash) {
        let Some(item) = self.options.items.get(place) else {
            return;
        };
        let told = told(Some(&item.case.id), crash);
        self.crashes()
            .insert((agent.to_owned(), Some(place)), vec![told]);
        let mut agents = self.agents();
        let Some(played) = agents.crashed(agent, place, crash) else {
            return;
        };
        if let Some(journal) = &self.options.journal {
            let mut builder = report::Builder::new(self.options.start.clone());
            let (case, measured) = builder.add(agents::result(item, played));
            let echoes = agents.get(agent).is_some_and(|agent| agent.echoes);
            let _ = journal.add(agent, case, measured, echoes, false);
        }
    }

    /// The crash in a case that is going to be played again.
    pub fn take_crash(&self, agent: &str, place: usize) -> Option<Vec<Told>> {
        self.crashes().remove(&(agent.to_owned(), Some(place)))
    }

    /// A crash beside other cases, and another try alone behind it: where that has not ended so, nobody knows which case does it.
    pub fn crashed_beside(&self, agent: &str, place: usize, before: Vec<Told>) {
        let mut crashes = self.crashes();
        if crashes.contains_key(&(agent.to_owned(), Some(place))) {
            return;
        }
        let unknown = before.into_iter().map(|(crash, lines)| {
            let case = crash.case.unwrap_or_default();
            let reason = format!(
                "{}; that was in {case}, which does not do it alone",
                crash.reason
            );
            (report::Crash { case: None, reason }, lines)
        });
        let all = crashes.entry((agent.to_owned(), None)).or_default();
        all.extend(unknown);
    }

    /// The cases of an agent that are worth another try, and what came of the first.
    pub fn doubtful(&self, agent: &str) -> Vec<(usize, Verdict)> {
        let agents = self.agents();
        let Some(agent) = agents.get(agent) else {
            return Vec::new();
        };
        let played = agent.played.iter();
        played
            .map(|(place, played)| (*place, played.judgement.verdict))
            .filter(|(_, verdict)| {
                matches!(
                    verdict,
                    Verdict::Fail | Verdict::Error | Verdict::Inconclusive
                )
            })
            .collect()
    }

    /// A case was played again alone; its first verdict was this one.
    pub fn again(&self, agent: &str, place: usize, before: Verdict) {
        self.agents().again(agent, place, before);
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
