//! Signals that end the program.

use std::io;

use crate::gate::Exit;

/// From now on SIGINT, SIGTERM and SIGHUP end nothing by themselves: a run ends as it should, with its report, and with what it started.
pub struct Signals {
    #[cfg(unix)]
    streams: [(tokio::signal::unix::Signal, Exit); 3],
}

impl Signals {
    /// Listens for them.
    ///
    /// # Errors
    /// The system does not take the wish.
    pub fn listen() -> io::Result<Signals> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Signals {
                streams: [
                    (signal(SignalKind::interrupt())?, Exit::Interrupted),
                    (signal(SignalKind::terminate())?, Exit::Terminated),
                    (signal(SignalKind::hangup())?, Exit::Terminated),
                ],
            })
        }
        #[cfg(not(unix))]
        Ok(Signals {})
    }

    /// Waits for the next one, and tells how the program ends behind it.
    pub async fn next(&mut self) -> Exit {
        #[cfg(unix)]
        {
            let [(interrupt, a), (terminate, b), (hangup, c)] = &mut self.streams;
            tokio::select! {
                Some(()) = interrupt.recv() => *a,
                Some(()) = terminate.recv() => *b,
                Some(()) = hangup.recv() => *c,
                else => std::future::pending().await,
            }
        }
        #[cfg(not(unix))]
        match tokio::signal::ctrl_c().await {
            Ok(()) => Exit::Interrupted,
            Err(_) => std::future::pending().await,
        }
    }
}
