//! An answer that is longer than one message is told in several, cut between lines and never inside one.
//!
//! What fits is the platform's to say. Beyond so many messages the last one holds the rest, and the platform's renderer says in
//! words how much of it is missing. Cards are deliberately not split: there is one of each, edited in place.

use crate::domain::message::{Block, Message, Piece, Text, plain};

/// Characters of a piece of text without a line's end that may be parted between words.
const WORDS: usize = 400;

/// Characters of a block that is put together again. Discord takes 4 096 in one, escaped.
const BLOCK: usize = 2_400;

/// The message in as few messages as show all of it, at most `most`. The buttons stand below the last.
pub fn split(message: Message, most: usize, fits: impl Fn(&Message) -> bool) -> Vec<Message> {
    if most < 2 || fits(&message) {
        return vec![message];
    }
    let lines: Vec<(usize, Block)> = message
        .blocks
        .iter()
        .enumerate()
        .flat_map(|(n, block)| atoms(block).into_iter().map(move |a| (n, a)))
        .collect();
    let mut out: Vec<Message> = Vec::new();
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let page = |n: usize| Message {
            title: title(&message.title, out.len()),
            blocks: joined(&rest[..n]),
            ..message.clone()
        };
        let n = if out.len() + 1 >= most { rest.len() } else { most_that(rest.len(), |n| fits(&page(n))) };
        let made = page(n);
        out.push(made);
        rest = &rest[n..];
    }
    let last = out.len().saturating_sub(1);
    for earlier in &mut out[..last] {
        earlier.buttons.clear();
    }
    if out.is_empty() { vec![message] } else { out }
}

/// The largest number up to `all` that is fine, and at least one.
fn most_that(all: usize, fine: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, all);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fine(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// Later messages say that they go on, and notify nobody again.
fn title(title: &Text, nth: usize) -> Text {
    if nth == 0 {
        return title.clone();
    }
    let quiet = |piece: &Piece| match piece {
        Piece::Person { id, .. } => Piece::Person { id: id.clone(), mention: false },
        other => other.clone(),
    };
    title.iter().map(quiet).chain([plain(format!(" (part {})", nth + 1))]).collect()
}

/// The smallest blocks that a block can be parted into.
fn atoms(block: &Block) -> Vec<Block> {
    match block {
        Block::List(lines) => lines.iter().map(|line| Block::List(vec![line.clone()])).collect(),
        Block::Fields(fields) => fields.iter().map(|field| Block::Fields(vec![field.clone()])).collect(),
        Block::Code(text) => text.split('\n').map(|line| Block::Code(line.to_owned())).collect(),
        Block::Text(text) => text_lines(text).into_iter().map(Block::Text).collect(),
        other => vec![other.clone()],
    }
}

/// Pieces up to and with each line's end; long ones between words as well.
fn text_lines(text: &Text) -> Vec<Text> {
    let mut out: Vec<Text> = vec![Vec::new()];
    for piece in text {
        let Piece::Plain(words) = piece else {
            if let Some(line) = out.last_mut() {
                line.push(piece.clone());
            }
            continue;
        };
        for line in words.split_inclusive('\n') {
            let mut run = String::new();
            for word in line.split_inclusive(' ') {
                run.push_str(word);
                if run.len() >= WORDS {
                    push(&mut out, std::mem::take(&mut run));
                    out.push(Vec::new());
                }
            }
            let ends = run.ends_with('\n');
            push(&mut out, run);
            if ends {
                out.push(Vec::new());
            }
        }
    }
    out.retain(|line| !line.is_empty());
    out
}

fn push(out: &mut [Text], run: String) {
    if let Some(line) = out.last_mut().filter(|_| !run.is_empty()) {
        line.push(plain(run));
    }
}

/// Neighbours that were one block are one again, as long as every platform takes such a block.
fn joined(atoms: &[(usize, Block)]) -> Vec<Block> {
    let mut out: Vec<(usize, Block)> = Vec::new();
    let mut size = 0;
    for (n, atom) in atoms {
        let more = weight(atom);
        let before = out.last_mut().filter(|(last, _)| last == n && size + more <= BLOCK).map(|(_, block)| block);
        size = if before.is_some() { size + more } else { more };
        match (before, atom) {
            (Some(Block::List(lines)), Block::List(more)) => lines.extend_from_slice(more),
            (Some(Block::Fields(fields)), Block::Fields(more)) => fields.extend_from_slice(more),
            (Some(Block::Text(text)), Block::Text(more)) => text.extend_from_slice(more),
            (Some(Block::Code(text)), Block::Code(more)) => {
                text.push('\n');
                text.push_str(more);
            }
            _ => out.push((*n, atom.clone())),
        }
    }
    out.into_iter().map(|(_, block)| block).collect()
}

/// About how many characters it shows.
fn weight(block: &Block) -> usize {
    let of = |text: &Text| {
        text.iter()
            .map(|p| if let Piece::Plain(t) | Piece::Bold(t) | Piece::Code(t) = p { t.len() } else { 20 })
            .sum::<usize>()
    };
    match block {
        Block::List(lines) => lines.iter().map(|l| of(&l.text) + 3).sum(),
        Block::Fields(fields) => fields.iter().map(|(name, value)| name.len() + of(value)).sum(),
        Block::Code(text) => text.len() + 1,
        Block::Text(text) => of(text),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PersonId;
    use crate::domain::message::{Action, Button, ButtonStyle, Line, Mark, Tone, mention};

    fn long(n: usize) -> Message {
        let line = |i: usize| Line { mark: Mark::Bullet, text: vec![plain(format!("line {i}"))] };
        let words = (0..n).map(|i| format!("word{i} ")).collect::<String>();
        let mut message = Message::new(Tone::Good, vec![plain("All of it for "), mention(&PersonId::new("sara"))]);
        message.blocks = vec![
            Block::List((0..n).map(line).collect()),
            Block::Code((0..n).map(|i| format!("code {i}")).collect::<Vec<_>>().join("\n")),
            Block::Text(vec![plain(words)]),
        ];
        let action = Action::new("why", &[]);
        message.buttons =
            vec![Button { label: "Why?".into(), style: ButtonStyle::Plain, action, confirm: None, form: None }];
        message
    }

    fn size(message: &Message) -> usize {
        serde_json::to_string(&message.blocks).unwrap_or_default().len()
    }

    fn whole(parts: &[Message]) -> (usize, usize, String) {
        let blocks = || parts.iter().flat_map(|m| &m.blocks);
        let lists = blocks().filter_map(|b| if let Block::List(l) = b { Some(l.len()) } else { None }).sum();
        let code = blocks().filter_map(|b| if let Block::Code(c) = b { Some(c.lines().count()) } else { None }).sum();
        let text = blocks().filter_map(|b| if let Block::Text(t) = b { Some(t.clone()) } else { None }).flatten();
        (lists, code, text.map(|p| if let Piece::Plain(t) = p { t } else { String::new() }).collect())
    }

    #[test]
    fn what_fits_stays_one() {
        assert_eq!(split(long(3), 5, |_| true), [long(3)]);
        assert_eq!(split(long(3), 1, |_| false), [long(3)]);
    }

    #[test]
    fn nothing_is_lost_and_every_part_fits() {
        for most in [900, 2_000, 5_000] {
            let parts = split(long(100), 100, |m| size(m) <= most);
            assert!(parts.len() > 1 && parts.iter().all(|m| size(m) <= most), "{most}: {}", parts.len());
            assert_eq!(whole(&parts), whole(&[long(100)]), "{most}");
            let buttons: Vec<usize> = parts.iter().map(|m| m.buttons.len()).collect();
            assert_eq!(buttons.iter().sum::<usize>(), 1);
            assert_eq!(buttons.last(), Some(&1));
        }
    }

    #[test]
    fn there_are_no_more_than_so_many() {
        let parts = split(long(100), 3, |m| size(m) <= 900);
        assert_eq!(parts.len(), 3);
        assert_eq!(whole(&parts), whole(&[long(100)]), "the last has the rest, and its renderer counts it");
    }

    #[test]
    fn later_parts_say_so_and_call_nobody_again() {
        let parts = split(long(100), 5, |m| size(m) <= 3_000);
        assert_eq!(parts[0].title, long(1).title);
        assert_eq!(parts[1].title.last(), Some(&plain(" (part 2)")));
        let calls = |m: &Message| m.title.iter().any(|p| matches!(p, Piece::Person { mention: true, .. }));
        assert_eq!(parts.iter().filter(|m| calls(m)).count(), 1);
    }
}
