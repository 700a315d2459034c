//! A case that is played with the client that asked for it.

use std::sync::Arc;

use tokio::time::timeout;

use super::{Hall, MAX_CASE, News, agents::Played, arrival::Asked};
use crate::{
    case::Role,
    drive::{
        Terms, exchange,
        transport::{Reread, Transport},
    },
    session::{Session, Setup},
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
        host: String::new(),
        resource: String::new(),
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
    let mut session = Session::new(item.case.clone(), setup);
    let transport = Box::new(Reread::new(asked.octets, transport));
    let played = exchange(&mut session, transport, asked.start, &terms);
    // A session that is not over by then counts as broken off.
    let _ = timeout(MAX_CASE, played).await;
    let (judgement, transcript) = session.finish();
    let played = Played {
        judgement,
        transcript,
        duration: asked.start.elapsed(),
        patience: options.patience,
    };
    hall.agents().add(&agent, place, item, played);
    hall.results.send_modify(|count| *count += 1);
    hall.tell(News::Judged { agent, place }).await;
}
