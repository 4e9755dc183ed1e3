//! People's own Markdown: task lists become checklists, and other files runbooks (see [`mod@book`]).
//!
//! A file may begin with front matter (`---`, `key: value` lines, `---`): `title`, `phase`, `services`, `environments`.
//! Headings make sections, task list items make items, in the order written. `(optional)` and `{check: probe}` at an item's
//! end are its marks. Reading never fails: what cannot be understood is a [`Note`] with its line, and the rest is kept.
//! Whether the names in a file exist is not known here.

mod blocks;
mod book;
mod commands;
mod front;
mod items;
mod note;

pub use book::{Book, book};
pub use front::Mention;
pub use note::{Note, Weight};

use crate::domain::policy::{Checklist, Source};
use crate::limits;
use std::sync::Arc;

/// What one file says.
#[derive(Clone, Debug)]
pub struct Runbook {
    pub checklist: Checklist,
    /// Services and environments that the front matter names, for whoever knows which exist.
    pub mentions: Vec<Mention>,
    pub notes: Vec<Note>,
}

/// Reads one file; `name` is its path as people know it, ending in `.md`.
#[must_use]
pub fn parse(name: &str, text: &str) -> Runbook {
    let file: Arc<str> = Arc::from(name);
    let mut notes = Vec::new();
    let text = if text.len() > limits::CHECKLIST_BYTES {
        notes
            .push(Note::error(1, format!("the file has more than {} bytes", limits::CHECKLIST_BYTES)).hint("split it"));
        ""
    } else {
        text
    };
    let id = name.rsplit('/').next().unwrap_or(name);
    let id = id.strip_suffix(".md").unwrap_or(id);
    let (front, body) = front::split(text, &mut notes);
    let (heading, sections) = items::read(&file, &body, &mut notes);
    let title = front.title.clone().or(heading).unwrap_or_else(|| id.replace('-', " "));
    let sections = sections
        .into_iter()
        .map(|mut s| {
            if s.title.is_empty() {
                s.title.clone_from(&title);
            }
            s
        })
        .collect::<Vec<_>>();
    if sections.is_empty() && notes.iter().all(|n| n.weight != Weight::Error) {
        notes.push(
            Note::warning(1, "there is no task in this file").hint("a task is a line such as `- [ ] Tell the team`"),
        );
    }
    let checklist = Checklist {
        id: id.to_owned(),
        title,
        phase: front.phase,
        services: front.services,
        environments: front.environments,
        sections,
        source: Source { file, line: 1 },
    };
    notes.sort_by_key(|n| n.line);
    Runbook { checklist, mentions: front.mentions, notes }
}
