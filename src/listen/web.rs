//! What the port answers to plain HTTP: the page for browsers, and what it needs.
//!
//! | path | answer |
//! | --- | --- |
//! | `/` | the page |
//! | `/cases.json` | the cases on offer, in order |
//! | `/results.json?agent=A&since=N` | what an agent has shown so far, or only what is new; without a name, all agents |
//! | `/report.json?agent=A` | its report |
//! | `/report.html?agent=A` | its report as a page |

use std::collections::HashMap;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Hall, route};
use crate::{
    case::Need,
    report::{FORMATS, Page, word},
    wire::handshake::{Request, write},
};

/// The page for browsers: all of it, so that it needs nothing but this port.
const PAGE: &str = include_str!("page.html");

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub media: &'static str,
    /// Its content.
    pub body: String,
}

impl Answer {
    fn new(status: u16, media: &'static str, body: impl Into<String>) -> Answer {
        Answer {
            status,
            media,
            body: body.into(),
        }
    }

    fn text(status: u16, sentence: &str) -> Answer {
        Answer::new(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
    }

    fn json(value: &Value) -> Answer {
        Answer::new(200, "application/json", value.to_string())
    }

    fn html(body: impl Into<String>) -> Answer {
        Answer::new(200, "text/html; charset=utf-8", body)
    }

    /// As it goes out; without its content, for HEAD.
    pub fn octets(&self, head: bool) -> Vec<u8> {
        let length = self.body.len().to_string();
        let headers = [
            ("Content-Type", self.media),
            ("Content-Length", &length),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ];
        write::plain(self.status, &headers, if head { "" } else { &self.body })
    }
}

/// The answer to a request that is no opening handshake.
pub(super) fn answer(hall: &Hall, request: &Request) -> Answer {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Answer::text(405, "only GET and HEAD are answered here");
    }
    let (path, query) = route::parts(&request.target);
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let agent = query.get("agent").map(String::as_str);
    match path.as_str() {
        "/" => Answer::html(PAGE),
        "/cases.json" => cases(hall),
        "/results.json" => {
            let since = query.get("since").and_then(|since| since.parse().ok());
            results(hall, agent, since.unwrap_or(0))
        }
        "/report.json" => report(hall, agent, "json"),
        "/report.html" => report(hall, agent, "html"),
        path if path.starts_with("/case/") || path.starts_with("/runCase") => Answer::text(
            426,
            "a case is played over a WebSocket connection: open it with a client",
        ),
        _ => Answer::text(404, "there is nothing here; / has the page for browsers"),
    }
}

/// The cases in the order in which clients count them: `cases` is a list of `number` (from 1), `id`, `title`, `level`, `profile`
/// (`browser`, or `null`: all clients), `subprotocol` (whether the client has to offer one), `path`.
fn cases(hall: &Hall) -> Answer {
    let cases: Vec<Value> = hall
        .options
        .items
        .iter()
        .zip(1..)
        .map(|(item, number)| {
            json!({
                "number": number,
                "id": item.case.id,
                "title": item.case.title,
                "level": item.level,
                "profile": item.case.profile,
                "subprotocol": item.case.needs.contains(&Need::Subprotocol),
                "path": route::path_of(&item.case.id),
            })
        })
        .collect();
    Answer::json(&json!({"cases": cases}))
}

/// `agents` is a list of `agent`, `played`, `sequence` (how often it has played a case), and for one that is named `results`: `number`, `id`,
/// `verdict`, `reason`, of those that came behind the `since`th.
fn results(hall: &Hall, agent: Option<&str>, since: u64) -> Answer {
    let items = &hall.options.items;
    let agents = hall.agents();
    let names = agents.names().iter();
    let listed: Vec<Value> = names
        .filter(|name| agent.is_none_or(|agent| agent == *name))
        .filter_map(|name| {
            let one = agents.get(name)?;
            let mut told =
                json!({"agent": name, "played": one.played.len(), "sequence": one.sequence});
            if agent.is_some() {
                let news = one.at.iter().filter(|(_, at)| **at > since);
                let results = news.filter_map(|(&place, _)| {
                    let result = agents.result(name, place, items)?;
                    Some(json!({
                        "number": place + 1,
                        "id": result.case.id,
                        "verdict": word(result.judgement.verdict),
                        "reason": result.judgement.reason,
                    }))
                });
                told["results"] = results.collect();
            }
            Some(told)
        })
        .collect();
    Answer::json(&json!({"agents": listed}))
}

fn report(hall: &Hall, agent: Option<&str>, format: &str) -> Answer {
    let Some(agent) = agent else {
        return Answer::text(400, "`agent` is missing; write agent=NAME");
    };
    let Some(report) = hall.report(agent) else {
        return Answer::text(404, "no agent of this name has come");
    };
    let Some(format) = FORMATS.iter().find(|known| known.name == format) else {
        return Answer::text(404, "there is no such view");
    };
    let body = (format.render)(&report, &Page::PIPE);
    match format.name {
        "html" => Answer::html(body),
        _ => Answer::new(200, "application/json", body),
    }
}
