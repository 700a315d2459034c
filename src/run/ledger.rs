//! What has been confirmed so far, and how long the target may take.
//!
//! A failure is confirmed before it is told. So that a target with one pervasive defect does not make a run take minutes:
//! a failure that `ALIKE` other cases confirmed is taken as confirmed; after `FULL` time-outs confirmed with full patience,
//! later ones are confirmed with `LATER` times the scaled one; and after `ENOUGH` in a row, without one that was refuted, further time-outs
//! that were confirmed at least once, for the same rule and in the same words, are taken as confirmed. One that is refuted lets the count
//! begin again and makes the run more patient. How long a target waits behind the Close frame of a failure is nothing that its other time-outs
//! tell: that it ends TCP never is confirmed with full patience until `FULL` were.

use std::{collections::HashMap, time::Duration};

use crate::session::{Finding, Judgement, LINGERS, Verdict};

/// So many other cases have to have confirmed a failure alone.
const ALIKE: u32 = 3;
/// So many time-outs are confirmed with full patience.
const FULL: u32 = 3;
/// So many time-outs in a row are confirmed at all.
const ENOUGH: u32 = 30;
/// With so many times the patience of a first try.
const LATER: u32 = 4;

/// The least patience. Doubled until it suffices: equal runs against equal targets wait for equal times.
const LEAST: Duration = Duration::from_millis(250);
/// The patience of a first try in round trips.
const ROUND_TRIPS: u32 = 30;

/// What makes two failures alike: the rule, and what went wrong.
type Key = (String, String);

/// The confirmations of a run.
#[derive(Debug)]
pub struct Ledger {
    timeout: Duration,
    scaled: Duration,
    confirmed: HashMap<Key, u32>,
    timed_out: u32,
    in_a_row: u32,
    waits: Waits,
}

/// The time-outs of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// Judged as such.
    pub in_vain: usize,
    /// Tried again alone, and then none.
    pub refuted: usize,
}

impl Ledger {
    /// For a target with this round trip; `timeout` is the most that it is given for one step.
    pub fn new(round_trip: Duration, timeout: Duration) -> Ledger {
        let mut ledger = Ledger {
            timeout,
            scaled: LEAST.min(timeout),
            confirmed: HashMap::new(),
            timed_out: 0,
            in_a_row: 0,
            waits: Waits::default(),
        };
        ledger.raise(round_trip * ROUND_TRIPS);
        ledger
    }

    /// The patience of a first try.
    pub fn scaled(&self) -> Duration {
        self.scaled
    }

    /// The patience with which a first try is tried again alone.
    pub fn alone(&self, first: &Judgement) -> Duration {
        match first.timed_out {
            true => self.together([first]),
            false => self.timeout,
        }
    }

    /// The patience with which these time-outs are tried again.
    pub fn together<'a>(&self, firsts: impl IntoIterator<Item = &'a Judgement>) -> Duration {
        let lingers = |f: &Finding| f.what == LINGERS && self.often(f) < FULL;
        let mut findings = firsts.into_iter().flat_map(|first| &first.findings);
        match self.timed_out >= FULL && !findings.any(lingers) {
            true => (self.scaled * LATER).min(self.timeout),
            false => self.timeout,
        }
    }

    /// How many cases have confirmed this.
    fn often(&self, finding: &Finding) -> u32 {
        self.confirmed
            .get(&key(finding))
            .copied()
            .unwrap_or_default()
    }

    /// Whether a first try, made with this patience, needs no confirmation any more.
    pub fn knows(&self, first: &Judgement, patience: Duration) -> bool {
        match first.verdict {
            Verdict::Fail if first.findings.iter().all(|f| self.often(f) >= ALIKE) => true,
            _ => {
                first.timed_out
                    && patience >= self.scaled
                    && self.in_a_row >= ENOUGH
                    && first.findings.iter().all(|f| self.often(f) > 0)
            }
        }
    }

    /// Takes what came of a try alone. `waited`: the longest that the target let the suite wait.
    pub fn tried(&mut self, first: &Judgement, again: &Judgement, waited: Duration) {
        if again.verdict == Verdict::Fail {
            let mut keys: Vec<Key> = again.findings.iter().map(key).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                *self.confirmed.entry(key).or_default() += 1;
            }
        }
        if again.timed_out {
            self.timed_out += 1;
            self.in_a_row += 1;
        } else if first.timed_out {
            self.in_a_row = 0;
            self.waits.refuted += 1;
            self.raise(waited * 3);
        }
    }

    /// Takes note of a judgement that counts.
    pub fn judged(&mut self, judgement: &Judgement) {
        self.waits.in_vain += usize::from(judgement.timed_out);
    }

    /// The time-outs since the last call.
    pub fn end_round(&mut self) -> Waits {
        std::mem::take(&mut self.waits)
    }

    fn raise(&mut self, wanted: Duration) {
        while self.scaled < wanted && self.scaled < self.timeout {
            self.scaled = (self.scaled * 2).min(self.timeout);
        }
    }
}

fn key(finding: &Finding) -> Key {
    (finding.rule.clone(), finding.what.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Level;

    const TIMEOUT: Duration = Duration::from_secs(5);
    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn failure(rule: &str, what: &str, timed_out: bool) -> Judgement {
        let finding = Finding {
            rule: rule.into(),
            level: Level::Must,
            what: what.into(),
            sent: None,
            expected: None,
            received: None,
            octets: None,
            observed: false,
        };
        Judgement {
            verdict: Verdict::Fail,
            reason: what.into(),
            findings: vec![finding],
            dropped: false,
            timed_out,
        }
    }

    fn pass() -> Judgement {
        let fail = failure("", "", false);
        Judgement {
            verdict: Verdict::Pass,
            findings: vec![],
            ..fail
        }
    }

    #[test]
    fn scales_in_steps_and_never_beyond_the_timeout() {
        for (round_trip, scaled) in [
            (0, 250),
            (8, 250),
            (9, 500),
            (60, 2000),
            (150, 5000),
            (900, 5000),
        ] {
            assert_eq!(
                Ledger::new(MS(round_trip), TIMEOUT).scaled(),
                MS(scaled),
                "{round_trip}"
            );
        }
        assert_eq!(Ledger::new(MS(1), MS(100)).scaled(), MS(100));
    }

    #[test]
    fn takes_a_failure_as_confirmed_behind_three_alike() {
        let mut ledger = Ledger::new(MS(1), TIMEOUT);
        let (seen, other) = (failure("a", "x", false), failure("a", "y", false));
        for _ in 0..3 {
            assert!(!ledger.knows(&seen, MS(250)));
            ledger.tried(&seen, &seen, MS(1));
        }
        assert!(ledger.knows(&seen, MS(250)));
        assert!(!ledger.knows(&other, MS(250)) && !ledger.knows(&pass(), MS(250)));
        let mut both = seen.clone();
        both.findings.extend(other.findings);
        assert!(
            !ledger.knows(&both, MS(250)),
            "one of its findings was never confirmed"
        );
    }

    #[test]
    fn a_failure_with_two_alike_findings_counts_once() {
        let mut ledger = Ledger::new(MS(1), TIMEOUT);
        let mut twice = failure("a", "x", false);
        twice.findings.push(twice.findings[0].clone());
        ledger.tried(&twice, &twice, MS(1));
        ledger.tried(&twice, &twice, MS(1));
        assert!(!ledger.knows(&twice, MS(250)));
    }

    #[test]
    fn time_outs_are_alike_whatever_their_patience() {
        let mut ledger = Ledger::new(MS(1), TIMEOUT);
        let first = failure("a", "sent nothing", true);
        for _ in 0..3 {
            assert_eq!(ledger.alone(&first), TIMEOUT);
            ledger.tried(&first, &first, TIMEOUT);
        }
        assert!(ledger.knows(&first, MS(250)));
        assert_eq!(
            ledger.alone(&first),
            MS(1000),
            "the fourth is confirmed with less patience"
        );
        assert_eq!(ledger.alone(&failure("a", "x", false)), TIMEOUT);
    }

    #[test]
    fn who_waits_behind_its_close_gets_full_patience_whatever_else_timed_out() {
        let mut ledger = Ledger::new(MS(1), TIMEOUT);
        for n in 0..4 {
            let other = failure(&n.to_string(), "sent nothing", true);
            ledger.tried(&other, &other, TIMEOUT);
        }
        let (other, first) = (failure("b", "c", true), failure("a", LINGERS, true));
        for _ in 0..3 {
            assert_eq!(ledger.together([&other]), MS(1000));
            assert_eq!(ledger.together([&other, &first]), TIMEOUT);
            assert_eq!(ledger.alone(&first), TIMEOUT);
            ledger.tried(&first, &first, TIMEOUT);
        }
        assert_eq!(ledger.alone(&first), MS(1000));
    }

    #[test]
    fn time_outs_without_end_are_bounded_and_a_refuted_one_counts_anew() {
        let mut ledger = Ledger::new(MS(1), TIMEOUT);
        let first = |n: u32| failure(&n.to_string(), "sent nothing", true);
        for n in 0..30 {
            assert!(!ledger.knows(&first(n), MS(250)));
            let patience = ledger.alone(&first(n));
            ledger.tried(&first(n), &first(n), patience);
        }
        assert!(ledger.knows(&first(7), MS(250)));
        assert!(
            !ledger.knows(&first(99), MS(250)),
            "one like it was never confirmed"
        );
        ledger.tried(&first(99), &pass(), MS(400));
        assert!(!ledger.knows(&first(7), MS(250)));
        assert_eq!(
            ledger.scaled(),
            MS(2000),
            "three times what it took, in steps"
        );
    }
}
