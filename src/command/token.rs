//! Words of a command line, as people type them on phones and desktops.
//!
//! Quotes of every keyboard group words; a backslash keeps a quote or a backslash literal; code ticks around a word are
//! dropped. An apostrophe inside a word is a letter. Invisible characters are dropped where they carry no meaning, and
//! control characters are refused. Nothing is interpreted: no variables, no globs, no mentions.

use super::error::Problem;
use crate::limits::COMMAND_CHARS;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Without its quotes and escapes.
    pub text: String,
    /// Began with a quote: never a keyword, a flag or a mode.
    pub quoted: bool,
    /// Byte offsets in [`Line::text`], quotes included.
    pub start: usize,
    pub end: usize,
}

/// A whole line in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What was typed, without invisible characters.
    pub text: String,
    pub words: Vec<Token>,
}

/// Splits a line into words.
///
/// # Errors
/// When it is longer than [`COMMAND_CHARS`], holds a control character, or a double quote is not closed.
pub fn tokenize(text: &str) -> Result<Line, Problem> {
    let text = clean(text)?;
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(skip) = text[at..].find(|c: char| !c.is_whitespace()) {
        at += skip;
        let word = word(&text, at)?;
        at = word.end;
        if word.quoted || !word.text.is_empty() {
            words.push(word);
        }
    }
    Ok(Line { text, words })
}

/// `text` in double quotes, so that [`tokenize`] reads it back as one word.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Bounds the text, drops invisible characters, refuses control characters.
///
/// # Errors
/// When it is too long or holds a control character other than tab and line breaks.
pub fn clean(text: &str) -> Result<String, Problem> {
    if text.chars().nth(COMMAND_CHARS).is_some() {
        return Err(Problem::TooLong { limit: COMMAND_CHARS });
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
            return Err(Problem::Control { code: u32::from(c) });
        }
        // Joiners belong to emoji and to some scripts; between other letters they only disguise a word.
        let joins = matches!(c, '\u{200c}' | '\u{200d}')
            && out.chars().next_back().is_some_and(|b| !b.is_ascii() && !b.is_whitespace())
            && chars.peek().is_some_and(|n| !n.is_ascii() && !invisible(*n));
        if !invisible(c) || joins {
            out.push(c);
        }
    }
    Ok(out)
}

/// Zero-width characters, marks that turn the direction of text, and tags.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The character that ends a quote begun by `open`; `None` when `open` begins none.
fn closes(open: char, c: char) -> Option<bool> {
    match open {
        '"' => Some(c == '"'),
        '“' | '”' | '„' => Some(matches!(c, '”' | '“')),
        '\'' => Some(c == '\''),
        '‘' => Some(c == '’'),
        _ => None,
    }
}

fn word(text: &str, start: usize) -> Result<Token, Problem> {
    let mut out = String::new();
    let mut quoted = false;
    let mut at = start;
    // A quote counts at the beginning of a word and behind `--flag=`; elsewhere it is a letter.
    let mut may_quote = true;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            break;
        }
        if may_quote
            && closes(c, c).is_some()
            && let Some((inside, end)) = quotation(text, at)?
        {
            quoted |= at == start;
            out.push_str(&inside);
            at = end;
            may_quote = false;
            continue;
        }
        at += c.len_utf8();
        if c == '\\'
            && let Some(next @ ('"' | '\'' | '\\' | '`' | '“' | '”' | '„' | '‘' | '’')) = text[at..].chars().next()
        {
            out.push(next);
            at += next.len_utf8();
        } else {
            out.push(c);
        }
        may_quote = c == '=' && out.starts_with('-') && !out[..out.len() - 1].contains('=');
    }
    if !quoted {
        out = out.trim_matches('`').to_owned();
    }
    Ok(Token { text: out, quoted, start, end: at })
}

/// Reads a quotation that begins at `at`: what is inside, and where it ends. A single quote without its partner is a
/// letter (`'tis`), a double one is a mistake.
fn quotation(text: &str, at: usize) -> Result<Option<(String, usize)>, Problem> {
    let mut chars = text[at..].char_indices();
    let Some((_, open)) = chars.next() else { return Ok(None) };
    let single = matches!(open, '\'' | '‘');
    let mut inside = String::new();
    let mut chars = chars.peekable();
    while let Some((offset, c)) = chars.next() {
        let last = chars.peek().is_none_or(|(_, n)| n.is_whitespace());
        if closes(open, c) == Some(true) && (!single || last) {
            return Ok(Some((inside, at + offset + c.len_utf8())));
        }
        match chars.peek() {
            Some(&(_, next)) if c == '\\' && !single && (next == '\\' || closes(open, next) == Some(true)) => {
                inside.push(next);
                chars.next();
            }
            _ => inside.push(c),
        }
    }
    if single { Ok(None) } else { Err(Problem::UnterminatedQuote { from: text[at..].chars().take(30).collect() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        tokenize(text).unwrap().words.into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn words_are_read_as_people_type_them() {
        for (text, expected) in [
            ("", vec![]),
            ("  a  b\u{a0}c\nd ", vec!["a", "b", "c", "d"]),
            (r#"a "b c" d"#, vec!["a", "b c", "d"]),
            ("a “b c” d", vec!["a", "b c", "d"]),
            ("a „b c“ d", vec!["a", "b c", "d"]),
            ("a 'b c' ‘d e’", vec!["a", "b c", "d e"]),
            ("don't 'tis it’s", vec!["don't", "'tis", "it’s"]),
            (r#""a \"b\" \\ c\d""#, vec![r#"a "b" \ c\d"#]),
            (r#"\"a b\" \'c"#, vec![r#""a"#, r#"b""#, "'c"]),
            (r#"5" --x="a b" y="c""#, vec![r#"5""#, "--x=a b", r#"y="c""#]),
            ("`v1.2.0` ```api``` ` `/deploy", vec!["v1.2.0", "api", "/deploy"]),
            ("<@U123> @sara <#C1|ops>", vec!["<@U123>", "@sara", "<#C1|ops>"]),
            (r#""" x"#, vec!["", "x"]),
            ("de\u{200b}p\u{200d}loy \u{202e}x\u{feff}", vec!["deploy", "x"]),
            ("👩\u{200d}💻", vec!["👩\u{200d}💻"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn an_open_quote_is_a_mistake_that_is_named() {
        for text in ["say \"hello", "“never closed", "--hotfix=\"x"] {
            assert!(matches!(tokenize(text), Err(Problem::UnterminatedQuote { .. })), "{text}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for c in ['\u{7}', '\u{1b}', '\0', '\u{7f}', '\u{9b}'] {
            assert_eq!(tokenize(&format!("a{c}b")), Err(Problem::Control { code: u32::from(c) }));
        }
    }

    #[test]
    fn the_length_is_bounded() {
        assert_eq!(words(&"é".repeat(COMMAND_CHARS)).len(), 1);
        let long = Err(Problem::TooLong { limit: COMMAND_CHARS });
        assert_eq!(tokenize(&"é".repeat(COMMAND_CHARS + 1)), long);
        assert_eq!(tokenize(&"a ".repeat(20_000)), long);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = tokenize(&text);
        }

        #[test]
        fn quoted_words_come_back(words in proptest::collection::vec(r#"[a-z "'\\`“”‘’é=\n-]{0,12}"#, 0..6)) {
            let line: Vec<String> = words.iter().map(|w| quote(w)).collect();
            prop_assert_eq!(super::tests::words(&line.join(" ")), words);
        }
    }
}
