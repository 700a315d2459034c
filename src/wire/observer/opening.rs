//! The opening handshake under the observer's eye: every rule that binds its sender and can be judged from one handshake.
//!
//! What a target *should have* answered to a request (a refusal, the right subprotocol) is for a case's own lines to say.

use crate::wire::handshake::{BodyLength, BodyReader, Request, Response};

use super::Breach;

mod breach;
mod deflate;
mod request;
mod response;

pub use breach::OpeningBreach;

/// What the client was told to ask for, as far as it is known; without it less is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Host, and the port where it is not the default one.
    pub host: Option<String>,
    /// Path and query.
    pub resource: Option<String>,
}

/// A client's opening handshake (RFC 6455, section 4.1).
pub fn request(request: &Request, wanted: &Wanted) -> Vec<Breach> {
    let mut told = Vec::new();
    request::judge(request, wanted, &mut |breach| told.push(breach));
    told.into_iter().map(Breach::Opening).collect()
}

/// A server's answer (RFC 6455, section 4.2.2); `request`: what the suite has sent, read as a server reads it.
pub fn response(request: &Request, response: &Response) -> Vec<Breach> {
    let mut told = Vec::new();
    response::judge(request, response, &mut |breach| told.push(breach));
    told.into_iter().map(Breach::Opening).collect()
}

/// What a client sent behind its request before the response was sent to it (RFC 6455, section 4.1; RFC 9931, section 6.2).
/// The request's own body, if it has one, is none of that.
pub fn early(request: &Request, behind: &[u8]) -> Option<Breach> {
    let mut body = BodyReader::new(BodyLength::of_request(request).ok()?, u64::MAX);
    let used = body.feed(behind).ok()?;
    let octets = behind.len() - used;
    (octets > 0).then_some(Breach::Opening(OpeningBreach::EarlyData { octets }))
}

#[cfg(test)]
mod tests;
