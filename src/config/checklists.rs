//! Checklists: which files there are, and whether the names in them exist.

use super::build::Names;
use super::context::Context;
use super::load::{Folder, read_file};
use super::markdown;
use super::problem::Code;
use super::raw::Root;
use super::read::shorten;
use crate::domain::policy::Checklist;
use crate::domain::rhythm::Rhythm;
use crate::limits;
use crate::runbook;
use std::collections::BTreeMap;

/// Reads every checklist that the config names, in the order of file names.
pub fn read(folder: &dyn Folder, root: &Root, cx: &mut Context) -> Vec<Checklist> {
    let names = Names::of(root);
    let mut out: Vec<Checklist> = Vec::new();
    let mut ids = BTreeMap::new();
    for at in root.checklists.iter().flatten() {
        for name in markdown::files(folder, at, Code::BadChecklist, cx) {
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
    markdown::report(file, runbook.notes, Code::BadChecklist, cx);
    markdown::mentioned(file, &runbook.mentions, names, cx);
    for item in runbook.checklist.sections.iter().flat_map(|s| &s.items) {
        if let Some(probe) = &item.probe {
            markdown::exists(file, (probe, item.source.line), &names.probes, (Code::UnknownProbe, "a probe"), cx);
        }
    }
    runbook.checklist
}
