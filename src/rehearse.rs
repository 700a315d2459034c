//! A session played against the reference peer in memory: no socket, and a clock that jumps from deadline to deadline.
//!
//! The fault matrix and the fuzz targets use it; a thousand cases take a fraction of a second.

use std::{sync::Arc, time::Duration};

use crate::{
    case::{Case, Need, Profile, Role},
    drive::Delivery,
    peer::{Ask, Fault, Peer, SUBPROTOCOLS, faults},
    session::{Action, Event, Judgement, Session, Setup, Transcript, Verdict},
};

/// The most turns of one rehearsal: a pair that talks for ever ends in an error.
const MAX_TURNS: usize = 100_000;

/// What a rehearsal gives.
#[derive(Debug)]
pub struct Rehearsed {
    /// The judgement on the peer.
    pub judgement: Judgement,
    /// What was said.
    pub transcript: Transcript,
    /// The events that the session was given; playing them again gives the same judgement.
    pub events: Vec<(Duration, Event)>,
    /// What the session knew.
    pub setup: Setup,
}

/// The resource that is asked for: with a query, so that one who loses it is found out.
const RESOURCE: &str = "/chat?room=1";

/// The ordinary setup for a peer in this role.
pub fn setup(target: Role, seed: u64) -> Setup {
    Setup {
        target,
        host: "localhost:9001".into(),
        resource: RESOURCE.into(),
        headers: Vec::new(),
        echo: true,
        greets: false,
        seed,
        patience: Duration::from_secs(1),
    }
}

/// Plays the case.
pub fn rehearse(case: &Arc<Case>, setup: Setup, peer: Peer) -> Rehearsed {
    rehearse_cut(case, setup, peer, Delivery::Whole)
}

/// Plays the case with what is sent cut in this way: each piece is one read of the peer.
pub fn rehearse_cut(
    case: &Arc<Case>,
    mut setup: Setup,
    mut peer: Peer,
    delivery: Delivery,
) -> Rehearsed {
    if setup.target == Role::Server && case.needs.contains(&Need::Subprotocol) {
        // As with `--subprotocol`.
        let name = "Sec-WebSocket-Protocol".to_owned();
        setup.headers.push((name, SUBPROTOCOLS[0].to_owned()));
    }
    let replayed = setup.clone();
    let mut session = Session::new(case.clone(), setup);
    let mut events = Vec::new();
    let mut now = Duration::ZERO;
    let mut ended = false;
    let mut tell = |session: &mut Session, now: Duration, event: Event| {
        session.handle(now, event.clone());
        events.push((now, event));
    };
    tell(&mut session, now, Event::Connected);
    for _ in 0..MAX_TURNS {
        let mut moved = false;
        while let Some(action) = session.action() {
            moved = true;
            match action {
                Action::Write(pieces) => {
                    for piece in delivery.cut(pieces) {
                        peer.receive(&piece);
                        let octets = peer.output();
                        if !octets.is_empty() && !ended {
                            tell(&mut session, now, Event::Received(octets));
                        }
                    }
                    tell(&mut session, now, Event::Written);
                }
                Action::Shutdown | Action::Abort => peer.eof(),
            }
        }
        let octets = peer.output();
        if !octets.is_empty() && !ended {
            moved = true;
            tell(&mut session, now, Event::Received(octets));
        }
        if let Some(end) = peer.end()
            && !ended
        {
            ended = true;
            moved = true;
            tell(
                &mut session,
                now,
                match end {
                    crate::peer::End::Fin => Event::Eof,
                    crate::peer::End::Rst => Event::Reset("connection reset".into()),
                },
            );
        }
        if session.judgement().is_some() {
            break;
        }
        if !moved {
            match session.deadline() {
                Some(due) => {
                    now = now.max(due);
                    tell(&mut session, now, Event::Deadline);
                }
                None => break,
            }
        }
    }
    let (judgement, transcript) = session.finish();
    Rehearsed {
        judgement,
        transcript,
        events,
        setup: replayed,
    }
}

/// A peer in this role, with a fault or without.
pub fn peer(role: Role, fault: Option<&'static Fault>, seed: u64) -> Peer {
    peer_of(role, None, fault, seed)
}

/// A peer of the kind that the case is for.
pub fn peer_for(case: &Case, role: Role, fault: Option<&'static Fault>, seed: u64) -> Peer {
    peer_of(role, case.profile, fault, seed)
}

fn peer_of(role: Role, profile: Option<Profile>, fault: Option<&'static Fault>, seed: u64) -> Peer {
    match role {
        Role::Server => Peer::server(fault, seed),
        Role::Client => {
            let ask = Ask {
                host: "localhost:9001".into(),
                resource: RESOURCE.into(),
                subprotocols: vec!["echo".into()],
                browser: profile == Some(Profile::Browser),
            };
            Peer::client(fault, seed, &ask)
        }
    }
}

/// Whether a judgement names a rule: by a finding, or by a line of a case that is about it.
pub fn names(case: &Case, judgement: &Judgement, rule: &str) -> bool {
    judgement.verdict == Verdict::Fail
        && judgement.findings.iter().any(|finding| {
            finding.rule == rule || (!finding.observed && case.checks.iter().any(|id| id == rule))
        })
}

/// A fault that makes a peer in this role fail the case, one of a rule that the case checks if there is any.
pub fn fault_of(case: &Arc<Case>, role: Role) -> Option<&'static Fault> {
    let mut known: Vec<_> = faults::all().filter(|fault| fault.is_for(role)).collect();
    // A stable sort keeps the order of the table within both halves.
    known.sort_by_key(|fault| !case.checks.iter().any(|id| id == fault.rule));
    known.into_iter().find(|fault| {
        let rehearsed = rehearse(case, setup(role, 1), peer_for(case, role, Some(fault), 1));
        rehearsed.judgement.verdict == Verdict::Fail
            && rehearsed
                .judgement
                .findings
                .iter()
                .any(|finding| !finding.observed || case.checks.contains(&finding.rule))
    })
}
