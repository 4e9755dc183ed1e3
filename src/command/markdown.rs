//! The little Markdown that help texts are written in: paragraphs, `* ` lists and code in ticks. Nothing else is needed, so
//! nothing else is understood; a test keeps other marks out of `commands/`.

use crate::domain::message::{Block, Line, Mark, Text, code, plain};

/// A help text as blocks of a message.
pub fn blocks(text: &str) -> Vec<Block> {
    text.split("\n\n").filter(|p| !p.trim().is_empty()).map(paragraph).collect()
}

fn paragraph(text: &str) -> Block {
    let Some(list) = text.trim().strip_prefix("* ") else { return Block::Text(pieces(text)) };
    let line = |item: &str| Line { mark: Mark::Bullet, text: pieces(item) };
    Block::List(list.split("\n* ").map(line).collect())
}

/// One run of text: line breaks become blanks, ticks become code.
fn pieces(text: &str) -> Text {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let part = |(n, part): (usize, &str)| if n % 2 == 0 { plain(part) } else { code(part) };
    joined.split('`').enumerate().filter(|(_, p)| !p.is_empty()).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Catalogue;

    #[test]
    fn paragraphs_lists_and_code() {
        let read = blocks("One\ntwo `x y`.\n\n* a\n  b\n* `c`\n");
        assert_eq!(
            read,
            [
                Block::Text(vec![plain("One two "), code("x y"), plain(".")]),
                Block::List(vec![
                    Line { mark: Mark::Bullet, text: vec![plain("a b")] },
                    Line { mark: Mark::Bullet, text: vec![code("c")] },
                ]),
            ]
        );
    }

    #[test]
    fn help_texts_use_nothing_else() {
        for entry in Catalogue::embedded().unwrap().entries() {
            assert_eq!(entry.help.matches('`').count() % 2, 0, "{}: a tick is alone", entry.name);
            for line in entry.help.lines() {
                let other = ["#", ">", "- ", "1.", "|", "```", "    "].iter().any(|m| line.starts_with(m));
                assert!(!other && !line.contains("](") && !line.contains("**"), "{}: {line}", entry.name);
            }
        }
    }
}
