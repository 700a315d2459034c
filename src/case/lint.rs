//! What parses and is still wrong: steps that nothing reaches, cases that cannot fail, rules that nobody sees.

use std::collections::HashMap;

use thiserror::Error;

use super::{
    Alternative, Body, Case, CloseWanted, Document, Mark, Need, Outcome, Payload, Role, Send,
    StatusWanted, Step,
    document::Located,
    error::{Error as Told, Fault, Place},
};
use crate::rules;

/// Something in a case file that parses and makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of each variant says it")]
pub enum Remark {
    /// Each alternative ends TCP, or has the rest of the case below it.
    #[error("nothing reaches this line")]
    Unreachable,
    /// The suite's own end of TCP.
    #[error("the suite cannot send behind its `{0}`")]
    SentBehindEnd(&'static str),
    /// An outcome that one above takes.
    #[error("another outcome already takes what this one describes")]
    Shadowed,
    /// An alternative above it, without a branch of its own, leaves no open connection.
    #[error("a target that refused the opening handshake comes by here too, and has no frames")]
    FramesBehindRefusal,
    /// A message can only be an echo.
    #[error("the target is to send a message, and the case does not need an echo")]
    NoEcho,
    /// Pongs that answer no ping are ignored.
    #[error("no ping of the suite asks for this pong")]
    UnaskedPong,
    /// Nothing is expected and no closing handshake follows.
    #[error("this case can never fail")]
    CannotFail,
    /// No seat from which the suite could see the rule.
    #[error("the rule {rule} is not seen on a target that is {role}")]
    NotSeen { rule: String, role: &'static str },
    /// For one of the case's roles nothing is judged.
    #[error("none of the rules is seen on a target that is a {0}")]
    RoleWithoutRule(Role),
    /// Browsers are clients.
    #[error("a browser is a client, and the case does not say that it is for clients")]
    ProfileRole,
    /// `level:` above what the rules give.
    #[error("the rules of this case give no more than {0}")]
    Raised(super::Level),
    /// Two cases of one file say the same.
    #[error("another case of this file has the same title")]
    SameTitle,
    /// Neither a placeholder nor a key, nor the first.
    #[error("nothing uses the column `{0}`")]
    UnusedColumn(String),
}

impl Remark {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Remark::Unreachable => "steps of a branch stand below it; behind the end of TCP only `> eof` and `> reset` make sense".into(),
            Remark::SentBehindEnd(_) => "end it later".into(),
            Remark::Shadowed => "`<` is tried first, then `~`, then `?`, each from the top: put the narrower one first, or leave one out".into(),
            Remark::FramesBehindRefusal => "indent these steps below the `response 101` above, so that they belong to it alone".into(),
            Remark::NoEcho => "add `needs: echo`".into(),
            Remark::UnaskedPong => "a pong repeats the payload of a ping (RFC 6455, section 5.5.3)".into(),
            Remark::CannotFail => "say what the target does, for instance `< eof`".into(),
            Remark::NotSeen { .. } => "rules.tsv says who sees a rule; check another rule, or set `role:`".into(),
            Remark::RoleWithoutRule(role) => format!("write `role: {}`, or add a rule", role.other()),
            Remark::ProfileRole => "write `role: client`".into(),
            Remark::Raised(_) => "`level:` can only lower it: leave it out".into(),
            Remark::SameTitle => "say what tells them apart; in a title `{column}` is replaced too".into(),
            Remark::UnusedColumn(_) => "name it in the case as `{column}`, or leave it out".into(),
        }
    }
}

/// All remarks on a file, in the order of its lines.
pub fn lint(document: &Document) -> Vec<Told> {
    let mut found = document.remarks.clone();
    let mut titles = HashMap::new();
    for located in &document.cases {
        let mut lint = Lint {
            located,
            line: 0,
            pings: Vec::new(),
            asked: HashMap::new(),
            found: Vec::new(),
        };
        lint.case();
        // Rows of one case are told apart by their ids.
        let slug = located.case.id.split('[').next().unwrap_or_default();
        if *titles.entry(located.case.title.as_str()).or_insert(slug) != slug {
            let place = located.keys.get("title").unwrap_or(&located.at);
            lint.tell(place.clone(), Remark::SameTitle);
        }
        for (place, remark) in lint.found {
            let source = document.source.clone();
            let told = Told {
                source,
                place,
                fault: Fault::Remark(remark),
            };
            // Each row would tell it again.
            if !found.iter().any(|t| t.is_again(&told)) && found.len() < super::error::Source::MOST
            {
                found.push(told);
            }
        }
    }
    found.sort_by_key(|told| told.place.span.start);
    found
}

struct Lint<'a> {
    located: &'a Located,
    /// The next of [`Located::lines`].
    line: usize,
    /// The pings on the way here, and how often each payload was among them.
    pings: Vec<Asked>,
    asked: HashMap<Asked, usize>,
    found: Vec<(Place, Remark)>,
}

/// What has happened on the way to a step.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// Octets were sent as they are: pings may be among them.
    raw: bool,
    /// The suite has ended its side: with what.
    ended: Option<&'static str>,
    /// The target may have refused the opening handshake.
    refused: bool,
    /// The target has ended TCP, or no alternative leads here.
    over: bool,
}

impl Lint<'_> {
    fn tell(&mut self, place: Place, remark: Remark) {
        self.found.push((place, remark));
    }

    fn case(&mut self) {
        let case = &self.located.case;
        self.rules(case);
        let way = self.steps(&case.steps, &mut Way::default());
        if !way && case.steps.iter().all(|step| matches!(step, Step::Send(_))) {
            self.tell(self.located.at.clone(), Remark::CannotFail);
        }
    }

    fn rules(&mut self, case: &Case) {
        let checked: Vec<_> = case
            .checks
            .iter()
            .filter_map(|id| rules::find(id))
            .collect();
        let roles: Vec<Role> = [Role::Server, Role::Client]
            .into_iter()
            .filter(|role| case.is_for(*role))
            .collect();
        let mut blind = false;
        for (rule, place) in checked.iter().zip(&self.located.checks) {
            if !roles.iter().any(|role| rule.is_seen_on(*role)) {
                let role = match case.role {
                    Some(Role::Server) => "a server",
                    Some(Role::Client) => "a client",
                    None => "a server or a client",
                };
                let remark = Remark::NotSeen {
                    rule: rule.id.into(),
                    role,
                };
                self.found.push((place.clone(), remark));
                blind = true;
            }
        }
        for role in roles.into_iter().filter(|_| !blind) {
            if !checked.iter().any(|rule| rule.is_seen_on(role)) {
                let place = self.located.keys.get("checks").unwrap_or(&self.located.at);
                self.found
                    .push((place.clone(), Remark::RoleWithoutRule(role)));
            }
        }
        if case.profile.is_some() && case.role != Some(Role::Client) {
            let place = self.located.keys.get("profile").unwrap_or(&self.located.at);
            self.found.push((place.clone(), Remark::ProfileRole));
        }
        let strongest = checked.iter().map(|rule| rule.weight()).max();
        if let (Some(level), Some(strongest)) = (case.level, strongest)
            && level > strongest
        {
            let place = self.located.keys.get("level").unwrap_or(&self.located.at);
            self.found.push((place.clone(), Remark::Raised(strongest)));
        }
    }

    /// Whether the connection is open behind the steps, so that the closing handshake follows.
    fn steps(&mut self, steps: &[Step], way: &mut Way) -> bool {
        for step in steps {
            match step {
                Step::Send(send) => self.send(send, way),
                Step::Expect(alternatives) => self.expect(alternatives, way),
            }
        }
        way.ended.is_none() && !way.over
    }

    fn place(&mut self) -> Place {
        self.line += 1;
        self.located
            .lines
            .get(self.line - 1)
            .cloned()
            .unwrap_or_default()
    }

    /// The place of the line that was taken last.
    fn last(&self) -> Place {
        let line = self.line.saturating_sub(1);
        self.located.lines.get(line).cloned().unwrap_or_default()
    }

    fn send(&mut self, send: &Send, way: &mut Way) {
        let place = self.place();
        let ends = matches!(send, Send::Eof | Send::Reset);
        if way.over && !ends {
            self.tell(place, Remark::Unreachable);
        } else if let Some(end) = way.ended
            && !(end == "eof" && matches!(send, Send::Reset))
        {
            self.tell(place, Remark::SentBehindEnd(end));
        }
        if matches!(send, Send::Frame(_)) && std::mem::take(&mut way.refused) {
            self.tell(self.last(), Remark::FramesBehindRefusal);
        }
        match send {
            Send::Frame(frame) => match &frame.body {
                Body::Data(9, payload) if frame.frag.is_none() => self.ping(payload),
                Body::Data(9, _) => way.raw = true,
                _ => {}
            },
            Send::Bytes(..) => way.raw = true,
            Send::Request(step) | Send::Response(_, step) => way.raw |= step.body.is_some(),
            Send::Eof => way.ended = way.ended.or(Some("eof")),
            Send::Reset => way.ended = Some("reset"),
            Send::Pause => {}
        }
    }

    fn ping(&mut self, payload: &Payload) {
        let asked = Asked::of(payload);
        *self.asked.entry(asked.clone()).or_default() += 1;
        self.pings.push(asked);
    }

    /// Goes back to where only the first `known` pings had been sent: a branch is left.
    fn forget(&mut self, known: usize) {
        for asked in self.pings.drain(known..) {
            if let Some(count) = self.asked.get_mut(&asked) {
                *count -= 1;
                if *count == 0 {
                    self.asked.remove(&asked);
                }
            }
        }
    }

    fn expect(&mut self, alternatives: &[Alternative], way: &mut Way) {
        let (mut leads_on, mut refused) = (false, false);
        for (index, alternative) in alternatives.iter().enumerate() {
            let place = self.place();
            if way.over || way.ended == Some("reset") {
                self.tell(place.clone(), Remark::Unreachable);
            }
            for outcome in &alternative.outcomes {
                let mut before = alternatives.iter().enumerate().filter(|(i, other)| {
                    (worth(&other.mark), *i) < (worth(&alternative.mark), index)
                });
                if before.any(|(_, other)| other.outcomes.iter().any(|o| takes(o, outcome))) {
                    self.tell(place.clone(), Remark::Shadowed);
                }
                self.outcome(outcome, &alternative.mark, &place, way);
            }
            if alternative.outcomes.iter().any(is_of_frames) && std::mem::take(&mut way.refused) {
                self.tell(place.clone(), Remark::FramesBehindRefusal);
            }
            let refuses = alternative.outcomes.iter().any(refuses);
            let over = alternative.outcomes.iter().all(ends_tcp);
            match &alternative.then {
                Some(steps) => {
                    let mut branch = Way {
                        over: way.over || over,
                        refused: way.refused || refuses,
                        ..*way
                    };
                    let known = self.pings.len();
                    self.steps(steps, &mut branch);
                    self.forget(known);
                }
                None => {
                    leads_on |= !over;
                    refused |= refuses;
                }
            }
        }
        way.refused |= refused;
        way.over |= !leads_on;
    }

    fn outcome(&mut self, outcome: &Outcome, mark: &Mark, place: &Place, way: &Way) {
        match outcome {
            Outcome::Text(..) | Outcome::Binary(..)
                if *mark == Mark::Required && !self.located.case.needs.contains(&Need::Echo) =>
            {
                self.tell(place.clone(), Remark::NoEcho);
            }
            Outcome::Pong(payload) if !way.raw && !self.asked.contains_key(&Asked::of(payload)) => {
                self.tell(place.clone(), Remark::UnaskedPong);
            }
            _ => {}
        }
    }
}

/// Alternatives are tried in this order.
fn worth(mark: &Mark) -> u8 {
    match mark {
        Mark::Required => 0,
        Mark::Tolerated(_) => 1,
        Mark::NotApplicable(_) => 2,
    }
}

fn ends_tcp(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Fail(_) | Outcome::Eof | Outcome::Reset)
}

/// Whether no connection is open behind it.
fn refuses(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refusal(..) => true,
        Outcome::Response(StatusWanted::Code(code), _) => *code >= 200,
        Outcome::Response(StatusWanted::Class(digit), _) => *digit >= 2,
        _ => false,
    }
}

/// Whether it can come only where a connection is open.
fn is_of_frames(outcome: &Outcome) -> bool {
    use Outcome as O;
    matches!(
        outcome,
        O::Text(..) | O::Binary(..) | O::Ping(_) | O::Pong(_) | O::Close(_) | O::Fail(_)
    )
}

/// Whether whatever is the second outcome is the first one too.
fn takes(first: &Outcome, second: &Outcome) -> bool {
    match (first, second) {
        (Outcome::Close(CloseWanted::Any), Outcome::Close(_))
        | (Outcome::Ping(None), Outcome::Ping(_))
        | (Outcome::Eof | Outcome::Fail(_), Outcome::Eof | Outcome::Reset)
        | (Outcome::Refusal(..), Outcome::Eof | Outcome::Reset) => true,
        (first, second) => first == second,
    }
}

/// A ping's payload. Long ones are compared as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Octets(Vec<u8>),
    Written(String),
}

impl Asked {
    fn of(payload: &Payload) -> Asked {
        match payload.len() {
            0..=1024 => Asked::Octets(payload.octets(0)),
            _ => Asked::Written(payload.to_string()),
        }
    }
}
