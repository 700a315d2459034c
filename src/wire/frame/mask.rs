//! Masking (RFC 6455, section 5.3): octet i XOR octet i mod 4 of the key.

/// Masks or unmasks in place; `phase` is the position of `data[0]` in the payload.
pub fn mask(key: [u8; 4], phase: usize, data: &mut [u8]) {
    // The octet of the key that comes first is the lowest of the number.
    let turned = u64::from(u32::from_le_bytes(key).rotate_right(8 * (phase % 4) as u32));
    // Whole words, in a shape that compilers turn into vector instructions.
    let word = turned << 32 | turned;
    let (words, tail) = data.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_le_bytes(*chunk) ^ word).to_le_bytes();
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    last = (u64::from_le_bytes(last) ^ word).to_le_bytes();
    tail.copy_from_slice(&last[..tail.len()]);
}
