//! Independent implementations against the faultless reference peer, in both roles.

use std::{future::Future, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::compat::TokioAsyncReadCompatExt;
use wsspec::peer::{Ask, Peer, serve};

/// What came back, whoever read it.
#[derive(Debug, PartialEq)]
enum Came {
    Text(String),
    /// The octets that were sent.
    Binary,
    Pong(Vec<u8>),
    Close(u16),
    /// The end of TCP, in order.
    End,
}

const TEXT: &str = "Grüße, 世界 \u{10ffff}";

/// Long enough for a 64-bit length.
fn binary() -> Vec<u8> {
    (0..70_000u32).map(|n| n as u8).collect()
}

/// What each judge has to see: its text, its octets, its ping's data, its close code, and the end of TCP.
fn wanted() -> Vec<Came> {
    vec![
        Came::Text(TEXT.into()),
        Came::Binary,
        Came::Pong(b"ping!".to_vec()),
        Came::Close(1000),
        Came::End,
    ]
}

/// A binary message, which is not shown when it is another one.
fn sent(octets: &[u8]) -> Came {
    assert!(octets == binary(), "{} octets came", octets.len());
    Came::Binary
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("an end within 20 s")
}

/// Lets a client judge the server peer.
async fn judge_server<F: Future<Output = Vec<Came>>>(
    judge: impl FnOnce(TcpStream, SocketAddr) -> F,
) {
    let server = serve::spawn(None, 1).await.unwrap();
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(in_time(judge(stream, server.address)).await, wanted());
}

/// Lets a server judge the client peer.
async fn judge_client<F: Future<Output = Vec<Came>>>(judge: impl FnOnce(TcpStream) -> F) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ask = Ask {
        host: address.to_string(),
        resource: "/chat".into(),
        browser: false,
        subprotocols: Vec::new(),
    };
    let judged = async {
        let (stream, _) = listener.accept().await.unwrap();
        judge(stream).await
    };
    let dialled = serve::dial(address, Peer::client(None, 1, &ask));
    let (came, dialled) = in_time(async { tokio::join!(judged, dialled) }).await;
    assert_eq!(came, wanted());
    dialled.unwrap();
}

mod tungstenite {
    use tokio_tungstenite::{
        WebSocketStream, accept_async, client_async,
        tungstenite::{
            Message,
            protocol::{CloseFrame, frame::coding::CloseCode},
        },
    };

    use super::*;

    async fn converse(mut stream: WebSocketStream<TcpStream>) -> Vec<Came> {
        stream.send(Message::text(TEXT)).await.unwrap();
        stream.send(Message::binary(binary())).await.unwrap();
        stream
            .send(Message::Ping(b"ping!"[..].into()))
            .await
            .unwrap();
        let mut came = Vec::new();
        while let Some(message) = stream.next().await {
            came.push(match message.unwrap() {
                Message::Text(text) => Came::Text(text.to_string()),
                Message::Binary(octets) => sent(&octets),
                Message::Pong(data) => Came::Pong(data.to_vec()),
                Message::Close(frame) => Came::Close(frame.map_or(1005, |frame| frame.code.into())),
                other => panic!("{other:?}"),
            });
            if came.len() == 3 {
                let frame = CloseFrame {
                    code: CloseCode::Normal,
                    reason: "bye".into(),
                };
                stream.close(Some(frame)).await.unwrap();
            }
        }
        came.push(Came::End);
        came
    }

    #[tokio::test]
    async fn as_client() {
        judge_server(|stream, address| async move {
            let url = format!("ws://{address}/chat");
            converse(client_async(url, stream).await.unwrap().0).await
        })
        .await;
    }

    #[tokio::test]
    async fn as_server() {
        judge_client(|stream| async { converse(accept_async(stream).await.unwrap()).await }).await;
    }
}

mod tokio_websockets {
    use ::tokio_websockets::{
        ClientBuilder, CloseCode, Limits, Message, ServerBuilder, WebSocketStream,
    };

    use super::*;

    async fn converse(mut stream: WebSocketStream<TcpStream>) -> Vec<Came> {
        stream.send(Message::text(TEXT)).await.unwrap();
        stream.send(Message::binary(binary())).await.unwrap();
        stream.send(Message::ping(&b"ping!"[..])).await.unwrap();
        let mut came = Vec::new();
        while let Some(message) = stream.next().await {
            let message = message.unwrap();
            let payload = message.as_payload().to_vec();
            came.push(if message.is_text() {
                Came::Text(String::from_utf8(payload).unwrap())
            } else if message.is_binary() {
                sent(&payload)
            } else if message.is_pong() {
                Came::Pong(payload)
            } else {
                Came::Close(message.as_close().unwrap().0.into())
            });
            if came.len() == 3 {
                let close = Message::close(Some(CloseCode::NORMAL_CLOSURE), "bye");
                stream.send(close).await.unwrap();
            }
        }
        came.push(Came::End);
        came
    }

    #[tokio::test]
    async fn as_client() {
        judge_server(|stream, address| async move {
            let builder = ClientBuilder::new()
                .uri(&format!("ws://{address}/chat"))
                .unwrap();
            converse(builder.connect_on(stream).await.unwrap().0).await
        })
        .await;
    }

    #[tokio::test]
    async fn as_server() {
        judge_client(|stream| async {
            let builder = ServerBuilder::new().limits(Limits::unlimited());
            converse(builder.accept(stream).await.unwrap().1).await
        })
        .await;
    }
}

mod soketto {
    use ::soketto::{
        Data, Incoming, Receiver, Sender,
        handshake::{Client, Server, ServerResponse, server::Response},
    };
    use tokio_util::compat::Compat;

    use super::*;

    type Stream = Compat<TcpStream>;

    async fn converse((mut sender, mut receiver): (Sender<Stream>, Receiver<Stream>)) -> Vec<Came> {
        sender.send_text(TEXT).await.unwrap();
        sender.send_binary(binary()).await.unwrap();
        sender
            .send_ping((&b"ping!"[..]).try_into().unwrap())
            .await
            .unwrap();
        sender.flush().await.unwrap();
        let mut came = Vec::new();
        loop {
            let mut message = Vec::new();
            let next = match receiver.receive(&mut message).await {
                Ok(Incoming::Pong(data)) => Came::Pong(data.to_vec()),
                Ok(Incoming::Closed(reason)) => Came::Close(reason.code),
                Err(::soketto::connection::Error::Closed) => Came::End,
                Ok(Incoming::Data(Data::Text(_))) => {
                    Came::Text(String::from_utf8(message).unwrap())
                }
                Ok(Incoming::Data(Data::Binary(_))) => sent(&message),
                other => panic!("{other:?} behind {came:?}"),
            };
            came.push(next);
            match came.len() {
                3 => sender.close().await.unwrap(),
                5 => return came,
                _ => {}
            }
        }
    }

    #[tokio::test]
    async fn as_client() {
        judge_server(|stream, address| async move {
            let host = address.to_string();
            let mut client = Client::new(stream.compat(), &host, "/chat");
            let response = client.handshake().await.unwrap();
            assert!(matches!(response, ServerResponse::Accepted { .. }));
            converse(client.into_builder().finish()).await
        })
        .await;
    }

    #[tokio::test]
    async fn as_server() {
        judge_client(|stream| async {
            let mut server = Server::new(stream.compat());
            let key = server.receive_request().await.unwrap().key();
            let response = Response::Accept {
                key,
                protocol: None,
            };
            server.send_response(&response).await.unwrap();
            converse(server.into_builder().finish()).await
        })
        .await;
    }
}
