//! The client loop on tokio-tungstenite, with tokio and futures-util: wsspec client --exec 'cargo run --release -- {url}'

use futures_util::{SinkExt, StreamExt, stream};
use tokio_tungstenite::{connect_async, tungstenite::Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).expect("the URL of the suite");
    drive(&url, "tokio-tungstenite").await
}

/// Plays all cases, sixteen at a time.
pub async fn drive(url: &str, agent: &str) -> Result<(), Error> {
    let count = ask(&format!("{url}/getCaseCount")).await?;
    stream::iter(1..=count.parse::<u32>().unwrap_or(0))
        .for_each_concurrent(16, |number| async move {
            // Some cases refuse the handshake, and some break the connection: that is what they are about.
            let _ = echo(&format!("{url}/runCase?case={number}&agent={agent}")).await;
        })
        .await;
    ask(&format!("{url}/updateReports?agent={agent}")).await?;
    Ok(())
}

/// What a control path says.
pub async fn ask(url: &str) -> Result<String, Error> {
    let (mut socket, _) = connect_async(url).await?;
    let mut said = String::new();
    while let Some(message) = socket.next().await {
        said.push_str(message?.to_text()?);
    }
    Ok(said)
}

async fn echo(url: &str) -> Result<(), Error> {
    let (mut socket, _) = connect_async(url).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
