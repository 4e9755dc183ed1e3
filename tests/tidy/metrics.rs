//! Every metric has its meaning beside its name, for machines and for people.

use crate::files::{File, files, finds, holds, product};
use std::collections::BTreeSet;

/// Names of metrics in the macros that count them, or, `described`, in those that describe them.
fn named(file: &File, described: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for what in ["counter!(", "gauge!(", "histogram!("] {
        for (at, _) in file.text.match_indices(what) {
            let name = file.text[at + what.len()..].trim_start().strip_prefix('"');
            if let Some(name) = name.and_then(|rest| rest.split('"').next())
                && file.text[..at].ends_with("describe_") == described
            {
                found.push((file.text[..at].lines().count().saturating_sub(1), name.to_owned()));
            }
        }
    }
    found
}

/// The first cell of each row about metrics: `` `a{label}`, `b` ``.
fn explained(page: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in page.text.lines().enumerate().filter(|(_, line)| line.starts_with("| `signalbox_")) {
        let cell = line[1..].split('|').next().unwrap_or_default();
        let names = cell.split('`').skip(1).step_by(2).map(|name| name.split('{').next().unwrap_or_default());
        found.extend(names.map(|name| (number, name.to_owned())));
    }
    found
}

fn untold(code: &[File], page: &File) -> Vec<String> {
    let all = |described| -> BTreeSet<String> {
        code.iter().flat_map(|file| named(file, described)).map(|(_, name)| name).collect()
    };
    let (counted, described) = (all(false), all(true));
    let on_page: BTreeSet<String> = explained(page).into_iter().map(|(_, name)| name).collect();
    let mut findings = Vec::new();
    for file in code {
        for (line, name) in named(file, false) {
            if !described.contains(&name) {
                findings.push(file.at(line, format!("{name} has no help line")));
            } else if !on_page.contains(&name) {
                findings.push(file.at(line, format!("{name} is not in {}", page.path)));
            }
        }
        for (line, name) in named(file, true).into_iter().filter(|(_, name)| !counted.contains(name)) {
            findings.push(file.at(line, format!("nothing counts {name}")));
        }
    }
    for (line, name) in explained(page).into_iter().filter(|(_, name)| !counted.contains(name)) {
        findings.push(page.at(line, format!("nothing counts {name}")));
    }
    findings
}

#[test]
fn every_metric_is_described_and_explained() {
    let pages = files("docs", &["OPERATIONS.md"]);
    holds(untold(&product(), &pages[0]));
}

#[test]
fn an_untold_metric_is_found() {
    let told = "describe_counter!(\n \"signalbox_a\", \"A\"); describe_gauge!(\"signalbox_b\", \"B\");";
    let counts = |name: &str| File::new("src/a.rs", &format!("metrics::counter!(\"signalbox_{name}\").increment(1)"));
    let page = |names: &str| File::new("docs/OPERATIONS.md", &format!("| {names} | says |\n"));
    let gauge = File::new("src/b.rs", &format!("{told}\nmetrics::gauge!(\"signalbox_b\", \"of\" => 1).set(1.0)"));
    finds(0, untold(&[counts("a"), gauge.clone()], &page("`signalbox_a{of}`, `signalbox_b`")));
    finds(1, untold(&[counts("a"), gauge.clone()], &page("`signalbox_a`")));
    finds(2, untold(&[counts("c"), gauge.clone()], &page("`signalbox_b`")));
    finds(1, untold(&[counts("a"), gauge], &page("`signalbox_a`, `signalbox_b`, `signalbox_z`")));
}
