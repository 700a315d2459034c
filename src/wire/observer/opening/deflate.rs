//! permessage-deflate in the opening handshake: what an offer and an answer may say (RFC 7692, sections 5 and 7.1).

use std::collections::HashSet;

use super::{OpeningBreach, breach::Value};
use crate::wire::handshake::{Extension, Parameter};

const NAME: &str = "permessage-deflate";

fn shortened(text: &str) -> String {
    crate::wire::handshake::flaw::shortened(text.as_bytes())
}

fn value(extension: &Extension, name: &str) -> Option<Option<String>> {
    let found = extension.parameters.iter().find(|p| p.name == name)?;
    Some(found.value.clone())
}

/// A window of 8 to 15 bits, without leading zeros (section 7.1.2).
fn bits(value: &str) -> Option<u8> {
    (8..=15).find(|bits: &u8| bits.to_string() == value)
}

/// Each parameter of a client's offers, or of a server's answers, for itself.
pub(super) fn parameters(extensions: &[Extension], tell: &mut impl FnMut(OpeningBreach)) {
    let compression = extensions.iter().filter(|extension| extension.name == NAME);
    for Parameter { name, value } in compression.flat_map(|extension| &extension.parameters) {
        match (&name[..], value.as_deref()) {
            ("server_no_context_takeover", Some(value)) => {
                tell(OpeningBreach::ServerTakeoverValue(shortened(value)));
            }
            ("client_no_context_takeover", Some(value)) => {
                tell(OpeningBreach::ClientTakeoverValue(shortened(value)));
            }
            ("server_max_window_bits", value) if value.and_then(bits).is_none() => {
                tell(OpeningBreach::ServerBitsValue(Value(value.map(shortened))));
            }
            // An offer need not say how many; an answer has to: see `answer`.
            ("client_max_window_bits", Some(value)) if bits(value).is_none() => {
                tell(OpeningBreach::ClientBitsValue(Value(Some(shortened(
                    value,
                )))));
            }
            (
                "server_no_context_takeover"
                | "client_no_context_takeover"
                | "server_max_window_bits"
                | "client_max_window_bits",
                _,
            ) => {}
            (unknown, _) => tell(OpeningBreach::ParameterUnknown(NAME, shortened(unknown))),
        }
    }
}

/// A server's answer beside the client's offers: it has to go with at least one of them (section 5).
pub(super) fn answer(
    offered: &[Extension],
    accepted: &[Extension],
    tell: &mut impl FnMut(OpeningBreach),
) {
    let of = |extensions: &'_ [Extension]| {
        let found = extensions.iter().filter(|extension| extension.name == NAME);
        found.cloned().collect::<Vec<_>>()
    };
    let (offers, answers) = (of(offered), of(accepted));
    let Some(answer) = answers.first() else {
        return;
    };
    if answers.len() > 1 {
        tell(OpeningBreach::CompressionTwice(answers.len()));
    }
    let mut names = answer.parameters.iter().map(|parameter| &parameter.name);
    let mut seen = HashSet::new();
    if let Some(twice) = names.find(|name| !seen.insert(*name)) {
        tell(OpeningBreach::ParameterTwice(shortened(twice)));
    }
    if value(answer, "client_max_window_bits") == Some(None) {
        tell(OpeningBreach::ClientBitsMissing);
    }
    let readings = offers.iter().map(|offer| beside(offer, answer));
    // Of several offers the one that the answer goes with best is the one that was meant.
    for breach in readings.min_by_key(Vec::len).unwrap_or_default() {
        tell(breach);
    }
}

/// What keeps an answer from being one to this offer.
fn beside(offer: &Extension, answer: &Extension) -> Vec<OpeningBreach> {
    let asked = |name| value(offer, name).is_some();
    let given = |name| value(answer, name).is_some();
    let mut breaches = Vec::new();
    // Section 7.1.1.1.
    if asked("server_no_context_takeover") && !given("server_no_context_takeover") {
        breaches.push(OpeningBreach::ServerTakeoverIgnored);
    }
    // Section 7.1.2.1: the same or a smaller value. Values that are none are told on their own.
    let window = |extension| match value(extension, "server_max_window_bits") {
        None => Some(15),
        Some(value) => bits(&value?),
    };
    match (window(offer), window(answer)) {
        (Some(offered), Some(came))
            if asked("server_max_window_bits")
                && (came > offered || !given("server_max_window_bits")) =>
        {
            breaches.push(OpeningBreach::ServerBitsIgnored { came, offered });
        }
        _ => {}
    }
    // Section 7.1.2.2.
    if given("client_max_window_bits") && !asked("client_max_window_bits") {
        breaches.push(OpeningBreach::ClientBitsUnasked);
    }
    breaches
}
