//! Pieces as Discord's Markdown, within a bound.
//!
//! What somebody typed is escaped so that it shows as typed: every character that Discord's Markdown gives a meaning to, and those
//! which have one only at the start of a line where they stand there. A `:` is one of them, so that no `:word:` becomes an emoji
//! and no address a link. Text is cut between characters, never inside an escape, a mention or a link.

use super::Names;
use crate::chat::text::clean;
use crate::domain::message::{Piece, Text, TimeStyle};
use std::collections::BTreeSet;

/// Parts two runs of code that stand side by side, and backticks inside one.
const GAP: &str = "\u{200b}";

/// As Discord's clients count: in UTF-16. Never less than the characters there are, so both ways of counting hold.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Text cut to so many units, with `…` where something is missing.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    let mut out: String = text.chars().take_while(fits).collect();
    if most > 0 {
        out.push('…');
    }
    out
}

/// One line of plain text, for labels and names: Discord shows no Markdown there.
#[must_use]
pub fn plain_line(text: &str, most: usize) -> String {
    cut(clean(text).replace('\n', " ").trim(), most)
}

/// Pieces as Markdown of at most `most` units.
#[must_use]
pub fn fit(text: &[Piece], most: usize, names: &Names) -> String {
    let mut whole = Writer::new(usize::MAX, names);
    whole.text(text);
    let whole = whole.end();
    if units(&whole) <= most {
        return whole;
    }
    let mut short = Writer::new(most.saturating_sub(1), names);
    short.text(text);
    let mut out = short.end();
    if most > 0 {
        out.push('…');
    }
    out
}

/// A typed text, escaped; line breaks stay.
#[must_use]
pub fn escape(text: &str, most: usize, names: &Names) -> String {
    fit(&[Piece::Plain(text.to_owned())], most, names)
}

/// The accounts that these pieces notify.
pub fn mentioned(text: &Text, names: &Names, into: &mut BTreeSet<String>) {
    for piece in text {
        if let Piece::Person { id, mention: true } = piece {
            into.extend(names.account(id).map(str::to_owned));
        }
    }
}

struct Writer<'a> {
    out: String,
    used: usize,
    most: usize,
    /// Nothing fits any more.
    full: bool,
    /// Where the open run of bold began.
    bold: Option<usize>,
    /// Spaces at the end of that run: they stand behind its mark, which would not close it otherwise.
    behind: String,
    after_code: bool,
    line: Line,
    names: &'a Names<'a>,
}

/// What the line holds so far.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Nothing,
    Digits,
    Words,
}

impl<'a> Writer<'a> {
    fn new(most: usize, names: &'a Names<'a>) -> Self {
        let (out, line) = (String::new(), Line::Nothing);
        Self { out, used: 0, most, full: false, bold: None, behind: String::new(), after_code: false, line, names }
    }

    fn text(&mut self, text: &[Piece]) {
        for piece in text {
            if self.full {
                return;
            }
            self.piece(piece);
        }
    }

    fn piece(&mut self, piece: &Piece) {
        if !matches!(piece, Piece::Bold(_)) {
            self.unbold();
        }
        match piece {
            Piece::Plain(text) => self.typed(&clean(text)),
            Piece::Bold(text) => self.bold(&clean(text)),
            Piece::Code(text) => self.code(&clean(text).replace('\n', " ")),
            Piece::Person { id, mention } => match self.names.account(id).filter(|_| *mention) {
                Some(account) => {
                    self.whole(&format!("<@{account}>"));
                }
                None => {
                    let at = if *mention { "@" } else { "" };
                    let name = self.names.policy.people.get(id).map_or(id.as_str(), |p| &p.name);
                    self.typed(&format!("{at}{}", plain_line(name, usize::MAX)));
                }
            },
            Piece::Channel(name) => match self.names.channels.get(name).filter(|id| numeric(id)) {
                Some(id) => {
                    self.whole(&format!("<#{id}>"));
                }
                None => self.typed(&format!("#{}", plain_line(name.as_str(), usize::MAX))),
            },
            Piece::Time { at, style } => {
                let style = match style {
                    TimeStyle::Clock => 't',
                    TimeStyle::Moment => 'f',
                    TimeStyle::Day => 'D',
                };
                self.whole(&format!("<t:{}:{style}>", at.as_second()));
            }
            Piece::Link { text, url } => self.link(&clean(text), url),
        }
        if !matches!(piece, Piece::Code(_)) {
            self.after_code = false;
        }
    }

    /// All of it, or nothing more at all.
    fn whole(&mut self, token: &str) -> bool {
        let closing = if self.bold.is_some() { 2 } else { 0 };
        let length = units(token);
        if self.full || self.used + length + closing > self.most {
            self.full = true;
            return false;
        }
        self.out.push_str(token);
        self.used += length;
        if !token.is_empty() {
            self.line = Line::Words;
        }
        true
    }

    /// Character by character.
    fn typed(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let line = self.line;
            let special = match c {
                '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '@' => true,
                // Neither an emoji nor an address goes on with a space.
                ':' => !chars.peek().is_some_and(|next| next.is_whitespace()),
                '>' | '#' | '-' | '+' => line == Line::Nothing,
                '.' | ')' => line == Line::Digits,
                _ => false,
            };
            let mut token = String::with_capacity(5);
            if special {
                token.push('\\');
            }
            token.push(c);
            if !self.whole(&token) {
                return;
            }
            self.line = match c {
                '\n' => Line::Nothing,
                c if c.is_whitespace() && line == Line::Nothing => Line::Nothing,
                c if c.is_ascii_digit() && line != Line::Words => Line::Digits,
                _ => Line::Words,
            };
        }
    }

    fn bold(&mut self, text: &str) {
        let text = std::mem::take(&mut self.behind) + text;
        let mut words = text.trim_end();
        let spaces = text[words.len()..].to_owned();
        if words.is_empty() {
            if self.bold.is_some() {
                self.behind = spaces;
            } else {
                self.typed(&spaces);
            }
            return;
        }
        if self.bold.is_none() {
            let inner = words.trim_start();
            self.typed(&words[..words.len() - inner.len()]);
            words = inner;
            let at = (self.out.len(), self.line);
            // Room for both ends and a character.
            if self.used + 5 > self.most {
                self.full = true;
                return;
            }
            self.whole("**");
            self.bold = Some(at.0);
            self.line = at.1;
        }
        self.typed(words);
        self.behind = spaces;
    }

    fn unbold(&mut self) {
        let Some(at) = self.bold.take() else { return };
        if self.out.len() == at + 2 {
            self.out.truncate(at);
            self.used -= 2;
        } else {
            self.out.push_str("**");
            self.used += 2;
        }
        let behind = std::mem::take(&mut self.behind);
        self.typed(&behind);
    }

    /// Between as many backticks as it needs, so that none inside ends it.
    fn code(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        if self.after_code {
            self.whole(GAP);
        }
        let ticks = text.contains('`');
        let (open, close) = if ticks { ("`` ", " ``") } else { ("`", "`") };
        if self.full || self.used + units(open) + units(close) + 2 > self.most {
            self.full = true;
            return;
        }
        self.whole(open);
        self.most = self.most.saturating_sub(units(close));
        let mut before = ' ';
        for c in text.chars() {
            let token = if c == '`' && before == '`' { format!("{GAP}{c}") } else { c.to_string() };
            if !self.whole(&token) {
                break;
            }
            before = c;
        }
        self.most = self.most.saturating_add(units(close));
        self.out.push_str(close);
        self.used += units(close);
        self.after_code = true;
    }

    /// `[text](url)`; Discord takes no text that looks like an address itself, so that stands beside it.
    fn link(&mut self, text: &str, url: &str) {
        let Some(target) = target(url) else {
            let beside = if text == url { text.to_owned() } else { format!("{text} ({url})") };
            self.typed(&clean(&beside));
            return;
        };
        let text = text.replace('\n', " ");
        if text.trim().is_empty() || text == url {
            self.whole(&format!("<{target}>"));
        } else if text.contains("://") {
            self.typed(&text);
            self.whole(&format!(" <{target}>"));
        } else {
            let mut inner = Writer::new(usize::MAX, self.names);
            inner.line = Line::Words;
            inner.typed(&text);
            self.whole(&format!("[{}]({target})", inner.out));
        }
    }

    fn end(mut self) -> String {
        self.unbold();
        self.out
    }
}

/// An address of the web that can stand between brackets; other schemes lead nowhere.
fn target(url: &str) -> Option<String> {
    let url = clean(url);
    if !["http://", "https://"].iter().any(|s| url.len() > s.len() && url.to_ascii_lowercase().starts_with(s)) {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' | ')' | '<' | '>' | '\\' | '"' | '`' | '|' | '*' | '_' | '~' | '[' | ']' | '@' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c if c.is_whitespace() => out.push_str("%20"),
            c => out.push(c),
        }
    }
    Some(out)
}

/// An id as Discord gives them.
#[must_use]
pub fn numeric(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}
