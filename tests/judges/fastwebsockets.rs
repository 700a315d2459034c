//! fastwebsockets behind hyper, which reads the request.

use std::convert::Infallible;

use fastwebsockets::{FragmentCollector, OpCode, WebSocketError, upgrade};
use http_body_util::Empty;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::SEC_WEBSOCKET_VERSION,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Answers requests until the connection ends.
pub async fn echo(stream: TcpStream) -> Result<(), hyper::Error> {
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .with_upgrades()
        .await
}

/// The library looks at key and version, and leaves the rest and the words of a refusal to the application.
async fn answer(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let upgraded = match upgrade::is_upgrade_request(&request) {
        true => upgrade::upgrade(&mut request).ok(),
        false => None,
    };
    match upgraded {
        Some((response, socket)) => {
            tokio::spawn(messages(socket));
            Ok(response)
        }
        None => {
            let mut refusal = Response::new(Empty::new());
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            let headers = refusal.headers_mut();
            headers.insert(SEC_WEBSOCKET_VERSION, 13.into());
            Ok(refusal)
        }
    }
}

/// Sends each message back until the connection ends.
async fn messages(socket: upgrade::UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(socket.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
