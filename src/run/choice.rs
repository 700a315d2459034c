//! Which cases run, and what they were drawn from.

use std::{collections::HashSet, path::PathBuf};

use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};

use super::Item;
use crate::{
    case::{Role, print},
    catalogue::{Catalogue, Trouble, Unknown, in_shard},
    gate::terms::Entry,
    report::{self, Shard},
    rules,
};

/// What a run takes of the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Globs, folders and ids; none: all.
    pub words: Vec<String>,
    /// Those to leave out.
    pub exclude: Vec<String>,
    /// Heavy cases run too.
    pub heavy: bool,
    /// Folders with cases of one's own.
    pub folders: Vec<PathBuf>,
    /// A part of them only.
    pub shard: Option<Shard>,
}

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// Case files make no sense.
    #[error("{}", files(.0))]
    Files(Vec<Trouble>),
    /// A word names nothing.
    #[error("{0}")]
    Unknown(#[from] Unknown),
    /// Nothing is left.
    #[error(
        "nothing is left to run: of {selected} selected case{} {others}, and {heavy} are heavy and need --heavy{}",
        if *.selected == 1 { "" } else { "s" },
        shards(*.elsewhere)
    )]
    Nothing {
        /// How many were named.
        selected: usize,
        /// How many are for targets of the other role, in words.
        others: String,
        /// How many are heavy.
        heavy: usize,
        /// How many are in other shards.
        elsewhere: usize,
    },
}

fn files(troubles: &[Trouble]) -> String {
    let told: Vec<_> = troubles.iter().map(|one| one.render(false)).collect();
    let count = match told.len() {
        1 => "1 error".to_owned(),
        n => format!("{n} errors"),
    };
    format!(
        "{count} in the case files; nothing was done\n{}",
        told.join("\n\n")
    )
}

fn shards(elsewhere: usize) -> String {
    match elsewhere {
        0 => String::new(),
        n => format!("; {n} are in other shards: take fewer shards"),
    }
}

/// What runs, and what it was drawn from.
#[derive(Debug)]
pub struct Chosen {
    /// The cases.
    pub items: Vec<Item>,
    /// For the report.
    pub catalogue: report::Catalogue,
    /// All cases of the catalogue for the role, for lines of known deviations.
    pub entries: Vec<Entry>,
}

impl Choice {
    /// The cases to run against a target of this role.
    ///
    /// # Errors
    /// A case file makes no sense, a word names nothing, or nothing is left to run.
    pub fn select(&self, role: Role) -> Result<Chosen, ChoiceError> {
        let catalogue = Catalogue::read(&self.folders).map_err(ChoiceError::Files)?;
        let chosen = catalogue.select(&self.words, &self.exclude)?;
        let selected = chosen.len();
        let chosen: HashSet<&str> = chosen.iter().map(|case| case.id.as_str()).collect();
        let mut digest = Sha1::new();
        let (mut for_others, mut heavy, mut elsewhere) = (0, 0, 0);
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        for (position, case) in catalogue.cases().enumerate() {
            let ours = case.is_for(role);
            if ours {
                digest.update(format!("{}\n{}\n", case.id, print::case(case)));
                entries.push(Entry {
                    id: case.id.clone(),
                    heavy: case.heavy,
                });
            }
            if !chosen.contains(case.id.as_str()) {
                continue;
            }
            // A heavy case that is asked for by its name needs no further word.
            let wanted = !case.heavy || self.heavy || self.words.contains(&case.id);
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
            let others = format!("{for_others} are for {}s", role.other());
            return Err(ChoiceError::Nothing {
                selected,
                others,
                heavy,
                elsewhere,
            });
        }
        let catalogue = report::Catalogue {
            cases: entries.len() as u64,
            digest: HEXLOWER.encode(&digest.finalize()),
            selected: self.words.clone(),
            shard: self.shard,
        };
        Ok(Chosen {
            items,
            catalogue,
            entries,
        })
    }
}
