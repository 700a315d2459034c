//! A connection that has come: TLS, the head of its request, and where that leads.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Hall, MAX_ASKING, MAX_HEAD, News, Query, Route, control, play,
    route::{self, Senseless},
    web,
};
use crate::{
    case::Profile,
    drive::transport::Transport,
    wire::handshake::{HeadReader, Limits, Request, server::Refusal, write},
};

/// How long the other side may take to end TCP, once this side has.
const LINGER: Duration = Duration::from_secs(2);
/// So much of what still comes is read then.
const MAX_LINGER: usize = 1 << 20;
/// The first octet of TLS (RFC 8446, section 5.1: a handshake record).
const TLS: u8 = 0x16;

/// Serves one connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    start: Instant,
    hall: Arc<Hall>,
    tls: Option<TlsAcceptor>,
) -> io::Result<()> {
    let until = start + MAX_ASKING;
    let mut first = [0];
    let speaks_tls = match timeout_at(until, stream.peek(&mut first)).await {
        Ok(Ok(1)) => first[0] == TLS,
        _ => return Ok(()),
    };
    let mut transport: Transport = match (tls, speaks_tls) {
        (None, _) => Box::new(stream),
        (Some(tls), true) => match timeout_at(until, tls.accept(stream)).await {
            Ok(accepted) => Box::new(tokio_rustls::TlsStream::Server(accepted?)),
            Err(_) => return Ok(()),
        },
        (Some(_), false) => {
            let why = "this port speaks TLS; write wss:// or https://\n";
            return reply(Box::new(stream), &write::plain(400, &[], why)).await;
        }
    };
    let (request, octets) = match timeout_at(until, read_head(&mut transport)).await {
        Ok(Ok(read)) => read,
        Ok(Err(Some(answer))) => return reply(transport, &answer).await,
        Ok(Err(None)) => return Ok(()),
        Err(_) => {
            let why = format!("no whole request came within {MAX_ASKING:?}\n");
            return reply(transport, &write::plain(408, &[], &why)).await;
        }
    };
    let asked = Asked {
        start,
        request,
        octets,
    };
    dispatch(transport, asked, &hall).await
}

/// A request, and what of the connection has been read.
pub(super) struct Asked {
    pub start: Instant,
    pub request: Request,
    /// From the first octet on; there may be some behind the head.
    pub octets: Vec<u8>,
}

/// The head of the request, and all that was read; else what to answer, if anything.
async fn read_head(transport: &mut Transport) -> Result<(Request, Vec<u8>), Option<Vec<u8>>> {
    let mut reader = HeadReader::<Request>::request().with_limits(Limits {
        octets: MAX_HEAD,
        ..Limits::default()
    });
    let (mut octets, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match transport.read(&mut buffer).await {
            Ok(count @ 1..) => {
                octets.extend_from_slice(&buffer[..count]);
                reader.feed(&buffer[..count]);
            }
            _ => return Err(None),
        }
        match reader.next() {
            Ok(Some(request)) => return Ok((request, octets)),
            Ok(None) => {}
            Err(error) => return Err(Some(Refusal::of(&error).octets())),
        }
    }
}

async fn dispatch(transport: Transport, asked: Asked, hall: &Arc<Hall>) -> io::Result<()> {
    let route = match Route::of(&asked.request.target) {
        Ok(route) => route,
        Err(why) => return refuse(transport, &why).await,
    };
    if !route::wants_websocket(&asked.request) {
        let answer = web::answer(hall, &asked.request);
        return reply(transport, &answer.octets(asked.request.method == "HEAD")).await;
    }
    let said = match route {
        Route::Run(query) => match which(hall, &query).and_then(|(place, agent)| {
            let agent = agent
                .or_else(|| {
                    query
                        .id
                        .is_some()
                        .then(|| route::unnamed(&asked.request.head))
                })
                .ok_or_else(no_agent)?;
            hall.greet(&agent).map_err(Senseless)?;
            Ok((place, agent))
        }) {
            Ok((place, agent)) => {
                play::play(transport, asked, hall, place, agent).await;
                return Ok(());
            }
            Err(why) => Err(why),
        },
        Route::Count { browser } => {
            let profile = browser.then_some(Profile::Browser);
            Ok(Some(hall.count(profile).to_string()))
        }
        Route::Info(query) => which(hall, &query).map(|(place, _)| {
            let case = &hall.options.items[place].case;
            let info = serde_json::json!({"id": case.id, "description": case.title});
            Some(info.to_string())
        }),
        Route::Status(query) => match which(hall, &query) {
            Ok((place, Some(agent))) => Ok(Some(control::status(hall, place, &agent).await)),
            Ok((_, None)) => Err(no_agent()),
            Err(why) => Err(why),
        },
        Route::Update { agent, shutdown } => {
            let agent = agent.unwrap_or_default();
            control::update(hall, agent, shutdown).await;
            Ok(None)
        }
        Route::Stop => {
            let done = control::converse(transport, &asked, None).await;
            hall.tell(News::Stop).await;
            return done;
        }
        Route::Other(path) => match hall.sole_awaited() {
            // It was told what to ask for, and that it asks for something else is what the case finds.
            Some((place, agent)) => {
                hall.greet(&agent).map_err(io::Error::other)?;
                play::play(transport, asked, hall, place, agent).await;
                return Ok(());
            }
            None => Err(Senseless(format!(
                "there is nothing at {path:?}; cases are at /runCase?case=N&agent=NAME and at /case/ID?agent=NAME"
            ))),
        },
    };
    match said {
        Ok(said) => control::converse(transport, &asked, said.as_deref()).await,
        Err(why) => refuse(transport, &why).await,
    }
}

fn no_agent() -> Senseless {
    Senseless("`agent` is missing; write agent=NAME, any name for the client under test".to_owned())
}

/// The case that is meant, and who asks.
fn which(hall: &Hall, query: &Query) -> Result<(usize, Option<String>), Senseless> {
    let cases = hall.options.items.len();
    let place = match (&query.number, &query.id) {
        (Some(_), Some(_)) => {
            return Err(Senseless(
                "`case` and `casetuple` are both there; give one of them".to_owned(),
            ));
        }
        (None, None) => {
            return Err(Senseless(format!(
                "`case` is missing; write case=N with N from 1 to {cases}"
            )));
        }
        (Some(number), None) => number
            .parse::<usize>()
            .ok()
            .filter(|n| (1..=cases).contains(n) && number.bytes().all(|b| b.is_ascii_digit()))
            .map(|n| n - 1)
            .ok_or_else(|| {
                let shown: String = number.chars().take(40).collect();
                Senseless(format!(
                    "`case` is {shown:?}; it takes a number from 1 to {cases}"
                ))
            })?,
        (None, Some(id)) => hall.place(id).ok_or_else(|| {
            let shown: String = id.chars().take(200).collect();
            Senseless(format!(
                "no case on offer is called {shown:?}; /getCaseInfo?case=N tells their ids"
            ))
        })?,
    };
    Ok((place, query.agent.clone()))
}

async fn refuse(transport: Transport, why: &Senseless) -> io::Result<()> {
    reply(transport, &write::plain(400, &[], &format!("{why}\n"))).await
}

/// Writes an answer, and ends TCP in order.
async fn reply(mut transport: Transport, octets: &[u8]) -> io::Result<()> {
    let write = async {
        transport.write_all(octets).await?;
        transport.flush().await
    };
    timeout(MAX_ASKING, write).await??;
    end(transport).await
}

/// FIN, then what still comes is read for a while: unread octets would turn FIN into RST, and RST takes away what the other side has not read.
pub(super) async fn end(mut transport: Transport) -> io::Result<()> {
    timeout(LINGER, transport.shutdown()).await??;
    let (mut buffer, mut left) = ([0; 4096], MAX_LINGER);
    let _ = timeout(LINGER, async {
        while let Ok(count @ 1..) = transport.read(&mut buffer).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    })
    .await;
    Ok(())
}
