//! Checklists: which files there are, and whether the names in them exist.

use super::build::Names;
use super::context::{Context, did_you_mean};
use super::load::{Folder, read_file};
use super::problem::Code;
use super::raw::Root;
use super::read::shorten;
use crate::domain::policy::Checklist;
use crate::domain::rhythm::Rhythm;
use crate::limits;
use crate::runbook::{self, Mention, Weight};
use std::collections::BTreeMap;

/// Reads every checklist that the config names, in the order of file names.
pub fn read(folder: &dyn Folder, root: &Root, cx: &mut Context) -> Vec<Checklist> {
    let names = Names::of(root);
    let mut out: Vec<Checklist> = Vec::new();
    let mut ids = BTreeMap::new();
    for at in root.checklists.iter().flatten() {
        let path = at.value.trim_end_matches('/');
        let files = match folder.list(path) {
            None => vec![path.to_owned()],
            Some(mut inside) => {
                inside.retain(|name| name.ends_with(".md"));
                inside.sort();
                if inside.is_empty() {
                    cx.warning(Code::BadChecklist, &at.place, format!("`{path}` has no Markdown file"));
                }
                inside.iter().map(|name| format!("{path}/{name}")).collect()
            }
        };
        for name in files {
            if out.len() >= limits::CHECKLISTS {
                cx.error(Code::BadChecklist, &at.place, format!("more than {} checklists", limits::CHECKLISTS));
                return out;
            }
            let Some(file) = read_file(folder, &name, limits::CONFIG_BYTES, Some(&at.place), cx) else { continue };
            let list = one(file, &names, cx);
            let place = cx.files.whole_line(file, 1);
            if let Some(before) = ids.insert(list.id.clone(), place.clone()) {
                cx.error(Code::DuplicateName, &place, format!("two checklists are called `{}`", shorten(&list.id)))
                    .hint("rename one of the files")
                    .related(&before, "the other one");
            }
            out.push(list);
        }
    }
    out
}

/// Reads the checklist of each maintenance. Its items are ticked by people, so an automatic check in it is said to be none.
pub fn maintenance(folder: &dyn Folder, root: &Root, rhythm: &mut Rhythm, cx: &mut Context) {
    let names = Names::of(root);
    for (name, raw) in &root.maintenance.0 {
        let Some(at) = &raw.checklist.0 else { continue };
        let Some(file) = read_file(folder, &at.value, limits::CONFIG_BYTES, Some(&at.place), cx) else { continue };
        let mut list = one(file, &names, cx);
        let items = list.sections.iter_mut().flat_map(|s| &mut s.items);
        for item in items.filter(|i| i.probe.is_some()) {
            let place = cx.files.whole_line(file, item.source.line);
            cx.warning(Code::Suspicious, &place, "maintenance has no automatic checks: somebody ticks this item")
                .hint("leave `{check: …}` out");
            item.probe = None;
        }
        if let Some(maintenance) = rhythm.maintenance.get_mut(&name.value) {
            maintenance.checklist = list;
        }
    }
}

fn one(file: usize, names: &Names<'_>, cx: &mut Context) -> Checklist {
    let (name, text) = cx.files.get(file).map(|f| (f.name.clone(), f.text.clone())).unwrap_or_default();
    let runbook = runbook::parse(&name, &text);
    for note in runbook.notes {
        let place = cx.files.whole_line(file, note.line);
        let problem = match note.weight {
            Weight::Error => cx.error(Code::BadChecklist, &place, note.message),
            Weight::Warning => cx.warning(Code::BadChecklist, &place, note.message),
        };
        problem.hint = note.hint;
    }
    let mut missing = |name: &str, line: u32, known: &[&str], code: Code, what: &str| {
        if !known.contains(&name) {
            let place = cx.files.whole_line(file, line);
            cx.error(code, &place, format!("`{}` is not {what}", shorten(name)))
                .hint(did_you_mean(name, known.iter().copied()));
        }
    };
    for mention in &runbook.mentions {
        match mention {
            Mention::Service(name, line) => missing(name, *line, &names.services, Code::UnknownService, "a service"),
            Mention::Environment(name, line) => {
                missing(name, *line, &names.environments, Code::UnknownEnvironment, "an environment");
            }
            Mention::Role(name, line) => missing(name, *line, &names.roles, Code::UnknownRole, "a role"),
        }
    }
    for item in runbook.checklist.sections.iter().flat_map(|s| &s.items) {
        if let Some(probe) = &item.probe {
            missing(probe, item.source.line, &names.probes, Code::UnknownProbe, "a probe");
        }
    }
    runbook.checklist
}
