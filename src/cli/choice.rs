//! Which cases run: what `server` and `client` have in common on the command line.

use std::path::PathBuf;

use super::{Failure, check};
use crate::{
    case::Role,
    gate::Exit,
    report::{self, Shard},
    run::{
        Item,
        choice::{self, ChoiceError},
    },
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
        let choice = choice::Choice {
            words: words.to_vec(),
            exclude: self.exclude.clone(),
            heavy: self.heavy,
            folders: self.cases.clone(),
            shard: self.shard,
        };
        let chosen = choice.select(role).map_err(|error| match error {
            ChoiceError::Files(troubles) => check::in_files(&troubles),
            ChoiceError::Unknown(unknown) => check::unknown(&unknown),
            nothing => Failure::new(Exit::Nothing, nothing),
        })?;
        Ok((chosen.items, chosen.catalogue))
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
