//! tokio-websockets as a client.

use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Error};

/// Sends each message back until the connection ends.
pub async fn echo(url: &str) -> Result<(), Error> {
    let (mut socket, _) = ClientBuilder::new()
        .uri(url)
        .expect("a URL")
        .connect()
        .await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
