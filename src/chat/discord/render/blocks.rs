//! One block within a bound: Markdown for a description, fields, or a picture. What is cut says how much.

use super::Names;
use super::text::{cut, escape, fit, numeric, plain_line, units};
use crate::chat::sign::mark;
use crate::chat::text::clean;
use crate::domain::message::{Block, Line, Picture, Progress, Text};

/// Characters of a field's name and value.
pub const FIELD_NAME: usize = 256;
pub const FIELD_VALUE: usize = 1024;
/// Shown as nothing; stands where Discord demands a text.
pub const NOTHING: &str = "\u{200b}";

/// Cells of a progress bar.
const BAR: u64 = 10;
/// Begins a further line of an entry, so that it looks like none of its own.
const INDENT: &str = "\u{2003}";
const RULE: &str = "──────────────";
const FENCE: &str = "```";
/// The least that one line of a list or of code is worth showing with.
const LINE: usize = 40;

/// A block in Discord's words.
pub enum Part {
    Lines(String),
    /// Name and value, both within their bounds, side by side.
    Fields(Vec<(String, String)>),
    Picture(Picture),
}

impl Part {
    /// What it counts for in the sum over a message's embeds.
    pub fn size(&self) -> usize {
        match self {
            Self::Lines(text) => units(text) + 1,
            Self::Fields(fields) => fields.iter().map(|(n, v)| units(n) + units(v) + 2).sum(),
            Self::Picture(_) => 0,
        }
    }
}

/// A block in at most `most` units. `all` says where the whole of it is shown: `; /checklist D-42 shows all`.
pub fn part(block: &Block, most: usize, all: &str, names: &Names) -> Part {
    let room = most.saturating_sub(1);
    match block {
        Block::Text(text) => Part::Lines(fit(text, room, names)),
        Block::Context(text) => Part::Lines(prefixed("-# ", text, room, names)),
        Block::Quote(text) => Part::Lines(prefixed("> ", text, room, names)),
        Block::Fields(fields) => Part::Fields(columns(fields, most, all, names)),
        Block::Progress(progress) => Part::Lines(bar(progress, room, names)),
        Block::List(lines) => Part::Lines(list(lines, room, all, names)),
        Block::Code(text) => Part::Lines(code(text, room, all)),
        Block::Picture(picture) => Part::Picture(picture.clone()),
        Block::Divider => Part::Lines(cut(RULE, room)),
    }
}

/// Each line with a sign in front.
fn prefixed(sign: &str, text: &Text, most: usize, names: &Names) -> String {
    let line = |l: &str| if l.trim().is_empty() { sign.trim_end().to_owned() } else { format!("{sign}{l}") };
    longest(most, |room| fit(text, room, names).split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// The most that `made` shows in at most `most` units. What it adds to the room it is given can make it longer than that room.
fn longest(most: usize, made: impl Fn(usize) -> String) -> String {
    let fits = |room: usize| Some(made(room)).filter(|text| units(text) <= most);
    if let Some(whole) = fits(most) {
        return whole;
    }
    let (mut shown, mut low, mut high) = (String::new(), 0, most);
    while low < high {
        let middle = (low + high) / 2;
        match fits(middle) {
            Some(text) => (shown, low) = (text, middle + 1),
            None => high = middle,
        }
    }
    shown
}

/// Fields as many as fit, and how many did not.
fn columns(fields: &[(String, Text)], most: usize, all: &str, names: &Names) -> Vec<(String, String)> {
    let made = |(name, value): &(String, Text), most: usize| {
        let name = escape(&plain_line(name, FIELD_NAME), FIELD_NAME.min(most / 3), names);
        let value = fit(value, FIELD_VALUE.min(most.saturating_sub(units(&name) + 2)), names);
        (visible(name, NOTHING), visible(value, "–"))
    };
    let whole: Vec<_> = fields.iter().map(|f| made(f, FIELD_NAME * 3 + FIELD_VALUE)).collect();
    let size = |fields: &[(String, String)]| Part::Fields(fields.to_vec()).size();
    if size(&whole) <= most {
        return whole;
    }
    let rest = |left: usize| (NOTHING.to_owned(), format!("… {left} more{all}"));
    let mut out = Vec::new();
    for (n, field) in fields.iter().enumerate() {
        let last = n + 1 == fields.len();
        let used = size(&out);
        let reserve = if last { 0 } else { size(&[rest(fields.len())]) };
        let room = most.saturating_sub(used + reserve);
        if room < LINE {
            if used + size(&[rest(fields.len() - n)]) <= most {
                out.push(rest(fields.len() - n));
            }
            break;
        }
        // The first ones leave room for those behind them.
        let share = room.max(LINE) / if last { 1 } else { 2 };
        out.push(made(field, share.max(LINE)));
    }
    out
}

/// Discord takes no empty text.
pub fn visible(text: String, otherwise: &str) -> String {
    if text.trim().trim_matches('\u{200b}').is_empty() { otherwise.to_owned() } else { text }
}

/// `Checks ████░░░░░░ 3/7 note`. Full only when all is done, empty only when nothing is.
fn bar(progress: &Progress, most: usize, names: &Names) -> String {
    let (done, of) = (u64::from(progress.done.min(progress.of)), u64::from(progress.of.max(1)));
    let cells = if done >= of { BAR } else { (done * BAR).div_ceil(of).min(BAR - 1) };
    let full: String = (0..BAR).map(|n| if n < cells { '█' } else { '░' }).collect();
    let count = if progress.budget { String::new() } else { format!("{}/{} ", progress.done, progress.of) };
    let room = most.saturating_sub(units(&full) + units(&count) + 2) / 2;
    let label = escape(&plain_line(&progress.label, room), room, names);
    let note = escape(&plain_line(&progress.note, room), room, names);
    let gap = if label.is_empty() { "" } else { " " };
    cut(format!("{label}{gap}{full} {count}{note}").trim_end(), most)
}

fn list(lines: &[Line], most: usize, all: &str, names: &Names) -> String {
    let entry = |line: &Line, most: usize| {
        let mark = mark(line.mark);
        let room = most.saturating_sub(units(mark) + 1);
        let text = longest(room, |room| fit(&line.text, room, names).replace('\n', &format!("\n{INDENT}")));
        format!("{mark} {text}").trim_end().to_owned()
    };
    let whole: Vec<String> = lines.iter().map(|l| entry(l, usize::MAX / 2)).collect();
    as_many_as_fit(&whole, most, all, |n, room| lines.get(n).map(|l| entry(l, room)))
}

/// Between fences that nothing inside can end.
fn code(text: &str, most: usize, all: &str) -> String {
    let text = clean(text);
    let text = text.trim_end().trim_start_matches('\n');
    if text.trim().is_empty() {
        return String::new();
    }
    let safe = text.replace("``", "`\u{200b}`").replace("``", "`\u{200b}`");
    let lines: Vec<String> = safe.split('\n').map(str::to_owned).collect();
    let room = most.saturating_sub(2 * units(FENCE) + 2);
    let shown = as_many_as_fit(&lines, room, all, |n, room| lines.get(n).map(|l| cut(l, room)));
    if shown.trim().is_empty() { String::new() } else { format!("{FENCE}\n{shown}\n{FENCE}") }
}

/// Whole lines, then how many are missing. A line that is too long for all the room is shortened by `shorter`.
fn as_many_as_fit(
    lines: &[String],
    most: usize,
    all: &str,
    shorter: impl Fn(usize, usize) -> Option<String>,
) -> String {
    let total: usize = lines.iter().map(|l| units(l) + 1).sum();
    if total <= most + 1 {
        return lines.join("\n");
    }
    let missing = |left: usize| format!("… {left} more {}{all}", if left == 1 { "line" } else { "lines" });
    let room = most.saturating_sub(units(&missing(lines.len())) + 1);
    let (mut out, mut used, mut shown): (Vec<String>, usize, usize) = (Vec::new(), 0, 0);
    for (n, line) in lines.iter().enumerate() {
        let free = room.saturating_sub(used);
        if units(line) < free {
            out.push(line.clone());
        } else if free > LINE
            && let Some(short) = shorter(n, free - 1).filter(|s| units(s) < free)
        {
            out.push(short);
        } else {
            break;
        }
        used += out.last().map_or(0, |l| units(l) + 1);
        shown += 1;
    }
    if shown < lines.len() {
        out.push(missing(lines.len() - shown));
    }
    cut(&out.join("\n"), most)
}

/// Where all of a message is shown, as the end of a sentence.
pub fn shows_all(block: &Block, deployment: Option<&str>, names: &Names) -> String {
    let Some(id) = deployment.filter(|d| numeric(d.trim_start_matches("D-"))) else { return String::new() };
    let command = if matches!(block, Block::List(_)) { "checklist" } else { "deploy-status" };
    if matches!(block, Block::Code(_)) {
        format!("; /{command} {id} shows all")
    } else {
        escape(&format!("; /{command} {id} shows all"), usize::MAX, names)
    }
}
