//! A case that is played with the client that asked for it.

use std::sync::Arc;

use tokio::time::timeout;

use super::{Hall, MAX_CASE, News, Options, agents::Played, arrival::Asked, route};
use crate::{
    case::Role,
    drive::{
        Terms, exchange,
        transport::{Reread, Transport},
    },
    session::{Session, Setup},
    wire::handshake::uri,
};

/// Plays it, and keeps what came of it.
pub(super) async fn play(
    transport: Transport,
    asked: Asked,
    hall: &Arc<Hall>,
    place: usize,
    agent: String,
) {
    let options = &hall.options;
    let Some(item) = options.items.get(place) else {
        return;
    };
    let setup = Setup {
        target: Role::Client,
        host: host(&asked, &transport).unwrap_or_default(),
        resource: resource(options, &asked, place, &agent).unwrap_or_default(),
        headers: Vec::new(),
        echo: true,
        greets: false,
        seed: options.start.seed,
        patience: options.patience,
    };
    let terms = Terms {
        connect: options.patience,
        patience: options.patience,
        delivery: options.delivery,
        record: 0,
    };
    let key = asked.request.head.value("Sec-WebSocket-Key");
    let key = key.map(<[u8]>::to_vec);
    let _in_play = InPlay::begin(hall, &agent, place);
    let mut session = Session::new(item.case.clone(), setup);
    let transport = Box::new(Reread::new(asked.octets, transport));
    let played = exchange(&mut session, transport, asked.start, &terms);
    // A session that is not over by then counts as broken off.
    let _ = timeout(MAX_CASE, played).await;
    let within_frame = session.is_within_frame();
    let (judgement, transcript) = session.finish();
    let played = Played {
        judgement,
        transcript,
        duration: asked.start.elapsed(),
        patience: options.patience,
        within_frame,
        unstable: false,
        crashed: false,
    };
    hall.keep(&agent, place, played, key.as_deref());
    hall.tell(News::Judged { agent, place }).await;
}

/// A case in play, until this is dropped.
struct InPlay<'a> {
    hall: &'a Hall,
    which: (String, usize),
}

impl InPlay<'_> {
    fn begin<'a>(hall: &'a Hall, agent: &str, place: usize) -> InPlay<'a> {
        let which = (agent.to_owned(), place);
        let key = which.clone();
        hall.playing.send_modify(|playing| {
            *playing.entry(key).or_default() += 1;
        });
        InPlay { hall, which }
    }
}

impl Drop for InPlay<'_> {
    fn drop(&mut self) {
        self.hall.playing.send_modify(|playing| {
            if let Some(count) = playing.get_mut(&self.which) {
                *count -= 1;
                if *count == 0 {
                    playing.remove(&self.which);
                }
            }
        });
    }
}

/// What `Host` has to be, where that is known. Whoever connects from the same machine to a port that is no default one cannot have meant one
/// (RFC 6455, section 4.1, item 4); which name it took for the host is its own affair, and so is a port that is another one, for something
/// may lie between.
fn host(asked: &Asked, transport: &Transport) -> Option<String> {
    let tcp = transport.tcp();
    let (here, there) = (tcp.local_addr().ok()?, tcp.peer_addr().ok()?);
    let lines = asked.request.head.count("Host");
    let host = asked.request.head.value("Host")?;
    let (name, port) = uri::split_port(host);
    let is_plain = lines == 1 && uri::is_host(host) && port.is_none();
    (is_plain
        && here.ip().is_loopback()
        && there.ip().is_loopback()
        && !matches!(here.port(), 80 | 443))
    .then(|| format!("{}:{}", String::from_utf8_lossy(name), here.port()))
}

/// What the request target has to be, where the client was told: another way of percent-encoding is right too.
fn resource(options: &Options, asked: &Asked, place: usize, agent: &str) -> Option<String> {
    let agent = options.alone.as_deref().unwrap_or(agent);
    let wanted = options.resource(place, agent);
    options.alone.as_ref()?;
    let target = String::from_utf8_lossy(&asked.request.target).into_owned();
    match route::unescaped(&target) == route::unescaped(&wanted) {
        true => Some(target),
        false => Some(wanted),
    }
}
