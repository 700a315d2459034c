//! The `key: value` lines of a case, and the columns that are named as a key.

use std::{collections::HashMap, ops::Range};

use super::{
    Level, Need, Profile, Role,
    bind::Line,
    document::MAX_ITEMS,
    error::Place,
    fault::{Fault, KEYS, nearest, shown},
    rows::Row,
};
use crate::rules;

/// What the keys of a case say.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub title: String,
    pub checks: Vec<String>,
    pub level: Option<Level>,
    pub role: Option<Role>,
    pub profile: Option<Profile>,
    pub needs: Vec<Need>,
    pub autobahn: Vec<String>,
    pub class: Option<String>,
    pub heavy: bool,
    pub beside: usize,
    pub places: HashMap<&'static str, Place>,
    pub check_places: Vec<Place>,
}

/// So many connections of both ends fit into one process with the limits that systems have by default.
const MAX_BESIDE: usize = 500;

type Faults = Vec<(Place, Fault)>;

/// Whether a line is a `key: value`. Steps begin with a mark, so a colon behind a word is a key's.
pub(super) fn is_key(line: &Line) -> bool {
    let text = &line.text;
    let name = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    name.len() < text.len() && name.starts_with(':')
}

/// Reads the lines, and the row's cells of columns that are named as a key and not set by a line.
pub(super) fn read(
    text: &str,
    lines: &[Line],
    row: &Row,
    slug: &Range<usize>,
    faults: &mut Faults,
) -> Keys {
    let mut keys = Keys::default();
    for line in lines {
        let colon = line.text.find(':').unwrap_or(line.text.len());
        let name = &line.text[..colon];
        if line.indent != 2 {
            faults.push((line.whole(), Fault::indent(2, line.indent)));
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| **key == name) else {
            let fault = Fault::UnknownKey(shown(name), nearest(name, KEYS.iter().copied()));
            faults.push((line.place(0..colon), fault));
            continue;
        };
        if keys.places.insert(key, line.place(0..colon)).is_some() {
            faults.push((line.place(0..colon), Fault::RepeatedKey(key)));
            continue;
        }
        let value = line.text[colon + 1..].trim_start_matches(' ');
        let from = line.text.len() - value.len();
        match value.is_empty() {
            // An empty cell leaves the key unset.
            true if line.emptied => {
                keys.places.remove(key);
            }
            true => faults.push((line.whole(), Fault::EmptyKey(key))),
            false => keys.set(key, line, from, faults),
        }
    }
    for key in KEYS {
        if !keys.places.contains_key(key)
            && let Some(span) = row.cells.get(key).filter(|span| !span.is_empty())
        {
            let line = Line::verbatim(text, span.clone());
            keys.places.insert(key, line.whole());
            keys.set(key, &line, 0, faults);
        }
    }
    if keys.beside > 0
        && keys.role != Some(Role::Server)
        && let Some(place) = keys.places.get("beside")
    {
        faults.push((place.clone(), Fault::BesideRole));
    }
    let missing: Vec<_> = ["title", "checks"]
        .into_iter()
        .filter(|key| !keys.places.contains_key(key))
        // A slip in the name has been told.
        .filter(|key| {
            !faults
                .iter()
                .any(|(_, f)| matches!(f, Fault::UnknownKey(_, Some(k)) if k == key))
        })
        .map(|key| {
            let place = if row.key.is_empty() { slug } else { &row.key };
            (place.clone().into(), Fault::MissingKey(key))
        })
        .collect();
    faults.extend(missing);
    keys
}

impl Keys {
    /// The value begins at `from`.
    fn set(&mut self, key: &'static str, line: &Line, from: usize, faults: &mut Faults) {
        let value = &line.text[from..];
        let mut bad = |span: Range<usize>, fault| faults.push((line.place(span), fault));
        let all = from..line.text.len();
        let wrong = |expected| Fault::KeyValue {
            key,
            found: shown(value),
            expected,
        };
        if matches!(key, "checks" | "needs" | "autobahn") && value.split(',').count() > MAX_ITEMS {
            let (what, most) = ("values", MAX_ITEMS);
            return bad(all, Fault::TooMany { what, most });
        }
        match key {
            "title" => self.title = value.into(),
            "class" => self.class = Some(value.into()),
            "level" => match value {
                "should" => self.level = Some(Level::Should),
                "may" => self.level = Some(Level::May),
                "must" => bad(all, Fault::LevelMust),
                _ => bad(all, wrong("should or may")),
            },
            "role" => match value {
                "server" => self.role = Some(Role::Server),
                "client" => self.role = Some(Role::Client),
                "both" => self.role = None,
                _ => bad(all, wrong("server, client or both: the role of the target")),
            },
            "profile" => match value {
                "browser" => self.profile = Some(Profile::Browser),
                _ => bad(all, wrong("browser, or leave the line out")),
            },
            "heavy" => match value {
                "yes" => self.heavy = true,
                _ => bad(all, wrong("heavy: yes, or leave the line out")),
            },
            "beside" => match value.parse() {
                Ok(others @ 1..=MAX_BESIDE) => self.beside = others,
                _ => bad(all, wrong("a number of connections from 1 to 500")),
            },
            "needs" => {
                for (span, item) in items(value, from) {
                    let need = match item {
                        "echo" => Need::Echo,
                        "subprotocol" => Need::Subprotocol,
                        _ => {
                            let (found, expected) = (shown(item), "echo or subprotocol");
                            bad(
                                span,
                                Fault::KeyValue {
                                    key,
                                    found,
                                    expected,
                                },
                            );
                            continue;
                        }
                    };
                    match self.needs.contains(&need) {
                        true => bad(span, Fault::RepeatedItem(shown(item))),
                        false => self.needs.push(need),
                    }
                }
            }
            "autobahn" => {
                for (span, item) in items(value, from) {
                    let part = |part: &str| {
                        !part.is_empty()
                            && (part == "*" || part.bytes().all(|b| b.is_ascii_digit()))
                    };
                    if !item.split('.').all(part) {
                        let (found, expected) =
                            (shown(item), "numbers as 7.7.1, with commas between");
                        bad(
                            span,
                            Fault::KeyValue {
                                key,
                                found,
                                expected,
                            },
                        );
                    } else if self.autobahn.iter().any(|n| n == item) {
                        bad(span, Fault::RepeatedItem(shown(item)));
                    } else {
                        self.autobahn.push(item.into());
                    }
                }
            }
            _ => {
                for (span, item) in items(value, from) {
                    if rules::find(item).is_none() {
                        let near = nearest(item, rules::all().iter().map(|rule| rule.id));
                        bad(
                            span,
                            Fault::UnknownRule(shown(item), near.map(String::from)),
                        );
                    } else if self.checks.iter().any(|n| n == item) {
                        bad(span, Fault::RepeatedItem(shown(item)));
                    } else {
                        self.checks.push(item.into());
                        self.check_places.push(line.place(span));
                    }
                }
            }
        }
    }
}

/// What stands between commas, and where.
fn items(value: &str, from: usize) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = from;
    value.split(',').map(move |item| {
        let trimmed = item.trim_matches(' ');
        let start = at + (item.len() - item.trim_start_matches(' ').len());
        at += item.len() + 1;
        (start..start + trimmed.len(), trimmed)
    })
}
