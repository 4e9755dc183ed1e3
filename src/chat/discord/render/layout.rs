//! Parts flow into embeds, in their order, within what Discord takes.
//!
//! An embed shows its description, then its fields, then its picture. So text behind fields, or anything behind a picture, begins
//! another embed of the same colour. The sum over all embeds is bounded: the longest blocks give way first, down to one common
//! length, so that a long log never hides the keys below it.

use super::Names;
use super::blocks::{Part, part, shows_all};
use super::picture::{self, PICTURES};
use super::text::{escape, units};
use crate::chat::discord::rest::File;
use crate::domain::message::{Block, plain};
use serde_json::Value;
use serenity::all::CreateEmbed;

/// Embeds of a message, the characters of a description, of all embeds together, and the fields of one.
pub const EMBEDS: usize = 10;
pub const DESCRIPTION: usize = 4096;
pub const TOTAL: usize = 6000;
pub const FIELDS: usize = 25;

/// Longer than any block.
const UNBOUND: usize = usize::MAX / 4;
/// Kept for what a last line says about things that are missing.
const NOTE: usize = 200;
/// Blocks of a message; what is behind them is counted.
const BLOCKS: usize = 60;

/// What a message's blocks have become.
#[derive(Default)]
pub struct Laid {
    pub embeds: Vec<CreateEmbed>,
    pub attachments: Vec<Value>,
    pub files: Vec<File>,
}

#[derive(Default)]
struct Embed {
    description: String,
    fields: Vec<(String, String)>,
    picture: Option<String>,
}

/// `notes` are lines about what is missing elsewhere in the message.
pub fn lay(blocks: &[Block], notes: &[String], deployment: Option<&str>, names: &Names) -> Laid {
    let shown = &shown_as(blocks)[..blocks.len().min(BLOCKS)];
    let all: Vec<String> = shown.iter().map(|b| shows_all(b, deployment, names)).collect();
    let whole: Vec<Part> = shown.iter().zip(&all).map(|(b, all)| part(b, DESCRIPTION, all, names)).collect();
    let sizes: Vec<usize> = whole.iter().map(Part::size).collect();
    let level = level(&sizes, TOTAL - NOTE - spacing(blocks));
    let mut flow = Flow { laid: Laid::default(), embeds: Vec::new(), missing: blocks.len() - shown.len() };
    for ((made, block), all) in whole.into_iter().zip(shown).zip(&all) {
        // What counted for no more than the level stays as it was counted: made anew, within less room, it could show more.
        flow.take(if made.size() <= level { made } else { part(block, level, all, names) });
    }
    let mut notes = notes.to_vec();
    if flow.missing > 0 {
        notes.push(format!("… {} more parts do not fit here", flow.missing));
    }
    flow.end(&notes, names)
}

/// Whether all of it is shown.
pub fn fits(blocks: &[Block], names: &Names) -> bool {
    let shown = shown_as(blocks);
    let sizes = |most: usize| shown.iter().map(move |b| part(b, most, "", names).size()).collect::<Vec<_>>();
    let whole = sizes(UNBOUND);
    if blocks.len() > BLOCKS
        || whole != sizes(DESCRIPTION)
        || whole.iter().sum::<usize>() + spacing(blocks) > TOTAL - NOTE
    {
        return false;
    }
    let mut flow = Flow { laid: Laid::default(), embeds: Vec::new(), missing: 0 };
    shown.iter().for_each(|b| flow.take(part(b, DESCRIPTION, "", names)));
    flow.missing == 0
}

/// Pictures that cannot be shown are told in words, which count like any text.
fn shown_as(blocks: &[Block]) -> Vec<Block> {
    let mut pictures = 0;
    let as_shown = |block: &Block| match block {
        Block::Picture(picture) if pictures == PICTURES || picture::file(picture, 0).is_none() => {
            Block::Text(vec![plain(picture.alt.clone())])
        }
        Block::Picture(_) => {
            pictures += 1;
            block.clone()
        }
        _ => block.clone(),
    };
    blocks.iter().map(as_shown).collect()
}

/// What the gaps between pairs of fields count for.
fn spacing(blocks: &[Block]) -> usize {
    let fields = blocks.iter().filter_map(|b| if let Block::Fields(f) = b { Some(f.len()) } else { None });
    fields.sum::<usize>().min(EMBEDS * FIELDS)
}

/// The length that the longest ones are cut to so that the sum fits.
fn level(sizes: &[usize], most: usize) -> usize {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let (mut left, mut count) = (most, sorted.len());
    for size in sorted {
        let share = left / count.max(1);
        if size > share {
            return share;
        }
        left -= size;
        count -= 1;
    }
    DESCRIPTION
}

struct Flow {
    laid: Laid,
    embeds: Vec<Embed>,
    missing: usize,
}

impl Flow {
    fn take(&mut self, part: Part) {
        match part {
            Part::Lines(text) => self.lines(&text),
            Part::Fields(fields) => self.fields(fields),
            Part::Picture(picture) => {
                let Some((file, entry)) = picture::file(&picture, self.laid.files.len()) else { return };
                if let Some(embed) = self.embed(|e| e.picture.is_none()) {
                    embed.picture = Some(format!("attachment://{}", file.name));
                    self.laid.files.push(file);
                    self.laid.attachments.push(entry);
                }
            }
        }
    }

    fn lines(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let length = units(text) + 1;
        let fits =
            |e: &Embed| e.fields.is_empty() && e.picture.is_none() && units(&e.description) + length <= DESCRIPTION;
        if let Some(embed) = self.embed(fits) {
            if !embed.description.is_empty() {
                embed.description.push('\n');
            }
            embed.description.push_str(text);
        }
    }

    fn fields(&mut self, fields: Vec<(String, String)>) {
        for chunk in fields.chunks(FIELDS) {
            let fits = |e: &Embed| e.picture.is_none() && e.fields.len() + chunk.len() <= FIELDS;
            if let Some(embed) = self.embed(fits) {
                embed.fields.extend_from_slice(chunk);
            }
        }
    }

    /// The last embed when it has room, else another. `None` when there can be no other.
    fn embed(&mut self, fits: impl Fn(&Embed) -> bool) -> Option<&mut Embed> {
        if !self.embeds.last().is_some_and(fits) {
            if self.embeds.len() == EMBEDS - 1 {
                self.missing += 1;
                return None;
            }
            self.embeds.push(Embed::default());
        }
        self.embeds.last_mut()
    }

    fn end(mut self, notes: &[String], names: &Names) -> Laid {
        if !notes.is_empty() {
            let note: Vec<String> = notes.iter().map(|n| format!("-# {}", escape(n, NOTE / 3, names))).collect();
            let note = note.join("\n");
            let fits = |e: &Embed| {
                e.fields.is_empty() && e.picture.is_none() && units(&e.description) + units(&note) < DESCRIPTION
            };
            if !self.embeds.last().is_some_and(fits) {
                self.embeds.push(Embed::default());
            }
            if let Some(embed) = self.embeds.last_mut() {
                let gap = if embed.description.is_empty() { "" } else { "\n" };
                embed.description = format!("{}{gap}{note}", embed.description);
            }
        }
        for embed in self.embeds {
            let mut made = CreateEmbed::new();
            if !embed.description.is_empty() {
                made = made.description(embed.description);
            }
            for (name, value) in embed.fields {
                made = made.field(name, value, true);
            }
            if let Some(picture) = embed.picture {
                made = made.image(picture);
            }
            self.laid.embeds.push(made);
        }
        self.laid
    }
}
