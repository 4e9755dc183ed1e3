//! A runbook, as much of it as one message takes; what is left has buttons.

use super::super::parts::button;
use super::{may, run_button};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::message::{self, Block, ButtonStyle, Message, Text, Tone, bold, code, plain};
use crate::domain::policy::Policy;
use crate::domain::runbook::{Part, Piece, Runbook, Runnable, SHOWN_CHARS, argv};

/// Buttons to what a message does not show; the first of them leads on, so nothing is out of reach.
const WAYS_ON: usize = 4;

/// The runbook from its `from`th piece on, with a button for each command that `who` may run.
#[must_use]
pub fn runbook_page(
    policy: &Policy,
    who: &PersonId,
    book: &Runbook,
    from: Option<u32>,
    incident: Option<IncidentId>,
) -> Message {
    let begin = from.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1) - 1;
    let all: Vec<(&Part, &Piece)> =
        book.parts.iter().flat_map(|p| p.pieces.iter().map(move |piece| (p, piece))).collect();
    let mut title: Text = vec![bold(book.title.as_str())];
    if begin > 0 {
        title.push(plain(" · continued"));
    }
    let mut message = Message::new(Tone::Neutral, title);
    let (mut left, mut next) = (SHOWN_CHARS, begin);
    for (n, (part, piece)) in all.iter().enumerate().skip(begin) {
        let blocks = shown(policy, book, piece);
        let size: usize = blocks.iter().map(size).sum();
        if n > begin && size > left {
            break;
        }
        let begins = n == begin || all.get(n - 1).is_none_or(|(before, _)| !std::ptr::eq(*before, *part));
        if begins && !part.title.is_empty() {
            message = message.text(vec![bold(part.title.as_str())]);
        }
        message.blocks.extend(blocks);
        (left, next) = (left.saturating_sub(size), n + 1);
    }
    for command in book.commands.iter().filter(|c| may(policy, who, c)) {
        message = message.button(run_button(book, command, incident));
    }
    let mut ways: Vec<(usize, &str)> = Vec::new();
    for (n, (part, _)) in all.iter().enumerate().skip(next) {
        let begins = all.get(n.wrapping_sub(1)).is_none_or(|(before, _)| !std::ptr::eq(*before, *part));
        if begins || n == next {
            ways.push((n + 1, if begins { part.title.as_str() } else { "Go on" }));
        }
    }
    for (n, label) in ways.into_iter().take(WAYS_ON) {
        let (n, incident) = (n.to_string(), incident.map(|id| id.to_string()));
        let mut args = vec![("name", book.name.as_str()), ("from", n.as_str())];
        args.extend(incident.as_deref().map(|id| ("incident", id)));
        let label = if label.is_empty() { "Go on" } else { label };
        message = message.button(button(label, ButtonStyle::Plain, "runbook", &args));
    }
    message.context(foot(book))
}

fn shown(policy: &Policy, book: &Runbook, piece: &Piece) -> Vec<Block> {
    match piece {
        Piece::Shown(block) => vec![block.clone()],
        Piece::Command(name) => book.command(name).map(|c| command(policy, c)).unwrap_or_default(),
    }
}

fn command(policy: &Policy, command: &Runnable) -> Vec<Block> {
    let mut text: Text = vec![bold(command.title.as_str()), plain(": "), plain(policy.titles(&command.roles))];
    text.push(plain(" may run it"));
    if !command.environments.is_empty() {
        let all: Vec<&str> = command.environments.iter().map(|e| e.as_str()).collect();
        text.push(plain(format!(" in {}", all.join(" or "))));
    }
    let second = if command.second_key { ", and somebody else confirms it" } else { "" };
    text.push(plain(format!(", for at most {}{second}.", command.limit)));
    vec![Block::Code(argv::quote(&command.words)), Block::Context(text)]
}

fn foot(book: &Runbook) -> Text {
    let mut text: Text = Vec::new();
    if !book.services.is_empty() {
        let all: Vec<&str> = book.services.iter().map(|s| s.as_str()).collect();
        text.push(plain(format!("For {}. ", all.join(", "))));
    }
    text.extend([plain("Kept in "), code(book.source.file.as_ref()), plain(".")]);
    text
}

/// Characters that a block shows.
pub(super) fn size(block: &Block) -> usize {
    let text = |text: &Text| -> usize {
        text.iter()
            .map(|piece| match piece {
                message::Piece::Plain(s) | message::Piece::Bold(s) | message::Piece::Code(s) => s.chars().count(),
                message::Piece::Link { text, url } => text.chars().count() + url.chars().count(),
                _ => 20,
            })
            .sum()
    };
    match block {
        Block::Text(t) | Block::Context(t) | Block::Quote(t) => text(t),
        Block::List(lines) => lines.iter().map(|l| text(&l.text) + 3).sum(),
        Block::Code(code) => code.chars().count(),
        _ => 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_embedded;

    /// Follows the first way on until there is none; every piece is seen, each message within its size.
    #[test]
    fn everything_in_a_runbook_can_be_reached() {
        let policy = load_embedded().policy;
        assert!(policy.runbooks.len() >= 12, "{}", policy.runbooks.len());
        for book in policy.runbooks.values() {
            let pieces: usize = book.parts.iter().map(|p| p.pieces.len()).sum();
            let (mut from, mut seen, mut pages) = (1, 0, 0);
            loop {
                let page = runbook_page(&policy, &"khalid".into(), book, Some(from), None);
                let on = page.buttons.iter().find(|b| b.action.command == "runbook");
                let next = on.and_then(|b| b.action.args["from"].parse().ok());
                seen += next.unwrap_or(u32::try_from(pieces).unwrap() + 1) - from;
                let shown: usize = page.blocks.iter().map(size).sum();
                assert!(shown <= SHOWN_CHARS + 600, "{}: {shown}", book.name);
                pages += 1;
                match next {
                    Some(next) => from = next,
                    None => break,
                }
            }
            assert_eq!(usize::try_from(seen).unwrap(), pieces, "{}", book.name);
            assert!(pages < 6, "{}: {pages} pages", book.name);
        }
    }
}
