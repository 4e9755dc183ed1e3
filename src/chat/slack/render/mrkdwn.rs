//! Pieces as Slack's markup.
//!
//! It promises that what people typed is shown and not obeyed: `&<>` are escaped, so no mention, link or broadcast can arise,
//! and signs that would format are kept from doing so. A text is never cut inside an entity, a mention or a link.

use super::Book;
use crate::chat::text::{clean, render_time};
use crate::domain::message::{Piece, Text, TimeStyle};
use crate::limits;
use reqwest::Url;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Bold,
    Code,
    /// Markup of ours.
    Token,
}

/// The smallest thing that is shown whole.
#[derive(Clone, Debug)]
struct Glyph {
    /// As it was typed; a token has none.
    raw: char,
    token: String,
    style: Style,
}

/// Text that can be cut.
#[derive(Clone, Debug, Default)]
pub struct Mrkdwn {
    glyphs: Vec<Glyph>,
}

/// Before a sign that would format: it makes the sign part of a word, and is not seen.
const JOINER: char = '\u{2060}';
/// Between our own marks and a letter, which would keep them from formatting.
const GAP: char = '\u{200b}';
/// Looks like a backtick and is none.
const TICK: char = 'ˋ';

impl Mrkdwn {
    pub fn of(text: &Text, book: &Book) -> Self {
        let mut out = Self::default();
        for piece in text {
            out.piece(piece, book);
        }
        out
    }

    pub fn plain(text: &str) -> Self {
        let mut out = Self::default();
        out.push(text, Style::Plain);
        out
    }

    pub fn bold(text: &str) -> Self {
        let mut out = Self::default();
        out.push(text, Style::Bold);
        out
    }

    /// All on one line.
    pub fn one_line(mut self) -> Self {
        self.glyphs.iter_mut().filter(|g| g.raw == '\n').for_each(|g| g.raw = ' ');
        self
    }

    /// Further lines are indented.
    pub fn hanging(mut self) -> Self {
        let indent = Self::plain("\u{2003} ");
        let glyphs = std::mem::take(&mut self.glyphs);
        for glyph in glyphs {
            let ends = glyph.raw == '\n';
            self.glyphs.push(glyph);
            if ends {
                self.glyphs.extend(indent.glyphs.iter().cloned());
            }
        }
        self
    }

    /// Words stand out; codes and mentions stay what they are.
    pub fn emphasised(mut self) -> Self {
        self.glyphs.iter_mut().filter(|g| g.style == Style::Plain).for_each(|g| g.style = Style::Bold);
        self
    }

    pub fn then(mut self, other: Self) -> Self {
        self.glyphs.extend(other.glyphs);
        self
    }

    /// Nothing of it can be seen.
    pub fn is_blank(&self) -> bool {
        self.glyphs.iter().all(|g| g.style != Style::Token && (g.raw.is_whitespace() || g.raw == GAP))
    }

    fn piece(&mut self, piece: &Piece, book: &Book) {
        match piece {
            Piece::Plain(text) => self.push(text, Style::Plain),
            Piece::Bold(text) => self.push(text, Style::Bold),
            Piece::Code(text) => self.push(text, Style::Code),
            Piece::Person { id, mention } => match book.accounts.get(id).filter(|a| *mention && is_id(a)) {
                Some(account) => self.token(format!("<@{account}>")),
                None => self.push(book.reader.names.get(id).map_or(id.as_str(), String::as_str), Style::Plain),
            },
            Piece::Channel(name) => match book.channels.get(name).filter(|id| is_id(id)) {
                Some(id) => self.token(format!("<#{id}>")),
                None => self.push(&format!("#{name}"), Style::Plain),
            },
            Piece::Time { at, style } => {
                let format = match style {
                    TimeStyle::Clock => "{time}",
                    TimeStyle::Moment => "{date_short_pretty} {time}",
                    TimeStyle::Day => "{date_short_pretty}",
                };
                let shown = render_time(*at, *style, &book.reader.zone);
                self.token(format!("<!date^{}^{format}|{shown}>", at.as_second()));
            }
            Piece::Link { text, url } => match address(url) {
                Some(address) => {
                    let shown: String = clean(text).replace(['\n', '|'], " ").trim().into();
                    let shown = if shown.is_empty() { url.clone() } else { shown };
                    self.token(format!("<{address}|{}>", escape(&crate::chat::clip::clip(&shown, 300))));
                }
                None if text == url => self.push(text, Style::Plain),
                None => self.push(&format!("{text} ({url})"), Style::Plain),
            },
        }
    }

    /// More than a message can hold is not looked at.
    fn push(&mut self, text: &str, style: Style) {
        let room = (limits::SLACK_MESSAGE_CHARS + 1).saturating_sub(self.glyphs.len());
        let glyph = |raw: char| Glyph { raw, token: String::new(), style };
        self.glyphs.extend(clean(text).chars().take(room).map(glyph));
    }

    fn token(&mut self, token: String) {
        if self.glyphs.len() <= limits::SLACK_MESSAGE_CHARS {
            self.glyphs.push(Glyph { raw: '\u{fffc}', token, style: Style::Token });
        }
    }

    /// The markup, at most `most` characters; what is cut ends in `…`.
    pub fn clip(&self, most: usize) -> String {
        self.clip_as(most, |text| text)
    }

    /// As [`Mrkdwn::clip`], counted after `frame` was put around it.
    pub fn clip_as(&self, most: usize, frame: impl Fn(String) -> String) -> String {
        let whole = frame(emit(&self.glyphs));
        if chars(&whole) <= most {
            return whole;
        }
        let cut = |n: usize| {
            let mut part = self.glyphs[..n].to_vec();
            part.push(Glyph { raw: '…', token: String::new(), style: Style::Plain });
            frame(emit(&part))
        };
        let fits = self.longest(|n| chars(&cut(n)) <= most);
        let out = cut(fits);
        if chars(&out) <= most { out } else { String::new() }
    }

    /// Pages of at most `size` characters, together about `most`, parted at a line break or a space where there is one near.
    pub fn pages(&self, size: usize, most: usize) -> Vec<String> {
        let (mut rest, mut left, mut out) = (self.clone(), most, Vec::new());
        while !rest.is_blank() {
            let fits = rest.longest(|n| chars(&emit(&rest.glyphs[..n])) <= size).max(1);
            if left <= size || fits == rest.glyphs.len() {
                out.push(rest.clip(left.clamp(1, size)));
                break;
            }
            let near = |c: char| (fits / 2..fits).rev().find(|n| rest.glyphs[*n].raw == c).map(|n| n + 1);
            let tail = rest.glyphs.split_off(near('\n').or_else(|| near(' ')).unwrap_or(fits));
            let page = rest.clip(size);
            left = left.saturating_sub(chars(&page));
            out.push(page);
            rest.glyphs = tail;
        }
        out.iter().map(|page| page.trim_matches('\n').to_owned()).filter(|page| !page.trim().is_empty()).collect()
    }

    /// The most glyphs from the start for which `fits` holds.
    fn longest(&self, fits: impl Fn(usize) -> bool) -> usize {
        let (mut low, mut high) = (0, self.glyphs.len());
        while low < high {
            let middle = (low + high).div_ceil(2);
            if fits(middle) { low = middle } else { high = middle - 1 }
        }
        low
    }
}

/// Characters as Slack's limits count them.
pub fn chars(text: &str) -> usize {
    text.chars().count()
}

/// What Slack's markup may not see as its own.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An id of Slack's, so that nothing else gets between our brackets.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 32 && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A link that may be followed, safe between brackets.
fn address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|u| matches!(u.scheme(), "http" | "https"))?;
    let text = escape(&url.as_str().replace('|', "%7C"));
    (chars(&text) <= limits::SLACK_FIELD_CHARS / 2).then_some(text)
}

fn emit(glyphs: &[Glyph]) -> String {
    let mut out = String::with_capacity(glyphs.len() + 16);
    let mut start = 0;
    while start < glyphs.len() {
        let style = glyphs[start].style;
        let end = glyphs[start..].iter().position(|g| g.style != style).map_or(glyphs.len(), |n| start + n);
        let run = &glyphs[start..end];
        match style {
            Style::Token => run.iter().for_each(|g| out.push_str(&g.token)),
            Style::Plain => words(run, false, &mut out),
            Style::Bold => lines(run, '*', glyphs.get(end), &mut out),
            Style::Code => lines(run, '`', glyphs.get(end), &mut out),
        }
        start = end;
    }
    out
}

/// Each line between marks, spaces outside of them.
fn lines(run: &[Glyph], mark: char, next: Option<&Glyph>, out: &mut String) {
    for (n, line) in run.split(|g| g.raw == '\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let seen = |g: &&Glyph| !g.raw.is_whitespace();
        let (Some(first), Some(last)) = (line.iter().position(|g| seen(&g)), line.iter().rposition(|g| seen(&g)))
        else {
            line.iter().for_each(|_| out.push(' '));
            continue;
        };
        (0..first).for_each(|_| out.push(' '));
        if out.chars().next_back().is_some_and(|c| !parts(c)) {
            out.push(GAP);
        }
        out.push(mark);
        if mark == '`' {
            line[first..=last].iter().for_each(|g| put(if g.raw == '`' { TICK } else { g.raw }, out));
        } else {
            words(&line[first..=last], true, out);
        }
        out.push(mark);
        (last + 1..line.len()).for_each(|_| out.push(' '));
    }
    let ended = run.last().is_some_and(|g| !g.raw.is_whitespace());
    if ended && next.is_some_and(|g| !parts(g.raw)) {
        out.push(GAP);
    }
}

/// Text as typed, with the signs that would format kept from it.
fn words(run: &[Glyph], bold: bool, out: &mut String) {
    for (n, glyph) in run.iter().enumerate() {
        let before = out.chars().next_back();
        let begins = before.is_none_or(|c| !c.is_alphanumeric());
        let formats = |c: char| {
            let line = run[n + 1..].iter().take_while(|g| g.raw != '\n');
            begins && line.clone().next().is_some_and(|g| !g.raw.is_whitespace()) && line.clone().any(|g| g.raw == c)
        };
        match glyph.raw {
            '`' => out.push(TICK),
            '*' if bold => out.push('∗'),
            c @ ('*' | '_' | '~') if formats(c) => out.extend([JOINER, c]),
            '>' if before.is_none_or(|c| c == '\n') => {
                out.push(JOINER);
                put('>', out);
            }
            c => put(c, out),
        }
    }
}

fn put(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}

/// Signs beside which a mark still formats.
fn parts(c: char) -> bool {
    c.is_whitespace() || c == GAP || "()[]{}.,;:!?/-–—…\"'".contains(c)
}

#[cfg(test)]
mod tests {
    use super::super::tests::book;
    use super::*;
    use crate::domain::ids::PersonId;
    use crate::domain::message::{bold, clock, code, mention, moment, person, plain};

    fn shown(text: &Text) -> String {
        Mrkdwn::of(text, &book()).clip(3000)
    }

    #[test]
    fn pieces_become_markup() {
        let (sara, omar) = (PersonId::new("sara"), PersonId::new("omar"));
        let at: jiff::Timestamp = "2027-01-04T07:05:00Z".parse().unwrap();
        let text = vec![
            bold("D-42"),
            plain(" by "),
            person(&sara),
            plain(" for "),
            mention(&sara),
            plain(" and "),
            mention(&omar),
            plain(" in "),
            Piece::Channel("deployments".into()),
            plain(", "),
            Piece::Channel("elsewhere".into()),
            plain(" at "),
            clock(at),
            plain(" or "),
            moment(at),
            plain(": "),
            Piece::Link { text: "a|<log>".into(), url: "https://ci.example/log?a=1&b=|2".into() },
            plain(" "),
            Piece::Link { text: "run".into(), url: "javascript:alert(1)".into() },
            plain(" "),
            code("v1`2"),
        ];
        let shown = shown(&text);
        let parts: Vec<&str> = shown.splitn(3, " at ").flat_map(|p| p.split(": ")).collect();
        insta::assert_snapshot!(parts.join("\n"), @r"
        *D-42* by Sara Lind for <@U0SARA> and Omar in <#C0DEPLOY>, #elsewhere
        <!date^1799046300^{time}|10:05> or <!date^1799046300^{date_short_pretty} {time}|Mon 4 Jan 10:05>
        <https://ci.example/log?a=1&amp;b=%7C2|a &lt;log&gt;> run (javascript:alert(1)) `v1ˋ2`
        ");
    }

    #[test]
    fn what_is_typed_neither_notifies_nor_formats() {
        let typed = "<!channel> <@U0SARA> & *loud* my_own_name _x_ `y`\n> said\n2 * 3";
        assert_eq!(
            shown(&vec![plain(typed)]),
            "&lt;!channel&gt; &lt;@U0SARA&gt; &amp; \u{2060}*loud* my_own_name \u{2060}_x_ ˋyˋ\n\u{2060}&gt; said\n2 * 3"
        );
        assert_eq!(shown(&vec![bold(" a*b \nc"), plain("d")]), " *a∗b* \n*c*\u{200b}d");
        assert_eq!(shown(&vec![plain("x"), code("a\n"), bold("b")]), "x\u{200b}`a`\n*b*");
    }

    #[test]
    fn cuts_are_counted_after_escaping_and_spare_what_belongs_together() {
        for (text, whole) in [("a&b", 7), ("äöü🚀", 4)] {
            let piece = Mrkdwn::plain(text);
            assert_eq!(chars(&piece.clip(whole)), whole);
            assert!(piece.clip(whole - 1).ends_with('…') && chars(&piece.clip(whole - 1)) < whole);
            assert_eq!(piece.clip(whole), piece.clip(whole + 1));
        }
        assert_eq!(Mrkdwn::plain("a&b").clip(6), "a…", "no half entity");
        let called = Mrkdwn::of(&vec![plain("ab "), mention(&PersonId::new("sara"))], &book());
        assert_eq!((called.clip(13), called.clip(12)), ("ab <@U0SARA>".into(), "ab <@U0SARA>".into()));
        assert_eq!(called.clip(11), "ab …", "no half mention");
        assert_eq!(Mrkdwn::bold("abc").clip(4), "*a*…");
        assert_eq!(Mrkdwn::plain("abc").clip(0), "");
    }

    #[test]
    fn long_text_is_parted_at_lines_and_words() {
        let pages = |text: &str, size, most| Mrkdwn::plain(text).pages(size, most);
        assert_eq!(pages("one two\nthree four five", 12, 99), ["one two", "three four ", "five"]);
        assert_eq!(pages(&"x".repeat(25), 10, 99), ["x".repeat(10), "x".repeat(10), "x".repeat(5)]);
        assert_eq!(pages(&"x".repeat(25), 10, 15), ["x".repeat(10), "xxxx…".into()]);
        assert!(pages(" \n ", 10, 99).is_empty());
    }
}
