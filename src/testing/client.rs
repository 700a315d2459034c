//! A client under test.

use std::time::{Duration, Instant};

use tokio::{net::TcpListener, sync::mpsc, task::JoinSet, time::timeout};

use super::{Error, Test};
use crate::{
    case::Role,
    drive::{Deliveries, Delivery},
    listen::{self, Hall, MAX_CASE, News},
    report::{Report, Stopped, Why},
};

/// What a client is called that nobody has given a name.
const AGENT: &str = "client";
/// A client that does not come for so many cases, one behind the other, does not come.
const MAX_MISSED: usize = 3;

/// A client: an asynchronous function of a URL. Its options are methods of [`Test<Client<F>>`](Test).
#[derive(Clone, Debug)]
pub struct Client<F> {
    client: F,
}

impl<F, R> Client<F>
where
    F: FnMut(String) -> R,
    R: Future,
{
    /// The function is called once for each case, one after the other. It connects to the URL, sends each message back as it came, and ends when the
    /// connection does. What it returns is not looked at: many cases are about what ends in an error.
    ///
    /// ```
    /// use futures_util::{SinkExt, StreamExt};
    /// use tokio_tungstenite::{connect_async, tungstenite};
    /// use wsspec::Client;
    ///
    /// async fn echo(url: String) -> tungstenite::Result<()> {
    ///     let (mut socket, _) = connect_async(url).await?;
    ///     while let Some(message) = socket.next().await {
    ///         let message = message?;
    ///         if message.is_text() || message.is_binary() {
    ///             socket.send(message).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), wsspec::Error> {
    /// // #[tokio::test]
    /// // async fn keeps_the_protocol() -> Result<(), wsspec::Error> {
    /// let report = Client::new(echo).cases(["control/ping"]).run().await?;
    /// report.assert();
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(client: F) -> Test<Client<F>> {
        Test::new(Client { client }, Duration::from_secs(10))
    }
}

impl<F, R> Test<Client<F>>
where
    F: FnMut(String) -> R,
    R: Future,
{
    /// How octets are handed to the transport.
    pub fn delivery(mut self, delivery: Delivery) -> Test<Client<F>> {
        self.deliveries = Deliveries::One(delivery);
        self
    }

    /// Plays the cases, on a port of loopback that is free.
    ///
    /// # Errors
    /// The run did not come about: the client never comes, or an option makes no sense. That the client deviates, or comes for some of the cases
    /// only, is in the report: [`Report::assert`] and [`Report::verdict`] tell.
    pub async fn run(mut self) -> Result<Report, Error> {
        let (chosen, terms, outputs) = self.prepared(Role::Client, "")?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let agent = self.name.clone().unwrap_or_else(|| AGENT.to_owned());
        let mut command: Vec<String> = ["wsspec", "client"].map(String::from).into();
        command.extend(self.options());
        let (hall, mut news) = Hall::new(listen::Options {
            start: self.start(Role::Client, chosen.catalogue, command, terms),
            items: chosen.items,
            patience: self.timeout,
            delivery: self.deliveries.first(),
            url: format!("ws://{address}"),
            echo: false,
            journal: None,
            alone: Some(agent.clone()),
        });
        // Ends with this value, and all connections with it.
        let mut served = JoinSet::new();
        served.spawn(listen::serve(listener, hall.clone(), None));
        let began = Instant::now();
        let mut missed = 0;
        for place in 0..hall.count(None) {
            let resource = hall.options.resource(place, &agent);
            let call = (self.subject.client)(format!("ws://{address}{resource}"));
            missed = match came(call, &mut news, place, self.timeout).await {
                true => 0,
                false => missed + 1,
            };
            if missed == MAX_MISSED {
                break;
            }
        }
        let mut report = hall.report(&agent).ok_or(Error::NoClient)?;
        report.measured.duration_us = began.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
        let not_run = hall.not_asked(&agent) as u64;
        if not_run > 0 {
            let why = Why::NotAsked;
            report.stopped = Some(Stopped { why, not_run });
        }
        outputs.write(&report)?;
        Ok(report)
    }
}

/// Lets the client play the case at this place, and tells whether it has come for it.
async fn came(
    call: impl Future,
    news: &mut mpsc::Receiver<News>,
    place: usize,
    patience: Duration,
) -> bool {
    let judged = judged(news, place);
    tokio::pin!(call, judged);
    tokio::select! {
        () = &mut judged => {
            // A client needs a moment to see that the connection is over; one that hangs is not waited for.
            let _ = timeout(patience, call).await;
            true
        }
        ended = timeout(MAX_CASE, &mut call) => match ended {
            // It has gone: what it sent is still judged.
            Ok(_) => timeout(patience, judged).await.is_ok(),
            Err(_) => false,
        },
    }
}

/// Reads news until this case is judged. Nobody else is to be told of them.
async fn judged(news: &mut mpsc::Receiver<News>, wanted: usize) {
    while let Some(one) = news.recv().await {
        if matches!(one, News::Judged { place, .. } if place == wanted) {
            return;
        }
    }
}
