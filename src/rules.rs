//! The rules: what the RFCs demand, one row each, as `cases/rules.tsv` has them.

use std::{collections::HashMap, sync::LazyLock};

use crate::case::{Case, Level, Role};

/// The document that a source stands for: `RFC 6455`, `WHATWG WebSockets`.
pub fn document(source: &str) -> String {
    match source {
        "whatwg" => "WHATWG WebSockets".into(),
        number => format!("RFC {number}"),
    }
}

/// Tab separated, one header row, no quoting, `-` for empty.
const TABLE: &str = include_str!("../cases/rules.tsv");

/// One thing that an RFC says an implementation must, should or may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Source, section and number: `6455-5.5.2-2`.
    pub id: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// It forbids: MUST NOT, SHOULD NOT.
    pub forbids: bool,
    /// Whom it binds: `client`, `server`, `both`, `intermediary` or `application`.
    pub who: &'static str,
    /// What it demands, in our own words.
    pub requirement: &'static str,
    /// A suite that plays the client sees it: the target is a server.
    pub seen_on_server: bool,
    /// A suite that plays the server sees it: the target is a client.
    pub seen_on_client: bool,
    /// The outcome that proves a breach.
    pub violation: &'static str,
    /// What the RFC leaves open.
    pub tolerated: &'static str,
    /// The RFC says it in its text; otherwise the reaction is inferred from a rule that binds the other side.
    pub in_text: bool,
    /// Autobahn's cases about it.
    pub autobahn: &'static str,
    /// What else there is to say: where nothing can be seen, why.
    pub note: &'static str,
}

impl Rule {
    /// What says it: `6455`, the number of the RFC, or `whatwg`.
    pub fn source(&self) -> &'static str {
        self.id
            .split_once('-')
            .map_or(self.id, |(source, _)| source)
    }

    /// Where it stands: `RFC 6455, section 5.5.2`, `WHATWG WebSockets, section 3.1`.
    pub fn section(&self) -> String {
        let (source, rest) = self.id.split_once('-').unwrap_or((self.id, ""));
        let section = rest.rsplit_once('-').map_or(rest, |(section, _)| section);
        format!("{}, section {section}", document(source))
    }

    /// What a breach of it weighs: what is inferred weighs at most a SHOULD.
    pub fn weight(&self) -> Level {
        if self.in_text {
            self.level
        } else {
            self.level.min(Level::Should)
        }
    }

    /// Whether the suite can see it on a target of this role.
    pub fn is_seen_on(&self, target: Role) -> bool {
        match target {
            Role::Server => self.seen_on_server,
            Role::Client => self.seen_on_client,
        }
    }

    fn read(row: &'static str) -> Option<Rule> {
        let mut cells = row.split('\t');
        let mut next = || cells.next();
        let (id, level, who, requirement) = (next()?, next()?, next()?, next()?);
        let (as_client, as_server, _sends, _conforming) = (next()?, next()?, next()?, next()?);
        let (tolerated, violation, basis) = (next()?, next()?, next()?);
        let (_covered, autobahn, note) = (next()?, next()?, next()?);
        let (level, forbids) = match level {
            "must" => (Level::Must, false),
            "must-not" => (Level::Must, true),
            "should" => (Level::Should, false),
            "should-not" => (Level::Should, true),
            "may" => (Level::May, false),
            _ => return None,
        };
        let text = |cell: &'static str| if cell == "-" { "" } else { cell };
        Some(Rule {
            id,
            level,
            forbids,
            who,
            requirement,
            seen_on_server: as_client == "yes",
            seen_on_client: as_server == "yes",
            violation,
            tolerated,
            in_text: basis == "text",
            autobahn: text(autobahn),
            note: text(note),
        })
    }
}

static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(Rule::read).collect());

static BY_ID: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    RULES
        .iter()
        .enumerate()
        .map(|(i, rule)| (rule.id, i))
        .collect()
});

/// All rules, in the order of the table.
pub fn all() -> &'static [Rule] {
    &RULES
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    BY_ID.get(id).map(|i| &RULES[*i])
}

/// What a failure of the case weighs: the strongest of its rules, lowered where the case says so.
pub fn level(case: &Case) -> Level {
    let strongest = case
        .checks
        .iter()
        .filter_map(|id| find(id))
        .map(Rule::weight)
        .max();
    let strongest = strongest.unwrap_or(Level::May);
    case.level
        .map_or(strongest, |lowered| lowered.min(strongest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Document;

    #[test]
    fn every_row_is_read_and_ids_are_unique() {
        let rows = TABLE.lines().filter(|line| !line.is_empty()).count() - 1;
        assert_eq!(all().len(), rows);
        assert_eq!(BY_ID.len(), rows);
        assert!(all().iter().all(|rule| !rule.requirement.is_empty()));
    }

    #[test]
    fn a_rule_says_where_it_stands() {
        let rule = find("6455-5.5.2-2").expect("a rule of the table");
        assert_eq!(rule.section(), "RFC 6455, section 5.5.2");
        let rule = find("whatwg-3.1-1").expect("a rule of the table");
        assert_eq!(rule.section(), "WHATWG WebSockets, section 3.1");
        assert!(find("6455-5.5.2-99").is_none());
    }

    #[test]
    fn what_is_inferred_weighs_at_most_a_should() {
        let inferred = all().iter().filter(|rule| !rule.in_text);
        assert!(inferred.clone().any(|rule| rule.level == Level::Must));
        assert!(inferred.clone().all(|rule| rule.weight() <= Level::Should));
    }

    #[test]
    fn a_case_lowers_the_level_of_its_rules_and_never_raises_it() {
        let level = |rules: &str, key: &str| {
            let text = format!("case a\n  title: T\n  checks: {rules}\n{key}  > ping\n");
            super::level(&Document::only("", &text).expect("a case"))
        };
        let (must, may) = ("6455-5.5.2-2", "6455-5.5.2-1");
        assert_eq!(level(must, ""), Level::Must);
        assert_eq!(level(may, ""), Level::May);
        assert_eq!(level(&format!("{may}, {must}"), ""), Level::Must);
        assert_eq!(level(must, "  level: should\n"), Level::Should);
        assert_eq!(level(may, "  level: should\n"), Level::May);
    }
}
