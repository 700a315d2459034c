//! The loop that clients carry for Autobahn's fuzzing server, unchanged: as tokio-tungstenite's own.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{connect_async, tungstenite::Error};

/// What a control path says.
pub async fn ask(url: &str, path: &str) -> Result<Option<String>, Error> {
    let (mut socket, _) = connect_async(format!("{url}{path}")).await?;
    let mut said = None;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() {
            said = Some(message.into_text()?.to_string());
        }
    }
    Ok(said)
}

pub async fn case_count(url: &str) -> usize {
    let count = ask(url, "/getCaseCount").await.expect("an answer");
    count.expect("a message").parse().expect("a number")
}

/// Plays a case: sends each message back. What an ordinary client makes of a broken connection is its own affair.
pub async fn run_case(url: &str, case: &str, agent: &str) -> Result<(), Error> {
    let (mut socket, _) = connect_async(format!("{url}/runCase?{case}&agent={agent}")).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

pub async fn update_reports(url: &str, agent: &str) {
    let path = format!("/updateReports?agent={agent}");
    assert_eq!(ask(url, &path).await.expect("an orderly end"), None);
}
