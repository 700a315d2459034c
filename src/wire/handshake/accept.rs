//! Sec-WebSocket-Accept (RFC 6455, section 4.2.2, step 5.4).

/// base64 of SHA-1 of the key, as sent, and the GUID of RFC 6455, section 1.3.
pub fn accept(key: &[u8]) -> String {
    let _ = key;
    todo!()
}
