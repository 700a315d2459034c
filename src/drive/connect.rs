//! Dialling a target: names resolved once, every address tried in turn, TLS on top where the URL says so.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use rustls::pki_types::ServerName;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_rustls::TlsConnector;

use super::{
    tls::{self, TlsError, Trust},
    transport::Transport,
    url::{Host, Target},
};

/// What the command line says about TLS.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// `--ca`, `--insecure`.
    pub trust: Trust,
    /// `--server-name`.
    pub server_name: Option<String>,
}

/// Makes connections to one target.
pub struct Dialler {
    addresses: Vec<SocketAddr>,
    /// The address that answered: the target is one endpoint, whatever else its name stands for. `usize::MAX`: none yet.
    answered: AtomicUsize,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why a target cannot be dialled at all.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// No address for the name.
    #[error("cannot find the address of {host}: {why}; check the name")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// TCP was refused, or failed otherwise, at every address.
    #[error("cannot connect to {address}: {source}")]
    Tcp {
        /// The last that was tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No answer to TCP's handshake.
    #[error("cannot connect to {address}: no answer within {within:?}")]
    TcpTimedOut {
        /// The last that was tried.
        address: SocketAddr,
        /// How long it was given.
        within: Duration,
    },
    /// TLS failed on a TCP connection that was up.
    #[error("TLS with {address} failed: {source}")]
    Tls {
        /// Which.
        address: SocketAddr,
        /// rustls' error is inside where the target's octets were at fault.
        source: io::Error,
    },
    /// TCP is up, and TLS does not come.
    #[error("TLS with {address} did not come about within {within:?}")]
    TlsTimedOut {
        /// Which.
        address: SocketAddr,
        /// How long it was given.
        within: Duration,
    },
}

impl ConnectError {
    /// What rustls made of the target's octets.
    pub fn rustls(&self) -> Option<&rustls::Error> {
        match self {
            ConnectError::Tls { source, .. } => source.get_ref()?.downcast_ref(),
            _ => None,
        }
    }
}

impl Dialler {
    /// Looks the target's addresses up (within `patience`), and loads the trusted certificates where TLS is asked for.
    pub async fn new(
        target: &Target,
        tls: &TlsOptions,
        patience: Duration,
    ) -> Result<Dialler, DialError> {
        let tls = match target.secure {
            false => None,
            true => {
                let name = tls::server_name(&target.host, tls.server_name.as_deref())?;
                Some((TlsConnector::from(tls::config(&tls.trust)?), name))
            }
        };
        let addresses = match &target.host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, target.port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, target.port))],
            Host::Domain(name) => resolve(name, target.port, patience).await?,
        };
        Ok(Dialler {
            addresses,
            answered: AtomicUsize::new(usize::MAX),
            tls,
        })
    }

    /// One connection, TLS included. `patience` bounds all of it.
    pub async fn dial(&self, patience: Duration) -> Result<Transport, ConnectError> {
        let end = Instant::now() + patience;
        let (address, tcp) = self.tcp(end, patience).await?;
        // Nagle's algorithm would join pieces that a case hands over one by one.
        tcp.set_nodelay(true)
            .map_err(|source| ConnectError::Tcp { address, source })?;
        let Some((connector, name)) = &self.tls else {
            return Ok(Box::new(tcp));
        };
        match timeout_at(end, connector.connect(name.clone(), tcp)).await {
            Ok(Ok(stream)) => Ok(Box::new(tokio_rustls::TlsStream::Client(stream))),
            Ok(Err(source)) => Err(ConnectError::Tls { address, source }),
            Err(_) => Err(ConnectError::TlsTimedOut {
                address,
                within: patience,
            }),
        }
    }

    async fn tcp(
        &self,
        end: Instant,
        patience: Duration,
    ) -> Result<(SocketAddr, TcpStream), ConnectError> {
        let answered = self.answered.load(Ordering::Relaxed);
        let candidates = match self.addresses.get(answered) {
            Some(_) => answered..answered + 1,
            None => 0..self.addresses.len(),
        };
        let mut failed = None;
        for at in candidates.clone() {
            let address = self.addresses[at];
            // An address that swallows SYNs leaves its share of the time to those behind it.
            let left = (candidates.end - at) as u32;
            let share = end.saturating_duration_since(Instant::now()) / left;
            let connecting = connect(address, at == answered);
            let error = match timeout_at(Instant::now() + share, connecting).await {
                Ok(Ok(tcp)) => {
                    self.answered.store(at, Ordering::Relaxed);
                    return Ok((address, tcp));
                }
                Ok(Err(source)) => ConnectError::Tcp { address, source },
                Err(_) => ConnectError::TcpTimedOut {
                    address,
                    within: patience,
                },
            };
            failed = Some(error);
        }
        // `resolve` never gives an empty list.
        Err(failed.expect("at least one address"))
    }

    /// The address that answered.
    pub fn answered(&self) -> Option<SocketAddr> {
        self.addresses
            .get(self.answered.load(Ordering::Relaxed))
            .copied()
    }

    /// All addresses of the target.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

/// Connects. When an address that is `known` has no local port left for it (TIME_WAIT holds each for a minute), asks again for
/// a while; for an unknown one the same error says that there is no way to it.
async fn connect(address: SocketAddr, known: bool) -> io::Result<TcpStream> {
    let mut pause = Duration::from_millis(1);
    loop {
        match TcpStream::connect(address).await {
            Err(e) if known && e.kind() == io::ErrorKind::AddrNotAvailable && pause < MOST => {
                sleep_until(Instant::now() + pause).await;
                pause *= 2;
            }
            done => return done,
        }
    }
}

/// The longest pause between two tries to get a local port.
const MOST: Duration = Duration::from_secs(2);

async fn resolve(name: &str, port: u16, patience: Duration) -> Result<Vec<SocketAddr>, DialError> {
    let failed = |why: String| DialError::Resolve {
        host: name.to_owned(),
        why,
    };
    let found = tokio::time::timeout(patience, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| failed(format!("no answer within {patience:?}")))?
        .map_err(|e| failed(e.to_string()))?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => Err(failed("the name has none".to_owned())),
        false => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    async fn dead_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    }

    fn dialler(addresses: Vec<SocketAddr>) -> Dialler {
        Dialler {
            addresses,
            answered: AtomicUsize::new(usize::MAX),
            tls: None,
        }
    }

    #[tokio::test]
    async fn tries_every_address_and_stays_with_the_one_that_answered() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let live = listener.local_addr().unwrap();
        let dead = SocketAddr::from((Ipv4Addr::LOCALHOST, dead_port().await));
        let dialler = dialler(vec![dead, live, dead]);
        let transport = dialler.dial(PATIENCE).await.unwrap();
        assert_eq!(transport.tcp().peer_addr().unwrap(), live);
        assert!(transport.tcp().nodelay().unwrap());
        drop((listener, transport));
        let error = dialler.dial(PATIENCE).await.err().unwrap();
        assert!(
            matches!(error, ConnectError::Tcp { address, .. } if address == live),
            "{error}"
        );
    }

    #[tokio::test]
    async fn names_the_address_that_refused() {
        let port = dead_port().await;
        let target = Target::parse(&format!("ws://127.0.0.1:{port}")).unwrap();
        let dialler = Dialler::new(&target, &TlsOptions::default(), PATIENCE)
            .await
            .unwrap();
        let error = dialler.dial(PATIENCE).await.err().unwrap();
        assert!(
            error.to_string().contains(&format!("127.0.0.1:{port}: ")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn reads_addresses_without_a_resolver() {
        let target = Target::parse("ws://[::1]:7/").unwrap();
        let dialler = Dialler::new(&target, &TlsOptions::default(), Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(
            dialler.addresses(),
            [SocketAddr::from((Ipv6Addr::LOCALHOST, 7))]
        );
    }
}
