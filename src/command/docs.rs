//! `docs/COMMANDS.md`, written from the catalogue.

use super::catalogue::{Arg, Catalogue, Entry, How};
use super::help::standing;
use std::fmt::Write as _;

/// The whole page.
#[must_use]
pub fn docs(catalogue: &Catalogue) -> String {
    let mut out = String::from(
        "# Commands\n\n\
         This page is written from the files in `commands/`; a test says so when it is old. The same files feed `/help`,\n\
         completion and the buttons.\n\n\
         Words in CAPITALS are yours to fill in, and what stands in brackets may be left out. Texts with several words need\n\
         quotes unless they come last. A deployment is named by its number, such as `D-42`.\n",
    );
    for group in catalogue.groups() {
        let _ = write!(out, "\n## {group}\n");
        for entry in catalogue.entries().iter().filter(|e| e.group == group) {
            section(&mut out, entry);
        }
    }
    out
}

fn section(out: &mut String, entry: &Entry) {
    let _ = write!(out, "\n### /{}\n\n{}.\n\n```text\n{}\n```\n", entry.name, entry.summary, entry.usage.join("\n"));
    let _ = write!(out, "\n{}\n", entry.help);
    let args: Vec<&Arg> = entry.args.iter().filter(|a| !a.has(&How::Button)).collect();
    if !args.is_empty() {
        out.push_str("\n| argument | written | needed | meaning |\n|---|---|---|---|\n");
    }
    for arg in args {
        let needed = if arg.required { "yes" } else { "" };
        let _ = writeln!(out, "| {} | {} | {needed} | {} |", arg.name, written(arg), arg.help);
    }
    let _ = write!(out, "\n```text\n{}\n```\n\n{}\n", entry.examples.join("\n"), standing(entry));
}

fn written(arg: &Arg) -> String {
    let name = arg.placeholder();
    let way = |how: &How| match how {
        How::Bare => Some(format!("`{name}`")),
        How::Rest => Some(format!("`{name}…`, the rest of the line")),
        How::Button => None,
        How::Flag(flag) if arg.kind == super::kind::Kind::Flag => Some(format!("`{flag}`")),
        How::Flag(flag) if arg.kind == super::kind::Kind::Text => Some(format!("`{flag} \"…\"`")),
        How::Flag(flag) => Some(format!("`{flag} {name}`")),
        How::Keyword(word) => Some(format!("`{word} {name}`")),
    };
    arg.how.iter().filter_map(way).collect::<Vec<_>>().join(" or ")
}
