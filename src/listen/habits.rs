//! What only several connections of one client show together: whether it chooses its keys anew for each (RFC 6455, sections 4.1 and 5.3).
//!
//! A key of 16 octets that comes twice is proof, and so is a counter that takes the same step four times. Masking keys have 32 bits, and chance
//! repeats one now and then: proof is the same *two* in the same order at the begin of two connections, or one at the begin of four in a row.
//!
//! That a client has at most one connection in the state CONNECTING (section 4.1, items 1 and 2) is not held against anybody: the same
//! name may be that of several processes, which are several clients.

use std::collections::{HashSet, VecDeque};

use crate::{
    rules,
    session::{Finding, Transcript},
    wire::{frame::Header, handshake::accept::decode_key_leniently},
};

/// A new key for each connection.
const KEY: &str = "6455-4.1-27";
/// A fresh masking key for each frame.
const MASKING: &str = "6455-5.3-2";

/// So many connections are remembered.
const MEMORY: usize = 4096;
/// So many connections in a row with one first masking key are proof: 1 in 2^96.
const IN_A_ROW: u32 = 4;
/// So many equal steps from key to key are a counter.
const STEPS: u32 = 4;

/// The connections of one client.
#[derive(Debug, Default)]
pub struct Habits {
    keys: Seen<Vec<u8>>,
    last: Option<u128>,
    step: u128,
    steps: u32,
    pairs: Seen<[[u8; 4]; 2]>,
    first: Option<[u8; 4]>,
    repeats: u32,
}

/// The last of them.
#[derive(Debug)]
struct Seen<T> {
    known: HashSet<T>,
    order: VecDeque<T>,
}

impl<T> Default for Seen<T> {
    fn default() -> Seen<T> {
        Seen {
            known: HashSet::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Seen<T> {
    /// Whether it is new.
    fn add(&mut self, value: T) -> bool {
        if !self.known.insert(value.clone()) {
            return false;
        }
        self.order.push_back(value);
        if self.order.len() > MEMORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Habits {
    /// Takes one connection: the key of its handshake and what was said.
    pub fn connection(&mut self, key: Option<&[u8]>, said: &Transcript) -> Vec<Finding> {
        let mut found = Vec::new();
        // What is no key is told of where it stands.
        if let Some(key) = key
            && let Ok(octets) = decode_key_leniently(key)
        {
            self.key(key, u128::from_be_bytes(octets), &mut found);
        }
        let keys: Vec<[u8; 4]> = masking_keys(said).take(2).collect();
        self.masking(&keys, &mut found);
        found
    }

    fn key(&mut self, key: &[u8], value: u128, found: &mut Vec<Finding>) {
        let is_new = self.keys.add(key[..key.len().min(64)].to_vec());
        let step = self
            .last
            .replace(value)
            .map_or(0, |last| value.wrapping_sub(last));
        self.steps = match step == self.step && step != 0 {
            true => self.steps.saturating_add(1),
            false => 1,
        };
        self.step = step;
        let key = String::from_utf8_lossy(key).into_owned();
        if !is_new {
            let what = "sent a Sec-WebSocket-Key that it has sent on another connection already";
            found.push(finding(KEY, what, Some(key)));
        } else if self.steps >= STEPS {
            let what = "counts from the Sec-WebSocket-Key of one connection to that of the next";
            found.push(finding(KEY, what, Some(key)));
        }
    }

    fn masking(&mut self, keys: &[[u8; 4]], found: &mut Vec<Finding>) {
        let Some(&first) = keys.first() else { return };
        self.repeats = match self.first.replace(first) {
            Some(before) if before == first => self.repeats.saturating_add(1),
            _ => 1,
        };
        let again = match keys {
            [a, b] => !self.pairs.add([*a, *b]),
            _ => false,
        };
        if again || self.repeats >= IN_A_ROW {
            let what = "masks with the same keys in the same order on another connection";
            let shown: Vec<String> = keys.iter().map(|key| format!("{key:02x?}")).collect();
            found.push(finding(MASKING, what, Some(shown.join(", then "))));
        }
    }
}

/// The masking keys of frames with a payload, in order.
fn masking_keys(said: &Transcript) -> impl Iterator<Item = [u8; 4]> {
    said.entries
        .iter()
        .filter(|entry| entry.who == '<' && !entry.text.starts_with("bytes"))
        .filter_map(|entry| {
            let header = Header::read(&entry.octets)?;
            header.key.filter(|_| header.length > 0)
        })
}

fn finding(rule: &str, what: &str, received: Option<String>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        level: rules::find(rule).map_or(crate::case::Level::May, rules::Rule::weight),
        what: what.to_owned(),
        sent: None,
        expected: None,
        received,
        octets: None,
        observed: true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use data_encoding::BASE64;

    use super::*;
    use crate::session::Entry;

    fn said(keys: &[[u8; 4]]) -> Transcript {
        let entry = |key: &[u8; 4]| Entry {
            at: Duration::ZERO,
            who: '<',
            text: "text \"a\"".to_owned(),
            octets: [&[0x81, 0x81], &key[..], b"x"].concat(),
            length: 7,
        };
        Transcript {
            entries: keys.iter().map(entry).collect(),
            left_out: 0,
        }
    }

    fn key(value: u128) -> String {
        BASE64.encode(&value.to_be_bytes())
    }

    #[test]
    fn a_key_that_comes_again_is_told() {
        let mut habits = Habits::default();
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..2 * MEMORY {
            let key = key(random.u128(..));
            let told = habits.connection(Some(key.as_bytes()), &said(&[]));
            assert!(told.is_empty());
        }
        let again = key(7);
        habits.connection(Some(again.as_bytes()), &said(&[]));
        habits.connection(Some(key(random.u128(..)).as_bytes()), &said(&[]));
        let told = habits.connection(Some(again.as_bytes()), &said(&[]));
        assert_eq!(told[0].rule, KEY);
    }

    #[test]
    fn keys_that_count_are_told_and_chance_is_not() {
        let mut habits = Habits::default();
        let told: Vec<usize> = (1..=6)
            .map(|n| {
                habits
                    .connection(Some(key(n * 9).as_bytes()), &said(&[]))
                    .len()
            })
            .collect();
        assert_eq!(told, [0, 0, 0, 0, 1, 1]);
        assert!(habits.connection(Some(b"no key"), &said(&[])).is_empty());
        assert!(habits.connection(None, &said(&[])).is_empty());
    }

    #[test]
    fn the_same_masking_keys_on_two_connections_are_told() {
        let (a, b, c) = ([1, 2, 3, 4], [5, 6, 7, 8], [9, 9, 9, 9]);
        let mut habits = Habits::default();
        let mut told = |keys: &[[u8; 4]]| habits.connection(None, &said(keys)).len();
        // One key alone may be chance, and so may be the same two in another order.
        assert_eq!(
            [told(&[a, b]), told(&[a, c]), told(&[b, a]), told(&[a])],
            [0; 4]
        );
        assert_eq!(told(&[a, b]), 1);
        assert_eq!(
            [told(&[c]), told(&[c]), told(&[c]), told(&[c])],
            [0, 0, 0, 1]
        );
    }
}
