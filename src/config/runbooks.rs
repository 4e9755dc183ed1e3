//! Runbooks: which files there are, and whether the names in them exist.

use super::build::Names;
use super::context::Context;
use super::load::{Folder, read_file};
use super::markdown;
use super::problem::Code;
use super::raw::Root;
use crate::domain::runbook::Runbook;
use crate::limits;
use crate::runbook;
use std::collections::{BTreeMap, BTreeSet};

/// Reads every runbook that the config names.
pub fn read(folder: &dyn Folder, root: &Root, cx: &mut Context) -> BTreeMap<String, Runbook> {
    let names = Names::of(root);
    let mut out: BTreeMap<String, Runbook> = BTreeMap::new();
    for at in root.runbooks.iter().flatten() {
        for name in markdown::files(folder, at, Code::BadRunbook, cx) {
            if out.len() >= limits::RUNBOOKS {
                cx.error(Code::BadRunbook, &at.place, format!("more than {} runbooks", limits::RUNBOOKS));
                return out;
            }
            let Some(file) = read_file(folder, &name, limits::CONFIG_BYTES, Some(&at.place), cx) else { continue };
            let book = one(file, root, &names, cx);
            if let Some(before) = out.get(&book.name) {
                let place = cx.files.whole_line(file, 1);
                let message =
                    format!("two runbooks are called `{}`: the other one is {}", book.name, before.source.file);
                cx.error(Code::DuplicateName, &place, message).hint("rename one of the files");
                continue;
            }
            out.insert(book.name.clone(), book);
        }
    }
    out
}

fn one(file: usize, root: &Root, names: &Names<'_>, cx: &mut Context) -> Runbook {
    let (name, text) = cx.files.get(file).map(|f| (f.name.clone(), f.text.clone())).unwrap_or_default();
    let read = runbook::book(&name, &text);
    markdown::report(file, read.notes, Code::BadRunbook, cx);
    markdown::mentioned(file, &read.mentions, names, cx);
    let held: BTreeSet<&str> =
        root.people.0.iter().flat_map(|(_, p)| p.roles.iter().flatten()).map(|r| r.value.as_str()).collect();
    for command in &read.runbook.commands {
        let known = command.roles.iter().all(|r| names.roles.contains(&r.as_str()));
        if known && !command.roles.is_empty() && !command.roles.iter().any(|r| held.contains(r.as_str())) {
            let place = cx.files.whole_line(file, command.source.line);
            cx.error(Code::TooFewHolders, &place, format!("nobody may run `{}`", command.name))
                .hint("name `roles` that somebody holds");
        }
    }
    read.runbook
}
