//! The only room that awaits: dials a target, and carries events and actions between a session and its connection.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    case::Case,
    session::{Session, Setup},
};

pub mod connect;
pub mod delivery;
pub mod exchange;
pub mod idle;
pub mod tls;
pub mod transport;
pub mod url;

pub use connect::{ConnectError, DialError, Dialler, TlsOptions};
pub use delivery::{Deliveries, Delivery};
pub use exchange::{End, Recording, Terms, exchange};
pub use url::{Target, UrlError};

/// A case that was played over a connection.
pub struct Played {
    /// With its judgement, and its transcript.
    pub session: Session,
    /// What happened, as far as it was to be recorded.
    pub recording: Recording,
    /// How long the connection took to come about, TLS included.
    pub connecting: Duration,
}

/// Plays one case over a connection of its own.
pub async fn play(
    dialler: &Dialler,
    case: Arc<Case>,
    setup: Setup,
    terms: &Terms,
) -> Result<Played, ConnectError> {
    let start = Instant::now();
    let transport = dialler.dial(terms.connect).await?;
    let connecting = start.elapsed();
    let mut session = Session::new(case, setup);
    let recording = exchange(&mut session, transport, start, terms).await;
    Ok(Played {
        session,
        recording,
        connecting,
    })
}
