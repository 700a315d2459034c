//! Masking (RFC 6455, section 5.3): octet i XOR octet i mod 4 of the key.

/// Masks or unmasks in place; `phase` is the position of `data[0]` in the payload.
pub fn mask(key: [u8; 4], phase: usize, data: &mut [u8]) {
    let mut turned = key;
    turned.rotate_left(phase % 4);
    let [a, b, c, d] = turned;
    // Whole words, in a shape that compilers turn into vector instructions.
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = data.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (octet, key) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
        *octet ^= key;
    }
}
