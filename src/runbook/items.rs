//! Headings to sections, task list items to items.

use super::front::short;
use super::note::Note;
use crate::domain::policy::{Item, Section, Source};
use crate::limits;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options};
use std::collections::BTreeSet;
use std::sync::Arc;

struct Reader<'n> {
    file: Arc<str>,
    title: Option<String>,
    /// The last heading of level 2, which deeper headings stand under.
    parent: String,
    sections: Vec<Section>,
    seen: BTreeSet<(String, String)>,
    count: usize,
    notes: &'n mut Vec<Note>,
}

/// The first heading of level 1, and the sections that have items.
pub fn read(file: &Arc<str>, text: &str, notes: &mut Vec<Note>) -> (Option<String>, Vec<Section>) {
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.tasklist = true;
    let root = comrak::parse_document(&arena, text, &options);
    let mut reader = Reader {
        file: file.clone(),
        title: None,
        parent: String::new(),
        sections: Vec::new(),
        seen: BTreeSet::new(),
        count: 0,
        notes,
    };
    for node in root.children() {
        reader.block(node, "", 0);
    }
    let Reader { title, mut sections, .. } = reader;
    sections.retain(|s| !s.items.is_empty());
    (title, sections)
}

impl Reader<'_> {
    fn block<'a>(&mut self, node: Node<'a>, context: &str, depth: usize) {
        // Quotes and lists nest without end in text made to hurt; no checklist does.
        if depth > limits::CHECKLIST_DEPTH {
            return;
        }
        let (heading, task, container, line) = {
            let data = node.data();
            let heading = match &data.value {
                NodeValue::Heading(h) => Some(h.level),
                _ => None,
            };
            let task = match &data.value {
                NodeValue::TaskItem(t) => Some(t.symbol),
                _ => None,
            };
            let container = matches!(data.value, NodeValue::List(_) | NodeValue::Item(_) | NodeValue::BlockQuote);
            (heading, task, container, u32::try_from(data.sourcepos.start.line).unwrap_or(u32::MAX))
        };
        if let Some(level) = heading {
            self.heading(level, inline_text(node));
        } else if let Some(symbol) = task {
            let text = own_text(node);
            if symbol.is_some() {
                self.notes.push(
                    Note::warning(line, "this task is ticked in the file")
                        .hint("ticks belong to a deployment; write `- [ ]`"),
                );
            }
            let text = self.item(&text, context, line);
            self.nested(node, &text, depth);
        } else if container {
            let own = if matches!(node.data().value, NodeValue::Item(_)) { own_text(node) } else { String::new() };
            let context = if own.is_empty() { context.to_owned() } else { joined(context, &own) };
            self.nested(node, &context, depth);
        }
    }

    fn nested<'a>(&mut self, node: Node<'a>, context: &str, depth: usize) {
        for child in node.children() {
            self.block(child, context, depth + 1);
        }
    }

    fn heading(&mut self, level: u8, text: String) {
        match level {
            1 => {
                if self.title.is_none() {
                    self.title = Some(text);
                }
                return;
            }
            2 => self.parent.clone_from(&text),
            _ => {}
        }
        let title = if level > 2 && !self.parent.is_empty() { format!("{}: {text}", self.parent) } else { text };
        self.sections.push(Section { title, items: Vec::new() });
    }

    /// Adds an item; gives its text as the context of those below it.
    fn item(&mut self, written: &str, context: &str, line: u32) -> String {
        self.count += 1;
        if self.count == limits::CHECKLIST_TASKS + 1 {
            let message = format!("the file has more than {} tasks; the rest is left out", limits::CHECKLIST_TASKS);
            self.notes.push(Note::error(line, message).hint("split it into several files"));
        }
        if self.count > limits::CHECKLIST_TASKS {
            return String::new();
        }
        let marks = self.marks(written, line);
        let mut text = joined(context, &marks.text);
        if marks.text.is_empty() {
            self.notes.push(Note::error(line, "this task has no text"));
        }
        if text.chars().count() > limits::CHECKLIST_TASK_CHARS {
            let message = format!("this task has more than {} characters", limits::CHECKLIST_TASK_CHARS);
            self.notes.push(Note::error(line, message).hint("say it shorter; details can stand below the task"));
            text = text.chars().take(limits::CHECKLIST_TASK_CHARS).collect();
        }
        if self.sections.is_empty() {
            self.sections.push(Section { title: String::new(), items: Vec::new() });
        }
        let source = Source { file: self.file.clone(), line };
        if let Some(section) = self.sections.last_mut() {
            if !self.seen.insert((section.title.clone(), text.clone())) {
                self.notes.push(Note::warning(line, "this task stands twice in its section"));
            }
            section.items.push(Item { text: text.clone(), required: !marks.optional, probe: marks.probe, source });
        }
        text
    }

    /// Takes `(optional)` and `{check: probe}` off the end, in any order.
    fn marks(&mut self, written: &str, line: u32) -> Marks {
        let mut marks = Marks { text: written.trim().to_owned(), optional: false, probe: None };
        loop {
            let text = marks.text.trim_end();
            let lower = text.to_ascii_lowercase();
            if lower.ends_with("(optional)") {
                marks.optional = true;
                marks.text = text[..text.len() - "(optional)".len()].trim_end().to_owned();
                continue;
            }
            let Some(start) = text.rfind('{').filter(|_| text.ends_with('}')) else { break };
            let inner = text[start + 1..text.len() - 1].trim();
            let Some((key, probe)) = inner.split_once(':') else { break };
            if key.trim() != "check" {
                self.notes.push(
                    Note::warning(line, format!("`{{{}: …}}` is not a mark", short(key.trim())))
                        .hint("known: {check: PROBE} and (optional)"),
                );
                break;
            }
            let probe = probe.trim().to_owned();
            if probe.is_empty() {
                self.notes.push(Note::error(line, "this check names no probe").hint("write {check: PROBE}"));
            } else if marks.probe.replace(probe).is_some() {
                self.notes.push(Note::error(line, "a task has one check").hint("write two tasks"));
            }
            marks.text = text[..start].trim_end().to_owned();
        }
        marks
    }
}

struct Marks {
    text: String,
    optional: bool,
    probe: Option<String>,
}

fn joined(context: &str, text: &str) -> String {
    let context = context.trim_end_matches([':', '.', ' ']);
    if context.is_empty() { text.to_owned() } else { format!("{context}: {text}") }
}

/// An item's own paragraphs, without the lists below it.
fn own_text<'a>(node: Node<'a>) -> String {
    let paragraph = node.children().find(|c| matches!(c.data().value, NodeValue::Paragraph));
    paragraph.map(inline_text).unwrap_or_default()
}

/// Text as people read it: emphasis dropped, code kept in its backticks, line breaks as blanks.
fn inline_text<'a>(node: Node<'a>) -> String {
    let mut out = String::new();
    for n in node.descendants().skip(1) {
        match &n.data().value {
            NodeValue::Text(t) => out.push_str(t),
            NodeValue::Code(c) => {
                out.push('`');
                out.push_str(&c.literal);
                out.push('`');
            }
            NodeValue::HtmlInline(h) => out.push_str(h),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push(' '),
            _ => {}
        }
    }
    let clean: String = out.chars().filter(|c| !c.is_control()).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}
