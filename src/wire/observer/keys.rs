//! Masking keys of a client (RFC 6455, section 5.3): fresh for each frame, and none that gives away the next.
//!
//! Two equal keys can be chance, and any key is lawful for one frame, zero included. So a breach needs a coincidence that happens to a
//! random source less than once in 2^55 frames: two frames in a row with keys of the last eight frames (a key that never changes, or a
//! short cycle), or three steps in a row by the same amount (a counter). Weaker patterns need more than one connection to prove.

use super::Breach;

const WINDOW: usize = 8;

/// Keys that were seen.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The last keys of frames with a payload, and where the next one goes.
    last: [Option<[u8; 4]>; WINDOW],
    at: usize,
    /// Frames in a row whose key was in the window.
    repeats: u32,
    counters: [Counter; 2],
    told_reuse: bool,
    told_counter: bool,
}

/// Steps between keys, read as numbers in one octet order.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: Option<u32>,
    step: u32,
    /// Steps in a row of that size.
    steps: u32,
}

impl Counter {
    /// Whether the key was foretold twice in a row.
    fn next(&mut self, key: u32) -> bool {
        if let Some(last) = self.last.replace(key) {
            let step = key.wrapping_sub(last);
            self.steps = if step == self.step {
                self.steps.saturating_add(1)
            } else {
                1
            };
            self.step = step;
        }
        // A step of zero is a key used again.
        self.steps >= 3 && self.step != 0
    }
}

impl Keys {
    /// The key of the next frame. The key of an empty frame masks nothing: it is not held against the client when it comes again.
    pub(super) fn next(&mut self, key: [u8; 4], empty: bool) -> Option<Breach> {
        let [big, little] = &mut self.counters;
        let counts = big.next(u32::from_be_bytes(key)) | little.next(u32::from_le_bytes(key));
        if counts && !self.told_counter {
            self.told_counter = true;
            return Some(Breach::KeysPredictable { key });
        }
        if empty {
            return None;
        }
        self.repeats = if self.last.contains(&Some(key)) {
            self.repeats.saturating_add(1)
        } else {
            0
        };
        self.last[self.at] = Some(key);
        self.at = (self.at + 1) % WINDOW;
        if self.repeats < 2 || self.told_reuse {
            return None;
        }
        self.told_reuse = true;
        Some(Breach::KeyUsedAgain { key })
    }
}
