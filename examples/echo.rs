//! An echo server on tokio-tungstenite, and the test that holds it to the protocol.
//!
//! ```sh
//! cargo run --example echo -- 9001
//! cargo test --example echo
//! ```

use std::io;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, tungstenite};

#[tokio::main]
async fn main() -> io::Result<()> {
    let port: u16 = match std::env::args().nth(1) {
        Some(port) => port.parse().map_err(io::Error::other)?,
        None => 9001,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    serve(listener).await
}

/// Serves each connection until it ends.
async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        // What ends in an error is over, and no other connection's business.
        tokio::spawn(echo(stream));
    }
}

async fn echo(stream: TcpStream) -> tungstenite::Result<()> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn keeps_the_protocol() -> Result<(), wsspec::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener));

    let report = wsspec::Server::at(format!("ws://{address}"))
        .name("tokio-tungstenite 0.30")
        .known("examples/echo.known.txt")
        .run()
        .await?;
    report.assert();
    Ok(())
}
