//! Which cases run: what `server` and `client` have in common on the command line.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};

use super::{Failure, check, values};
use crate::{
    case::{Case, Role, print},
    catalogue::in_shard,
    gate::Exit,
    report::{self, Shard},
    rules,
    run::Item,
};

/// The options that choose cases.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Choice {
    /// Leave out the cases that match this pattern
    #[arg(long, value_name = "CASE")]
    pub exclude: Vec<String>,
    /// Also run the heavy cases
    #[arg(long)]
    pub heavy: bool,
    /// Add the cases of this folder
    #[arg(long, value_name = "DIR")]
    pub cases: Vec<PathBuf>,
    /// Run one of N parts of the cases; `wsspec report --merge` puts the parts together
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub shard: Option<Shard>,
}

/// The most parts of a run.
const MAX_SHARDS: u64 = 1000;

/// Reads `K/N`.
fn shard(text: &str) -> Result<Shard, String> {
    let wrong = || format!("write it as K/N, K from 1 to N, and N at most {MAX_SHARDS}");
    let (number, of) = text.split_once('/').ok_or_else(wrong)?;
    let number_of = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (number, of) = (number_of(number)?, number_of(of)?);
    match (1..=of.min(MAX_SHARDS)).contains(&number) && of <= MAX_SHARDS {
        true => Ok(Shard { number, of }),
        false => Err(wrong()),
    }
}

impl Choice {
    /// The cases to run against a target of this role, and what they were drawn from.
    ///
    /// # Errors
    /// A case file makes no sense, a word names nothing, or nothing is left to run.
    pub fn select(
        &self,
        words: &[String],
        role: Role,
    ) -> Result<(Vec<Item>, report::Catalogue), Failure> {
        let catalogue = check::catalogue(&self.cases)?;
        let chosen = check::select(&catalogue, words, &self.exclude)?;
        let chosen: HashMap<&str, &Arc<Case>> =
            chosen.iter().map(|case| (case.id.as_str(), case)).collect();
        let mut digest = Sha1::new();
        let (mut all, mut for_others, mut heavy, mut elsewhere) = (0, 0, 0, 0);
        let mut items = Vec::new();
        for (position, case) in catalogue.cases().enumerate() {
            let ours = case.is_for(role);
            if ours {
                all += 1;
                digest.update(format!("{}\n{}\n", case.id, print::case(case)));
            }
            if !chosen.contains_key(case.id.as_str()) {
                continue;
            }
            // A heavy case that is asked for by its name needs no further word.
            let wanted = !case.heavy || self.heavy || words.contains(&case.id);
            let is_here = self
                .shard
                .is_none_or(|shard| in_shard(&case.id, shard.number, shard.of));
            match (ours, wanted, is_here) {
                (true, true, true) => items.push(Item {
                    position,
                    level: rules::level(case),
                    case: case.clone(),
                }),
                (true, true, false) => elsewhere += 1,
                (true, false, _) => heavy += 1,
                (false, ..) => for_others += 1,
            }
        }
        if items.is_empty() {
            let others = match role {
                Role::Server => "clients",
                Role::Client => "servers",
            };
            let mut sentence = format!(
                "nothing is left to run: of {} {for_others} are for {others}, and {heavy} are heavy and need --heavy",
                values::count(chosen.len(), "selected case")
            );
            if elsewhere > 0 {
                sentence.push_str(&format!(
                    "; {elsewhere} are in other shards: take fewer shards"
                ));
            }
            return Err(Failure::new(Exit::Nothing, sentence));
        }
        let catalogue = report::Catalogue {
            cases: all,
            digest: HEXLOWER.encode(&digest.finalize()),
            selected: words.to_vec(),
            shard: self.shard,
        };
        Ok((items, catalogue))
    }

    /// The options that a command needs to play one of the cases again.
    pub fn replay(&self) -> Vec<String> {
        let folders = self.cases.iter();
        folders
            .flat_map(|folder| ["--cases".into(), folder.to_string_lossy().into_owned()])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_shards() {
        let ok = |number, of| Ok(Shard { number, of });
        assert_eq!(shard("1/1"), ok(1, 1));
        assert_eq!(shard("3/1000"), ok(3, 1000));
        for text in [
            "", "1", "0/2", "3/2", "1/0", "/", "1/1001", "-1/2", "1/2/3", "a/b",
        ] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shards_of_a_choice_have_all_cases_once_and_one_digest() {
        let of = 3;
        let choice = |shard| Choice {
            shard,
            ..Choice::default()
        };
        let positions = |choice: &Choice| {
            let (items, catalogue) = choice
                .select(&["control".into()], Role::Server)
                .expect("cases");
            let positions: Vec<usize> = items.iter().map(|item| item.position).collect();
            (positions, catalogue.digest)
        };
        let (all, digest) = positions(&choice(None));
        let mut parts = Vec::new();
        for number in 1..=of {
            let (part, same) = positions(&choice(Some(Shard { number, of })));
            assert!(same == digest && part.is_sorted() && !part.is_empty());
            parts.extend(part);
        }
        parts.sort_unstable();
        assert_eq!(parts, all);
    }
}
