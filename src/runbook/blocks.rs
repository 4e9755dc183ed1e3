//! Markdown to blocks of the neutral message, below their headings.
//!
//! Deliberately absent: pictures, tables and HTML. What they would say has to be said in words.

use super::note::Note;
use crate::domain::message::{Block, Line, Mark, Piece as Inline, Text, bold, code, plain};
use crate::domain::runbook::{Part, Piece, SHOWN_CHARS};
use crate::limits;
use comrak::nodes::{ListType, Node, NodeValue};
use comrak::{Arena, Options};
use std::collections::BTreeSet;

/// A fenced block that has a name.
#[derive(Clone, Debug)]
pub struct Fenced {
    pub name: String,
    pub text: String,
    /// Of its fence.
    pub line: u32,
}

/// What stands below the front matter.
pub struct Read {
    /// The first heading of level 1.
    pub title: Option<String>,
    pub commands: Vec<Fenced>,
    parts: Vec<(String, Vec<Found>)>,
}

enum Found {
    Block(Block),
    /// The place of a named block among [`Read::commands`].
    Named(usize),
}

impl Read {
    /// The parts; named blocks that are no command are shown as they are written.
    pub fn parts(&self, known: &BTreeSet<&str>) -> Vec<Part> {
        let piece = |found: &Found| match found {
            Found::Block(block) => Some(Piece::Shown(block.clone())),
            Found::Named(n) => self.commands.get(*n).map(|fenced| match known.contains(fenced.name.as_str()) {
                true => Piece::Command(fenced.name.clone()),
                false => Piece::Shown(Block::Code(fenced.text.trim_end().to_owned())),
            }),
        };
        let part = |(title, found): &(String, Vec<Found>)| Part {
            title: title.clone(),
            pieces: found.iter().filter_map(piece).collect(),
        };
        self.parts.iter().filter(|(_, found)| !found.is_empty()).map(part).collect()
    }
}

struct Reader<'n> {
    read: Read,
    notes: &'n mut Vec<Note>,
    /// Lines of the list that is being read.
    lines: Vec<Line>,
}

pub fn read(text: &str, notes: &mut Vec<Note>) -> Read {
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.tasklist = true;
    let root = comrak::parse_document(&arena, text, &options);
    let read = Read { title: None, commands: Vec::new(), parts: vec![(String::new(), Vec::new())] };
    let mut reader = Reader { read, notes, lines: Vec::new() };
    for node in root.children() {
        reader.block(node);
    }
    reader.bounds();
    reader.read
}

impl Reader<'_> {
    fn block<'a>(&mut self, node: Node<'a>) {
        let line = line_of(node);
        let value = node.data().value.clone();
        match value {
            NodeValue::Heading(heading) => {
                let text = flat(&inline(node));
                match heading.level {
                    1 if self.read.title.is_none() => self.read.title = Some(text),
                    1 | 2 => self.read.parts.push((text, Vec::new())),
                    _ => self.push(Block::Text(vec![bold(text)]), line),
                }
            }
            NodeValue::Paragraph => self.push(Block::Text(inline(node)), line),
            NodeValue::BlockQuote => {
                let text: Text = node.children().flat_map(|c| inline(c)).collect();
                self.push(Block::Quote(text), line);
            }
            NodeValue::List(list) => {
                self.list(node, list.list_type, list.start, 0);
                self.end_list(list.list_type == ListType::Ordered, line);
            }
            NodeValue::CodeBlock(block) => self.fenced(&block.info, &block.literal, line),
            NodeValue::ThematicBreak => self.push(Block::Divider, line),
            NodeValue::HtmlBlock(html) if html.literal.trim_start().starts_with("<!--") => {}
            _ => self.notes.push(Note::warning(line, "this is not shown in chat").hint("say it in words or in a list")),
        }
    }

    fn list<'a>(&mut self, node: Node<'a>, kind: ListType, start: usize, depth: usize) {
        if depth > limits::CHECKLIST_DEPTH {
            return;
        }
        for (n, item) in (start..).zip(node.children()) {
            let mut own = true;
            for child in item.children() {
                let value = child.data().value.clone();
                match value {
                    NodeValue::Paragraph => {
                        let lead = match (own, kind, depth) {
                            (true, ListType::Ordered, _) => format!("{n}. "),
                            (true, _, 0) => String::new(),
                            (true, _, _) => "– ".to_owned(),
                            (false, ..) => String::new(),
                        };
                        let mut text: Text = if lead.is_empty() { Vec::new() } else { vec![plain(lead)] };
                        text.extend(inline(child));
                        self.lines.push(Line { mark: Mark::Bullet, text });
                        own = false;
                    }
                    NodeValue::List(inner) => self.list(child, inner.list_type, inner.start, depth + 1),
                    NodeValue::CodeBlock(_) => {
                        let line = line_of(child);
                        self.end_list(kind == ListType::Ordered, line);
                        self.block(child);
                    }
                    _ => {}
                }
            }
        }
    }

    /// What is numbered needs no other mark.
    fn end_list(&mut self, numbered: bool, line: u32) {
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return;
        }
        if !numbered {
            self.push(Block::List(lines), line);
            return;
        }
        let mut text: Text = Vec::new();
        for (n, mut line) in lines.into_iter().enumerate() {
            if n > 0 {
                text.push(plain("\n"));
            }
            text.append(&mut line.text);
        }
        self.push(Block::Text(text), line);
    }

    /// A block with a name behind its language may be a command.
    fn fenced(&mut self, info: &str, text: &str, line: u32) {
        match info.split_whitespace().nth(1) {
            Some(name) => {
                self.read.commands.push(Fenced { name: name.to_owned(), text: text.to_owned(), line });
                let found = Found::Named(self.read.commands.len() - 1);
                self.found(found);
            }
            None => self.push(Block::Code(text.trim_end().to_owned()), line),
        }
    }

    fn push(&mut self, block: Block, line: u32) {
        if size(&block) > SHOWN_CHARS {
            let what = format!("this has more than {} characters, and no message shows them", SHOWN_CHARS);
            self.notes.push(Note::error(line, what).hint("divide it"));
        }
        self.found(Found::Block(block));
    }

    fn found(&mut self, found: Found) {
        if let Some((_, pieces)) = self.read.parts.last_mut() {
            pieces.push(found);
        }
    }

    fn bounds(&mut self) {
        let parts = &mut self.read.parts;
        if parts.len() > limits::RUNBOOK_PARTS + 1 || parts.iter().any(|(_, p)| p.len() > limits::RUNBOOK_BLOCKS) {
            let what = format!(
                "more than {} sections, or more than {} paragraphs, lists and commands in one",
                limits::RUNBOOK_PARTS,
                limits::RUNBOOK_BLOCKS
            );
            self.notes.push(Note::error(1, what).hint("split the file"));
            parts.truncate(limits::RUNBOOK_PARTS + 1);
            parts.iter_mut().for_each(|(_, pieces)| pieces.truncate(limits::RUNBOOK_BLOCKS));
        }
    }
}

fn line_of<'a>(node: Node<'a>) -> u32 {
    u32::try_from(node.data().sourcepos.start.line).unwrap_or(u32::MAX)
}

/// Characters of a block.
fn size(block: &Block) -> usize {
    let chars = |text: &Text| flat(text).chars().count();
    match block {
        Block::Text(t) | Block::Quote(t) => chars(t),
        Block::List(lines) => lines.iter().map(|l| chars(&l.text)).sum(),
        Block::Code(code) => code.chars().count(),
        _ => 0,
    }
}

/// The words alone.
fn flat(text: &Text) -> String {
    let word = |piece: &Inline| match piece {
        Inline::Plain(s) | Inline::Bold(s) | Inline::Code(s) => s.clone(),
        Inline::Link { text, .. } => text.clone(),
        _ => String::new(),
    };
    text.iter().map(word).collect()
}

/// Text as people read it: what is strong is bold, emphasis is dropped, links lead to the web only.
fn inline<'a>(node: Node<'a>) -> Text {
    let mut out: Text = Vec::new();
    pieces(node, &mut out, 0);
    // Side by side they are one.
    let mut joined: Text = Vec::new();
    for piece in out {
        match (joined.last_mut(), piece) {
            (Some(Inline::Plain(before)), Inline::Plain(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

fn pieces<'a>(node: Node<'a>, out: &mut Text, depth: usize) {
    if depth > limits::CHECKLIST_DEPTH {
        return;
    }
    for child in node.children() {
        let value = child.data().value.clone();
        match value {
            NodeValue::Text(text) => out.push(plain(clean(&text))),
            NodeValue::Code(literal) => out.push(code(clean(&literal.literal))),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push(plain(" ")),
            NodeValue::HtmlInline(html) => out.push(plain(clean(&html))),
            NodeValue::Strong => out.push(bold(flat(&inline(child)))),
            NodeValue::Link(link) => {
                let text = flat(&inline(child));
                let web = ["https://", "http://"].iter().any(|scheme| link.url.starts_with(scheme));
                out.push(if web { Inline::Link { text, url: link.url.clone() } } else { plain(text) });
            }
            _ => pieces(child, out, depth + 1),
        }
    }
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
