//! The model back as text: a case that parses to itself, and steps, outcomes and frames as transcripts show them.
//!
//! Nothing that is printed holds a control character, an escape sequence or a bidirectional mark, whatever came.

use std::{
    fmt::{self, Display, Formatter, Write},
    time::Duration,
};

pub use super::literal::octets;
use super::{
    Alternative, Body, Case, CloseWanted, Cut, FrameStep, HandshakeStep, HeaderCheck, HeaderEdit,
    Level, Mark, MaskChoice, Need, Outcome, Payload, Profile, Role, Send, StatusWanted, Step,
    literal::{Hex, Quoted},
};
use crate::escape::is_hostile;
use crate::wire::{
    close::CloseBody,
    frame::{Form, Frame, Opcode},
};

/// A case as a file of its own would have it, without the folder and file in its id.
pub fn case(case: &Case) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_case(&mut out, case);
    out
}

fn write_case(out: &mut String, case: &Case) -> fmt::Result {
    let slug = case.id.rsplit('/').next().unwrap_or(&case.id);
    writeln!(out, "case {slug}")?;
    writeln!(out, "  title: {}", braces(&case.title))?;
    writeln!(out, "  checks: {}", case.checks.join(", "))?;
    if let Some(level) = case.level {
        writeln!(out, "  level: {level}")?;
    }
    if let Some(role) = case.role {
        writeln!(out, "  role: {role}")?;
    }
    if let Some(profile) = case.profile {
        writeln!(out, "  profile: {profile}")?;
    }
    if !case.needs.is_empty() {
        let needs: Vec<_> = case.needs.iter().map(Need::to_string).collect();
        writeln!(out, "  needs: {}", needs.join(", "))?;
    }
    if !case.autobahn.is_empty() {
        writeln!(out, "  autobahn: {}", case.autobahn.join(", "))?;
    }
    if let Some(class) = &case.class {
        writeln!(out, "  class: {}", braces(class))?;
    }
    if case.heavy {
        writeln!(out, "  heavy: yes")?;
    }
    if case.beside > 0 {
        writeln!(out, "  beside: {}", case.beside)?;
    }
    if !case.steps.is_empty() {
        out.push('\n');
    }
    write_steps(out, &case.steps, 2)
}

/// Steps as lines, this many blanks in.
pub fn steps(steps: &[Step], indent: usize) -> String {
    let mut out = String::new();
    let _ = write_steps(&mut out, steps, indent);
    out
}

fn write_steps(out: &mut String, steps: &[Step], indent: usize) -> fmt::Result {
    for step in steps {
        match step {
            Step::Send(send) => write_below(out, indent, &format!("> {send}"))?,
            Step::Expect(alternatives) => {
                for alternative in alternatives {
                    write_below(out, indent, &alternative.to_string())?;
                    write_steps(
                        out,
                        alternative.then.as_deref().unwrap_or_default(),
                        indent + 2,
                    )?;
                }
            }
        }
    }
    Ok(())
}

fn write_below(out: &mut String, indent: usize, lines: &str) -> fmt::Result {
    lines
        .split('\n')
        .try_for_each(|line| writeln!(out, "{:indent$}{line}", ""))
}

fn braces(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

impl Display for Level {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.pad(match self {
            Level::May => "may",
            Level::Should => "should",
            Level::Must => "must",
        })
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.pad(match self {
            Role::Client => "client",
            Role::Server => "server",
        })
    }
}

impl Display for Profile {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.pad(match self {
            Profile::Browser => "browser",
        })
    }
}

impl Display for Need {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.pad(match self {
            Need::Echo => "echo",
            Need::Subprotocol => "subprotocol",
        })
    }
}

/// The line with its mark, and the header lines below it; not the rest of the case on its branch.
impl Display for Alternative {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let mark = match self.mark {
            Mark::Required => '<',
            Mark::Tolerated(_) => '~',
            Mark::NotApplicable(_) => '?',
        };
        write!(f, "{mark} ")?;
        for (i, outcome) in self.outcomes.iter().enumerate() {
            let or = if i == 0 { "" } else { " or " };
            write!(f, "{or}{}", Line(outcome))?;
        }
        if let Mark::Tolerated(why) | Mark::NotApplicable(why) = &self.mark {
            write!(f, " {}", Quoted(why.as_bytes()))?;
        }
        self.outcomes
            .iter()
            .try_for_each(|outcome| write_checks(f, outcome))
    }
}

/// As it stands behind `<`, with the header lines below it.
impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{}", Line(self))?;
        write_checks(f, self)
    }
}

struct Line<'a>(&'a Outcome);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.0 {
            Outcome::Text(payload, times) => write_message(f, "text", payload, *times),
            Outcome::Binary(payload, times) => write_message(f, "binary", payload, *times),
            Outcome::Ping(None) => f.write_str("ping"),
            Outcome::Ping(Some(payload)) => write!(f, "ping {payload}"),
            Outcome::Pong(payload) => write!(f, "pong {payload}"),
            Outcome::Close(CloseWanted::Any) => f.write_str("close"),
            Outcome::Close(CloseWanted::Empty) => f.write_str("close empty"),
            Outcome::Close(CloseWanted::Code(code, None)) => write!(f, "close {code}"),
            Outcome::Close(CloseWanted::Code(code, Some(reason))) => {
                write!(f, "close {code} {reason}")
            }
            Outcome::Fail(None) => f.write_str("fail"),
            Outcome::Fail(Some(code)) => write!(f, "fail {code}"),
            Outcome::Eof => f.write_str("eof"),
            Outcome::Reset => f.write_str("reset"),
            Outcome::Silence(time) => write!(f, "silence {}", Time(*time)),
            Outcome::Response(StatusWanted::Code(code), _) => write!(f, "response {code}"),
            Outcome::Response(StatusWanted::Class(class), _) => write!(f, "response {class}xx"),
            Outcome::Refusal(None, _) => f.write_str("refusal"),
            Outcome::Refusal(Some(code), _) => write!(f, "refusal {code}"),
            Outcome::Request(_) => f.write_str("request"),
        }
    }
}

fn write_message(f: &mut Formatter, name: &str, payload: &Payload, times: u32) -> fmt::Result {
    write!(f, "{name} {payload}")?;
    if times != 1 {
        write!(f, " times={times}")
    } else {
        Ok(())
    }
}

fn write_checks(f: &mut Formatter, outcome: &Outcome) -> fmt::Result {
    let (Outcome::Response(_, checks) | Outcome::Refusal(_, checks) | Outcome::Request(checks)) =
        outcome
    else {
        return Ok(());
    };
    checks.iter().try_for_each(|check| match check {
        HeaderCheck::Is(name, value) => write!(f, "\n  {}", header(name, value)),
        HeaderCheck::Present(name) => write!(f, "\n  + {name}"),
        HeaderCheck::Absent(name) => write!(f, "\n  - {name}"),
    })
}

fn header(name: &str, value: &str) -> String {
    format!("{name}: {}", braces(value)).trim_end().to_string()
}

/// Whole milliseconds, as seconds where they are.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.0.as_millis() {
            ms if ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

/// As it stands behind `>`, with the header lines below it. `{:#}` shortens long payloads, for transcripts.
impl Display for Send {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Send::Frame(step) => write_frame(f, step),
            Send::Bytes(octets, cut) => {
                f.write_str("bytes ")?;
                octets.fmt(f)?;
                write_cut(f, *cut)
            }
            Send::Request(step) => {
                f.write_str("request")?;
                write_handshake(f, step)
            }
            Send::Response(code, step) => {
                write!(f, "response {code}")?;
                write_handshake(f, step)
            }
            Send::Eof => f.write_str("eof"),
            Send::Reset => f.write_str("reset"),
            Send::Pause => f.write_str("pause"),
        }
    }
}

fn opcode_name(opcode: u8) -> Option<&'static str> {
    Some(match opcode {
        0 => "cont",
        1 => "text",
        2 => "binary",
        9 => "ping",
        10 => "pong",
        _ => return None,
    })
}

fn write_frame(f: &mut Formatter, step: &FrameStep) -> fmt::Result {
    let payload = match &step.body {
        Body::Data(opcode, payload) => {
            match opcode_name(*opcode) {
                Some(name) => f.write_str(name)?,
                None => write!(f, "op={opcode}")?,
            }
            Some(payload)
        }
        Body::Close(None) => {
            f.write_str("close")?;
            None
        }
        Body::Close(Some((code, reason))) => {
            write!(f, "close {code}")?;
            Some(reason)
        }
    };
    if let Some(payload) = payload.filter(|payload| !payload.0.is_empty()) {
        f.write_char(' ')?;
        payload.fmt(f)?;
    }
    if !step.fin {
        f.write_str(" fin=0")?;
    }
    write_rsv(f, step.rsv)?;
    match step.mask {
        MaskChoice::Habit => {}
        MaskChoice::Masked => f.write_str(" masked")?,
        MaskChoice::Unmasked => f.write_str(" unmasked")?,
        MaskChoice::Key(key) => write!(f, " key={}", Hex(&key))?,
    }
    if let Some(form) = step.form {
        write!(f, " form={}", form_name(form))?;
    }
    if let Some(length) = step.length {
        write_length(f, length)?;
    }
    if let Some(n) = step.frag {
        write!(f, " frag={n}")?;
    }
    if step.times != 1 {
        write!(f, " times={}", step.times)?;
    }
    write_cut(f, step.cut)
}

fn write_rsv(f: &mut impl Write, rsv: [bool; 3]) -> fmt::Result {
    (1..)
        .zip(rsv)
        .filter(|(_, set)| *set)
        .try_for_each(|(n, _)| write!(f, " rsv{n}"))
}

fn form_name(form: Form) -> u8 {
    match form {
        Form::Seven => 7,
        Form::Sixteen => 16,
        Form::SixtyFour => 64,
    }
}

fn write_length(f: &mut impl Write, length: u64) -> fmt::Result {
    match length {
        0..=0xffff => write!(f, " length={length}"),
        _ => write!(f, " length={length:#x}"),
    }
}

fn write_cut(f: &mut Formatter, cut: Cut) -> fmt::Result {
    match cut {
        Cut::Whole => Ok(()),
        Cut::Chop(n) => write!(f, " chop={n}"),
        Cut::At(n) => write!(f, " cut={n}"),
    }
}

fn write_handshake(f: &mut Formatter, step: &HandshakeStep) -> fmt::Result {
    if let Some(method) = &step.method {
        write!(f, " method={}", Quoted(method.as_bytes()))?;
    }
    if let Some(version) = &step.version {
        write!(f, " version={}", Quoted(version.as_bytes()))?;
    }
    let payloads = [
        ("target", &step.target),
        ("reason", &step.reason),
        ("line", &step.line),
        ("eol", &step.eol),
        ("end", &step.end),
        ("body", &step.body),
    ];
    for (key, payload) in payloads {
        if let Some(payload) = payload {
            write!(f, " {key}=")?;
            payload.fmt(f)?;
        }
    }
    write_cut(f, step.cut)?;
    for edit in &step.headers {
        match edit {
            HeaderEdit::Set(name, value) => write!(f, "\n  {}", header(name, value))?,
            HeaderEdit::Add(name, value) => write!(f, "\n  + {}", header(name, value))?,
            HeaderEdit::Remove(name) => write!(f, "\n  - {name}")?,
            HeaderEdit::Raw(payload) => {
                f.write_str("\n  = ")?;
                payload.fmt(f)?;
            }
        }
    }
    Ok(())
}

/// A frame that came, as a step that would send it, told apart from what `sender` should have sent.
pub fn frame(frame: &Frame, sender: Role) -> String {
    let header = &frame.header;
    let mut out = String::new();
    let opcode = header.opcode.value();
    let payload = &frame.payload[..];
    let close = match header.opcode {
        Opcode::CLOSE => Some(CloseBody::read(payload)),
        _ => None,
    };
    out.push_str(&match (close, opcode_name(opcode)) {
        (Some(CloseBody::Empty), _) => "close".into(),
        (Some(CloseBody::Code(code, reason)), _) if reason.is_empty() => format!("close {code}"),
        (Some(CloseBody::Code(code, reason)), _) => {
            format!("close {code} {}", octets(&reason, true))
        }
        (Some(CloseBody::Short(_)) | None, name) => {
            let name = name.map_or_else(|| format!("op={opcode}"), String::from);
            match payload.is_empty() {
                true => name,
                false => format!("{name} {}", octets(payload, header.opcode == Opcode::TEXT)),
            }
        }
    });
    if !header.fin {
        out.push_str(" fin=0");
    }
    // Writing to a string cannot fail.
    let _ = write_rsv(&mut out, header.rsv);
    match (header.key, sender) {
        (Some(_), Role::Server) => out.push_str(" masked"),
        (None, Role::Client) => out.push_str(" unmasked"),
        _ => {}
    }
    if header.form != Form::shortest(header.length) {
        let _ = write!(out, " form={}", form_name(header.form));
    }
    if header.length != payload.len() as u64 {
        let _ = write_length(&mut out, header.length);
    }
    out
}

/// A header line that came, as a line that would send it.
pub fn header_line(name: &str, value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text)
            if super::head::is_name(name)
                && text.trim() == text
                && text.chars().all(|c| !is_hostile(c)) =>
        {
            header(name, &text.replace('$', "$$"))
        }
        _ => {
            let line = [name.as_bytes(), b": ", value, b"\r\n"].concat();
            format!("= {}", octets(&line, true).replace('$', "$$"))
        }
    }
}
