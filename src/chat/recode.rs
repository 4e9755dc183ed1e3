//! A message with its commands as one platform has them typed.
//!
//! What signalbox says names commands as the console takes them: `/deploy status D-42`. Where a platform wants other words,
//! every code piece, and every line of a code block, goes through its adapter once. Text that people wrote is no code piece,
//! so it stays.

use crate::domain::message::{Block, Message, Piece, Text};

/// `to` gives the platform's words for a command, or `None` where they are the same.
#[must_use]
pub fn recoded(message: &Message, to: impl Fn(&str) -> Option<String>) -> Message {
    let piece = |piece: &mut Piece| {
        if let Piece::Code(code) = piece
            && let Some(words) = to(code)
        {
            *code = words;
        }
    };
    let text = |text: &mut Text| text.iter_mut().for_each(piece);
    let mut message = message.clone();
    text(&mut message.title);
    for block in &mut message.blocks {
        match block {
            Block::Text(of) | Block::Context(of) | Block::Quote(of) => text(of),
            Block::Fields(fields) => fields.iter_mut().for_each(|(_, value)| text(value)),
            Block::List(lines) => lines.iter_mut().for_each(|line| text(&mut line.text)),
            Block::Code(code) if code.lines().any(|line| to(line).is_some()) => {
                let lines = code.lines().map(|line| to(line).unwrap_or_else(|| line.to_owned()));
                *code = lines.collect::<Vec<_>>().join("\n");
            }
            Block::Code(_) | Block::Progress(_) | Block::Picture(_) | Block::Divider => {}
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Line, Mark, Tone, code, plain};

    #[test]
    fn commands_change_and_what_people_wrote_does_not() {
        let help = || vec![plain("/help "), code("/help")];
        let message = Message::new(Tone::Neutral, help())
            .text(help())
            .context(help())
            .block(Block::Fields(vec![("/help".into(), help())]))
            .block(Block::List(vec![Line { mark: Mark::Bullet, text: help() }]))
            .block(Block::Code("a\n/help\n".into()));
        let shown = recoded(&message, |code| (code == "/help").then(|| "/signalbox help".to_owned()));
        let there = serde_json::to_string(&shown).unwrap();
        assert_eq!(there.matches("signalbox help").count(), 6, "{there}");
        assert_eq!(there.matches("\"/help \"").count(), 5, "{there}");
        assert_eq!(recoded(&message, |_| None), message);
    }
}
