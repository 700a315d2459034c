//! The choice among the cases of a catalogue.

use std::{collections::BTreeSet, sync::Arc};

use thiserror::Error;

use super::Catalogue;
use crate::case::{
    Case,
    error::{distance, floor, nearest, shown},
};

/// A word of a selection that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no case is called {word}{}", suggest(near))]
pub struct Unknown {
    /// What was asked for, fit to be shown.
    pub word: String,
    /// Ids and folders that were perhaps meant.
    pub near: Vec<String>,
}

fn suggest(near: &[String]) -> String {
    match near {
        [] => "; `wsspec list` names them all".into(),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}

impl Catalogue {
    /// The cases that the words of `include` name (none: all), without those that `exclude` names, in
    /// the order of the catalogue. A word is an id, the beginning of ids up to a `/` or `[`, or a glob
    /// with `*` and `?`; brackets stand for themselves, since ids have them.
    ///
    /// A word that names nothing is an error, in both lists: a slip must not change what runs.
    pub fn select(
        &self,
        include: &[String],
        exclude: &[String],
    ) -> Result<Vec<Arc<Case>>, Unknown> {
        let mut selected = vec![include.is_empty(); self.entries.len()];
        for (words, value) in [(include, true), (exclude, false)] {
            for word in words {
                let mut any = false;
                for (i, case) in self.cases().enumerate() {
                    if names(word, &case.id) {
                        (selected[i], any) = (value, true);
                    }
                }
                if !any {
                    return Err(self.unknown(word));
                }
            }
        }
        let chosen = self.cases().zip(selected).filter(|(_, selected)| *selected);
        Ok(chosen.map(|(case, _)| case.clone()).collect())
    }

    fn unknown(&self, word: &str) -> Unknown {
        const MOST: usize = 3;
        let part = word.trim_matches(|c| "*/?".contains(c));
        let ends = |id: &'_ str| -> Vec<usize> {
            id.match_indices(['/', '['])
                .map(|(at, _)| at)
                .chain([id.len()])
                .collect()
        };
        let names: BTreeSet<&str> = self
            .cases()
            .flat_map(|case| ends(&case.id).into_iter().map(|end| &case.id[..end]))
            .filter(|name| {
                let last = name.rsplit('/').next().unwrap_or(name);
                nearest(word, [*name]).is_some()
                    || nearest(part, [last]).is_some()
                    || (part.len() > 2 && last.contains(part))
            })
            .collect();
        let mut near: Vec<String> = names.into_iter().map(String::from).collect();
        near.sort_by_cached_key(|name| distance(&word[..floor(word, 64)], name));
        near.truncate(MOST);
        Unknown {
            word: shown(word),
            near,
        }
    }
}

/// Whether a word of a selection names this id.
pub fn names(word: &str, id: &str) -> bool {
    let folder = word.strip_suffix('/').unwrap_or(word);
    match id.strip_prefix(folder) {
        Some("") => return folder == word,
        Some(rest) if rest.starts_with('/') => return true,
        Some(rest) if rest.starts_with('[') && folder == word => return true,
        _ => {}
    }
    is_like(word, id)
}

/// Whether a text is like a glob: `*` is any octets, `?` one. The time is bounded by the product of both lengths.
pub fn is_like(glob: &str, text: &str) -> bool {
    let (glob, id) = (glob.as_bytes(), text.as_bytes());
    let (mut g, mut i) = (0, 0);
    // Where the last `*` was, and how much it took.
    let mut star = None;
    while i < id.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, i));
                g += 1;
            }
            Some(c) if *c == b'?' || *c == id[i] => (g, i) = (g + 1, i + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (g, i) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Document;

    fn catalogue(files: &[(&str, &str)]) -> Catalogue {
        let text = |cases: &str| {
            cases
                .split(' ')
                .map(|slug| {
                    format!("case {slug}\n  title: {slug}\n  checks: 6455-5.5.2-2\n  > ping\n")
                })
                .collect::<String>()
        };
        let documents = files
            .iter()
            .map(|(stem, cases)| Document::parse(stem, stem, text(cases).as_bytes()))
            .collect();
        let mut troubles = Vec::new();
        let catalogue = Catalogue::of(documents, &mut troubles);
        assert!(troubles.is_empty(), "{troubles:?}");
        catalogue
    }

    fn sample() -> Catalogue {
        catalogue(&[
            ("close/codes", "code[1000] code[1005] other"),
            ("control/ping", "empty between"),
            ("control/pingpong", "empty"),
        ])
    }

    #[track_caller]
    fn select(include: &[&str], exclude: &[&str]) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        let cases = sample()
            .select(&words(include), &words(exclude))
            .expect("a selection");
        cases.iter().map(|case| case.id.clone()).collect()
    }

    #[test]
    fn words_select_ids_folders_cases_with_rows_and_globs() {
        assert_eq!(select(&[], &[]).len(), 6);
        assert_eq!(
            select(&["close/codes/code[1000]"], &[]),
            ["close/codes/code[1000]"]
        );
        assert_eq!(select(&["close/codes/code"], &[]).len(), 2);
        assert_eq!(select(&["close/codes/code[10*]"], &[]).len(), 2);
        assert_eq!(select(&["control"], &[]).len(), 3);
        assert_eq!(
            select(&["control/ping"], &[]),
            ["control/ping/empty", "control/ping/between"]
        );
        assert_eq!(select(&["control/ping/"], &[]).len(), 2);
        assert_eq!(select(&["*empty", "close"], &[]).len(), 5);
        assert_eq!(
            select(&["control/*/empty"], &["control/pingpong"]),
            ["control/ping/empty"]
        );
        assert_eq!(select(&["c?ntrol/ping/*"], &[]).len(), 2);
        assert_eq!(
            select(&["control/pingpong", "close/codes/other"], &[])[0],
            "close/codes/other"
        );
    }

    #[test]
    fn a_word_that_names_nothing_is_told_with_what_was_perhaps_meant() {
        let unknown = |word: &str, exclude: bool| {
            let words = [word.to_string()];
            let (a, b): (&[String], &[String]) = if exclude {
                (&[], &words)
            } else {
                (&words, &[])
            };
            sample().select(a, b).expect_err("nothing")
        };
        assert_eq!(unknown("control/pign", false).near[0], "control/ping");
        assert_eq!(unknown("control/pign", true).near[0], "control/ping");
        assert_eq!(unknown("betwen", false).near, ["control/ping/between"]);
        assert!(unknown("zzz*", false).to_string().contains("wsspec list"));
        let slashed = unknown("control/ping/empty/", false);
        assert_eq!(slashed.near[0], "control/ping/empty");
    }

    #[test]
    fn globs_match_as_they_look() {
        for (glob, id, like) in [
            ("*", "", true),
            ("a*b", "ab", true),
            ("a*b*c", "axbxbxc", true),
            ("a*b*c", "axbxbx", false),
            ("?", "", false),
            ("a?", "ab", true),
            ("[a]", "a", false),
            ("**x", "yx", true),
        ] {
            assert_eq!(is_like(glob, id), like, "{glob} {id}");
        }
    }
}
