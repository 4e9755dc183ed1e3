//! One neutral block as blocks of Slack's, within so many characters. What does not fit is counted in words.

use super::mrkdwn::{Mrkdwn, chars};
use super::{Book, picture_key};
use crate::chat::clip::clip;
use crate::chat::sign::mark;
use crate::chat::text::clean;
use crate::domain::message::{Block, Line, Picture, Progress, Text};
use crate::limits;
use serde_json::{Value, json};

/// Cells of a progress bar.
const BAR: u64 = 10;

/// What is rendered together: bars below each other are one block.
pub enum Part<'a> {
    One(&'a Block),
    Bars(Vec<&'a Progress>),
}

/// The blocks of a message, neighbouring bars together.
pub fn parts(blocks: &[Block]) -> Vec<Part<'_>> {
    let mut out: Vec<Part> = Vec::new();
    for block in blocks {
        match (block, out.last_mut()) {
            (Block::Progress(bar), Some(Part::Bars(bars))) => bars.push(bar),
            (Block::Progress(bar), _) => out.push(Part::Bars(vec![bar])),
            (block, _) => out.push(Part::One(block)),
        }
    }
    out
}

impl Part<'_> {
    /// At most `most` characters of text, and a few more where something is left out; `id` is the deployment it
    /// is about, whose command shows that.
    pub fn render(&self, book: &Book, most: usize, id: Option<&str>) -> Vec<Value> {
        let list = matches!(self, Part::One(Block::List(_)));
        let all = &shows_all(if list { "checklist" } else { "deploy status" }, id);
        match self {
            Part::Bars(bars) => rows(&bars.iter().map(|b| Mrkdwn::plain(&bar(b))).collect::<Vec<_>>(), most, all),
            Part::One(Block::Progress(one)) => rows(&[Mrkdwn::plain(&bar(one))], most, all),
            Part::One(Block::Text(text)) => sections(&Mrkdwn::of(text, book), most),
            Part::One(Block::Quote(text)) => quote(&Mrkdwn::of(text, book), most),
            Part::One(Block::Context(text)) => context(&Mrkdwn::of(text, book), most),
            Part::One(Block::List(lines)) => rows(&lines.iter().map(|l| line(l, book)).collect::<Vec<_>>(), most, all),
            Part::One(Block::Fields(fields)) => columns(fields, book, most, all),
            Part::One(Block::Code(text)) => code(text, most, all),
            Part::One(Block::Picture(picture)) => vec![image(picture, book, most)],
            Part::One(Block::Divider) => vec![json!({"type": "divider"})],
        }
    }
}

/// Text that Slack reads as markup and in which it looks for nothing itself.
pub fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

pub fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

/// Small words of our own.
pub fn note(text: &str) -> Value {
    json!({"type": "context", "elements": [mrkdwn(text)]})
}

fn sections(text: &Mrkdwn, most: usize) -> Vec<Value> {
    text.pages(limits::SLACK_SECTION_CHARS, most).iter().map(|page| section(page)).collect()
}

fn quote(text: &Mrkdwn, most: usize) -> Vec<Value> {
    if text.is_blank() {
        return Vec::new();
    }
    let framed = |t: String| format!("> {}", t.replace('\n', "\n> "));
    vec![section(&text.clip_as(most.clamp(3, limits::SLACK_SECTION_CHARS), framed))]
}

fn context(text: &Mrkdwn, most: usize) -> Vec<Value> {
    if text.is_blank() {
        return Vec::new();
    }
    vec![note(&text.clip(most.clamp(1, limits::SLACK_SECTION_CHARS)))]
}

fn line(line: &Line, book: &Book) -> Mrkdwn {
    Mrkdwn::plain(mark(line.mark)).then(Mrkdwn::plain(" ")).then(Mrkdwn::of(&line.text, book)).hanging()
}

/// Lines below each other, in as few sections as hold them.
fn rows(lines: &[Mrkdwn], most: usize, all: &str) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    let mut left = most;
    let mut shown = 0;
    for line in lines {
        let text = line.clip(limits::SLACK_SECTION_CHARS.min(most.max(1)));
        let size = chars(&text) + 1;
        if size > left.saturating_add(1) {
            break;
        }
        left = left.saturating_sub(size);
        shown += 1;
        match texts.last_mut() {
            Some(last) if chars(last) + size <= limits::SLACK_SECTION_CHARS => {
                last.push('\n');
                last.push_str(&text);
            }
            _ => texts.push(text),
        }
    }
    let mut out: Vec<Value> = texts.iter().filter(|t| !t.trim().is_empty()).map(|t| section(t)).collect();
    out.extend(more(lines.len() - shown, "line", all));
    out
}

fn columns(fields: &[(String, Text)], book: &Book, most: usize, all: &str) -> Vec<Value> {
    let mut shown: Vec<Value> = Vec::new();
    let mut left = most;
    for (label, value) in fields {
        let value = Mrkdwn::of(value, book);
        let value = if value.is_blank() { Mrkdwn::plain("–") } else { value };
        let label = Mrkdwn::bold(label).one_line();
        let whole = if label.is_blank() { value } else { label.then(Mrkdwn::plain("\n")).then(value) };
        let text = whole.clip(limits::SLACK_FIELD_CHARS.min(most.max(1)));
        if chars(&text) > left || shown.len() == limits::SLACK_FIELDS * limits::SLACK_FIELD_SECTIONS {
            break;
        }
        left -= chars(&text);
        shown.push(mrkdwn(&text));
    }
    let left_out = fields.len() - shown.len();
    let mut out: Vec<Value> =
        shown.chunks(limits::SLACK_FIELDS).map(|some| json!({"type": "section", "fields": some})).collect();
    out.extend(more(left_out, "field", all));
    out
}

/// Fixed-width text, as an element that nothing inside can end.
fn code(text: &str, most: usize, all: &str) -> Vec<Value> {
    let text = clean(text);
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    let mut texts: Vec<String> = Vec::new();
    let mut left = most;
    let mut shown = 0;
    for line in &lines {
        let line = clip(line, limits::SLACK_SECTION_CHARS.min(most));
        let size = chars(&line) + 1;
        if size > left.saturating_add(1) {
            break;
        }
        left = left.saturating_sub(size);
        shown += 1;
        match texts.last_mut() {
            Some(last) if chars(last) + size <= limits::SLACK_SECTION_CHARS => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => texts.push(line),
        }
    }
    let block = |text: &String| {
        let element = json!({"type": "text", "text": text});
        let code = json!({"type": "rich_text_preformatted", "elements": [element]});
        json!({"type": "rich_text", "elements": [code]})
    };
    let mut out: Vec<Value> = texts.iter().filter(|t| !t.trim().is_empty()).map(block).collect();
    out.extend(more(lines.len() - shown, "line", all));
    out
}

fn image(picture: &Picture, book: &Book, most: usize) -> Value {
    let alt = clean(&picture.alt).replace('\n', " ");
    let alt = if alt.trim().is_empty() { "a picture".to_owned() } else { alt };
    match book.pictures.get(&picture_key(picture)) {
        Some(file) => {
            let alt = clip(&alt, limits::SLACK_ALT_CHARS.min(most.max(1)));
            json!({"type": "image", "slack_file": {"id": file}, "alt_text": alt})
        }
        None => note(&Mrkdwn::plain(&format!("🖼️ {alt}")).clip(limits::SLACK_SECTION_CHARS.min(most.max(1)))),
    }
}

/// Where all of a message is shown, as the end of a sentence.
pub fn shows_all(command: &str, id: Option<&str>) -> String {
    id.map(|id| format!("; `/{command} {id}` shows all")).unwrap_or_default()
}

/// `… 12 more lines; /deploy status D-42 shows all`
fn more(n: usize, what: &str, all: &str) -> Option<Value> {
    let s = if n == 1 { "" } else { "s" };
    (n > 0).then(|| note(&format!("… {n} more {what}{s}{all}")))
}

/// `Checks ████░░░░░░ 3/7 note`. Full only when all is done, empty only when nothing is.
fn bar(progress: &Progress) -> String {
    let (done, of) = (u64::from(progress.done.min(progress.of)), u64::from(progress.of.max(1)));
    let cells = if done >= of { BAR } else { (done * BAR).div_ceil(of).min(BAR - 1) };
    let full: String = (0..BAR).map(|n| if n < cells { '█' } else { '░' }).collect();
    let count = if progress.budget { String::new() } else { format!("{}/{}", progress.done, progress.of) };
    let words = [clean(&progress.label), full, count, clean(&progress.note)];
    words.iter().map(|w| w.trim()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ").replace('\n', " ")
}
