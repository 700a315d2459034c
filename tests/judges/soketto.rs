//! soketto, with the limit that the others have by default.

use soketto::{
    Data, Incoming,
    handshake::{Server, server::Response},
};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncReadCompatExt;

/// Octets of a frame or message.
const LIMIT: usize = 64 << 20;

/// Sends each message back until the connection ends.
pub async fn echo(stream: TcpStream) -> Result<(), soketto::BoxedError> {
    let mut server = Server::new(stream.compat());
    let key = server.receive_request().await.map(|request| request.key());
    let key = match key {
        Ok(key) => key,
        Err(error) => {
            server
                .send_response(&Response::Reject { status_code: 400 })
                .await?;
            return Err(error.into());
        }
    };
    let accept = Response::Accept {
        key,
        protocol: None,
    };
    server.send_response(&accept).await?;
    let mut builder = server.into_builder();
    builder.set_max_frame_size(LIMIT);
    builder.set_max_message_size(LIMIT);
    let (mut sender, mut receiver) = builder.finish();
    loop {
        let mut message = Vec::new();
        match receiver.receive(&mut message).await? {
            Incoming::Data(Data::Text(_)) => sender.send_text(str::from_utf8(&message)?).await?,
            Incoming::Data(Data::Binary(_)) => sender.send_binary_mut(&mut message).await?,
            Incoming::Pong(_) => {}
            Incoming::Closed(_) => return Ok(()),
        }
        sender.flush().await?;
    }
}
