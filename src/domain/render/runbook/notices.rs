//! What is said in the thread of a command's card, beside its output.

use super::super::announce::{Notice, Place};
use super::card::run_key;
use crate::domain::message::{Message, Text, Tone, mention, person, plain};
use crate::domain::runbook::{Came, Run, RunbookEvent as E, RunbookState};

pub fn runbook_notices(name: &str, e: &E, state: &RunbookState) -> Vec<Notice> {
    let (E::RunStopping { number, .. } | E::RunEnded { number, .. }) = e else { return Vec::new() };
    let Some(run) = state.run(*number) else { return Vec::new() };
    let place = Place::Thread { card: run_key(name, *number), channel: run.asked.channel.clone() };
    let (tone, text) = if matches!(e, E::RunEnded { .. }) { ended(e, run) } else { stopping(e, run) };
    vec![Notice { place, message: Message::new(tone, text) }]
}

fn stopping(e: &E, run: &Run) -> (Tone, Text) {
    let text = match e {
        E::RunStopping { by: Some(by), .. } => vec![person(by), plain(" stops it.")],
        _ => vec![plain(format!("It was to end within {} and has not. It is stopped.", run.asked.limit))],
    };
    (Tone::Warning, text)
}

/// Whoever confirmed it is called when it did not go well.
fn ended(e: &E, run: &Run) -> (Tone, Text) {
    let E::RunEnded { end, .. } = e else { return (Tone::Neutral, Vec::new()) };
    let (tone, before, behind) = match end.came {
        Came::Succeeded => (Tone::Good, "It is done", ""),
        Came::Failed => (Tone::Bad, "It failed", ""),
        Came::TimedOut => (Tone::Bad, "It took too long and was ended", " What it did until then is done."),
        Came::Stopped => (Tone::Warning, "It was stopped", " What it did until then is done."),
        Came::Lost => (Tone::Bad, "Nobody knows how it went", " Look at what it changes before you run it again."),
    };
    let mut text: Text = vec![plain(format!("{before}: {}.{behind}", end.summary.trim_end_matches('.')))];
    if end.came != Came::Succeeded {
        let who = run.begun.as_ref().map_or(&run.asked.by, |(by, _)| by);
        text.extend([plain(" "), mention(who)]);
    }
    (tone, text)
}
