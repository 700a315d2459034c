//! Time for each of many, as their number grows: what the cases of a file called `growth` took, from the smallest number to the largest.
//!
//! It is told and never judged: a clock, other work on the machine and the cases beside it all have a part in it. A target that hangs
//! fails its case by itself.

use std::collections::BTreeMap;

use super::Report;
use crate::session::Verdict;

/// What the cases of one family took. Times are in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The id of the cases without their row.
    pub family: String,
    /// Number and time of each case that passed, the smallest number first; at least three.
    pub points: Vec<(u64, u64)>,
}

/// Fewer say nothing about growth.
const POINTS: usize = 3;
/// Growth of the time for each below this is what caches and other work bring about.
const REMARKABLE: f64 = 8.0;

impl Growth {
    /// The number at which each took the shortest, and how long. What the connection itself costs weighs on small numbers: a factor is rather
    /// too small than too large.
    fn best(&self) -> (u64, f64) {
        let each = self.points.iter().map(each);
        each.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((1, 0.01))
    }

    /// The largest number, and how long each took there.
    fn last(&self) -> (u64, f64) {
        self.points.last().map_or((1, 0.01), each)
    }

    /// How many times as long each takes at last as at best.
    pub fn factor(&self) -> f64 {
        self.last().1 / self.best().1
    }

    /// The sentence of the views.
    pub fn sentence(&self) -> String {
        let ((number, best), (most, last)) = (self.best(), self.last());
        let remark = match self.factor() {
            factor if factor >= REMARKABLE => {
                format!(": {factor:.0} times as long, so the time grows faster than the number")
            }
            _ => String::new(),
        };
        format!(
            "{}: each took {best:.2} µs at best ({number} of them), and {last:.2} µs of {most}{remark}.",
            self.family
        )
    }
}

/// The number, and how long each took; not less than a clock can tell.
fn each(&(number, micros): &(u64, u64)) -> (u64, f64) {
    let number = number.max(1);
    (number, micros.max(1) as f64 / number as f64)
}

impl Report {
    /// Each family of cases that was measured, in the order of their ids.
    pub fn growth(&self) -> Vec<Growth> {
        let mut families: BTreeMap<&str, BTreeMap<u64, u64>> = BTreeMap::new();
        for (at, case) in self.cases.iter().enumerate() {
            let Some((family, number)) = numbered(&case.id) else {
                continue;
            };
            if case.verdict == Verdict::Pass
                && let Some(measured) = self.measured_of(at)
            {
                let points = families.entry(family).or_default();
                points.insert(number, measured.duration_us);
            }
        }
        families
            .into_iter()
            .filter(|(_, points)| points.len() >= POINTS)
            .map(|(family, points)| Growth {
                family: family.to_owned(),
                points: points.into_iter().collect(),
            })
            .collect()
    }
}

/// The family and the number of a case of a file called `growth`.
fn numbered(id: &str) -> Option<(&str, u64)> {
    let (family, row) = id.strip_suffix(']')?.split_once('[')?;
    let mut folders = family.rsplit('/').skip(1);
    (folders.next() == Some("growth")).then_some((family, row.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{MeasuredCase, Report};

    fn report(family: &str, times: &[(u64, u64, Verdict)]) -> Report {
        let mut report: Report =
            Report::from_json(include_bytes!("../../tests/golden/report/report.json"))
                .expect("a report");
        let case = report.cases[0].clone();
        report.cases.clear();
        report.measured.cases.clear();
        for &(number, duration_us, verdict) in times {
            let mut case = case.clone();
            case.id = format!("{family}[{number}]");
            case.verdict = verdict;
            report.measured.cases.push(MeasuredCase {
                id: case.id.clone(),
                duration_us,
                ..MeasuredCase::default()
            });
            report.cases.push(case);
        }
        report
    }

    fn passes(times: impl Fn(u64) -> u64) -> Report {
        let numbers = [1024, 4096, 16384, 65536, 262_144];
        let times = numbers.map(|n| (n, 3000 + times(n), Verdict::Pass));
        report("limits/growth/fragments", &times)
    }

    #[test]
    fn what_grows_with_the_number_is_told_apart_from_what_grows_with_its_square() {
        let growth = passes(|n| 2 * n).growth();
        let [linear] = &growth[..] else {
            panic!("{growth:?}")
        };
        assert_eq!(linear.factor(), 1.0);
        assert_eq!(
            linear.sentence(),
            "limits/growth/fragments: each took 2.01 µs at best (262144 of them), and 2.01 µs of 262144."
        );
        let square = &passes(|n| n * n / 1000).growth()[0];
        assert!(square.factor() > 50.0, "{}", square.factor());
        assert!(
            square.sentence().contains("faster than the number"),
            "{}",
            square.sentence()
        );
    }

    #[test]
    fn times_that_say_nothing_are_no_growth_and_upset_nothing() {
        for times in [|_| 0, |n| 1_000_000 - n] {
            assert_eq!(passes(times).growth()[0].factor(), 1.0);
        }
        let (pass, fail) = (Verdict::Pass, Verdict::Fail);
        let failing = [(1, 1, pass), (2, 2, fail), (3, 3, pass)];
        assert_eq!(report("limits/growth/x", &failing).growth(), []);
        let three = [(1, 1, pass), (2, 2, pass), (3, 3, pass)];
        assert_eq!(report("limits/other/x", &three).growth(), []);
        assert_eq!(report("my/growth/x", &three).growth().len(), 1);
    }
}
