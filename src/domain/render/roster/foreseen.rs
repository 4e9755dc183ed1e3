//! Who would be paged, as people read it before it happens.

use super::super::parts::line;
use crate::domain::foresee::{Foreseen, Reached, Rung, Unreachable};
use crate::domain::message::{Block, Line, Mark, Message, Text, Tone, bold, code, moment, person, plain};
use crate::domain::paging::{Step, Urgency};
use crate::domain::policy::Policy;
use crate::domain::time::Span;

/// The climb of a ladder that nobody climbs.
#[must_use]
pub fn foreseen(policy: &Policy, f: &Foreseen) -> Message {
    let title = vec![bold(format!("{} at ", f.severity)), moment(f.at)];
    if f.rungs.is_empty() {
        let text = format!("Nobody is paged about {}: its severity names no ladder.", f.severity);
        return Message::new(Tone::Warning, title).text(vec![plain(text)]);
    }
    let gap = f.rungs.iter().any(|r| !r.people.iter().any(|p| !p.unreachable));
    let lines = f.rungs.iter().map(rung).collect();
    let tone = if gap { Tone::Warning } else { Tone::Neutral };
    let again = match f.repeat {
        0 => String::new(),
        1 => format!("it begins once more {} after the last level, and then ", f.pause),
        n => format!("it begins {n} times more, each {} after the last level, and then ", f.pause),
    };
    let channel = &policy.channels.incidents;
    let end = format!("When nobody answers, {again}#{channel} is told. Nobody was paged for this answer.");
    Message::new(tone, title).block(Block::List(lines)).context(vec![plain(end)])
}

fn rung(r: &Rung) -> Line {
    let mut text: Text = vec![bold(r.level.as_str()), plain(" ")];
    text.push(plain(when(r)));
    if r.people.is_empty() {
        let why = if r.nobody.is_empty() { "nobody holds its roles" } else { r.nobody.as_str() };
        text.push(plain(format!("{why}, so the next level is asked at once")));
        return line(Mark::Warning, text);
    }
    for (n, reached) in r.people.iter().enumerate() {
        text.push(plain(if n == 0 { "" } else { "; " }));
        text.extend(one(reached));
    }
    if !r.nobody.is_empty() {
        text.push(plain(format!("; {}", r.nobody)));
    }
    if r.all && r.people.len() > 1 {
        text.push(plain("; all of them must acknowledge"));
    }
    if r.urgency == Urgency::High {
        text.push(plain(" · urgent"));
    }
    line(if r.people.iter().any(|p| !p.unreachable) { Mark::Bullet } else { Mark::Warning }, text)
}

/// `at once: `, `after 15m, or 30m when it is not under control: `.
fn when(r: &Rung) -> String {
    if r.after == Span::ZERO {
        return "at once: ".into();
    }
    match r.unresolved {
        Some(other) if other == r.after => format!("after {other}, also when somebody has it: "),
        Some(other) => format!("after {}, and after {other} also when somebody has it: ", r.after),
        None => format!("after {}: ", r.after),
    }
}

fn one(reached: &Reached) -> Text {
    let mut text = vec![person(&reached.person), plain(" by ")];
    let steps: Vec<String> = reached.ways.iter().map(step).collect();
    text.push(plain(steps.join(", then ")));
    if reached.unreachable {
        text.push(plain(", which does not lead to them"));
    }
    text
}

fn step(step: &Step) -> String {
    step.iter().map(|via| via.words()).collect::<Vec<_>>().join(" and ")
}

/// Levels that would page nobody, the ones that nobody wanted first; `None` when there is none.
#[must_use]
pub fn unreachable(gaps: &[Unreachable]) -> Option<Message> {
    let by_hours = gaps.iter().all(|g| g.by_hours);
    let title = match gaps {
        [] => return None,
        [_] => "1 level would page nobody".to_owned(),
        more => format!("{} levels would page nobody", more.len()),
    };
    let mut sorted: Vec<&Unreachable> = gaps.iter().collect();
    sorted.sort_by_key(|g| (g.by_hours, g.at));
    let lines = sorted.into_iter().map(gap).collect();
    let tone = if by_hours { Tone::Warning } else { Tone::Bad };
    Some(Message::new(tone, vec![bold(title)]).block(Block::List(lines)))
}

fn gap(g: &Unreachable) -> Line {
    let mut text = vec![bold(format!("{} of {} ", g.level, g.ladder)), moment(g.at), plain(format!(": {}", g.why))];
    let todo = if g.by_hours { ", by its hours" } else { "" };
    text.push(plain(todo));
    if !g.by_hours {
        text.extend([plain("; "), code(format!("[ladders.{}]", g.ladder)), plain(" names who is asked")]);
    }
    line(if g.by_hours { Mark::Warning } else { Mark::Failed }, text)
}
