//! Nothing lies about unlinked, and pages promise nothing that is not there.

use crate::files::{File, files, finds, holds, root};
use crate::source::product_code;
use std::collections::BTreeSet;

/// Where a Markdown file points to: the targets of `[text](target)` outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
    }
    found
}

/// `docs/adr/` and `../a.md` make `docs/a.md`.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn local(target: &str) -> Option<&str> {
    let path = target.split('#').next().unwrap_or_default();
    (!path.is_empty() && !path.contains("://") && !path.starts_with("mailto:")).then_some(path)
}

fn dead_links(markdown: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in markdown {
        for (line, target) in links(&file.text) {
            if let Some(path) = local(&target)
                && !exists(&resolve(&file.path, path))
            {
                findings.push(file.at(line, format!("links to {path}, which does not exist")));
            }
        }
    }
    findings
}

fn unlinked(markdown: &[File]) -> Vec<String> {
    let mut linked = BTreeSet::new();
    for file in markdown {
        for (_, target) in links(&file.text) {
            let to = local(&target).map(|path| resolve(&file.path, path)).unwrap_or_default();
            if to != file.path {
                linked.insert(to);
            }
        }
    }
    let docs = markdown.iter().filter(|file| file.path.starts_with("docs/") && !linked.contains(&file.path));
    docs.map(|file| file.at(0, "no other page links to it")).collect()
}

#[test]
fn every_page_is_linked_and_every_link_leads_somewhere() {
    let markdown = files("", &[".md"]);
    holds(unlinked(&markdown));
    holds(dead_links(&markdown, |path| root().join(path).exists()));
}

#[test]
fn an_unlinked_page_and_a_dead_link_are_found() {
    let pages = [
        File::new("README.md", "[a](docs/A.md) `x` [out](https://example.org/no.md)\n```\n[not](a link)\n```\n"),
        File::new("docs/A.md", "[self](A.md#top) [up](../README.md) [gone](adr/0009.md)"),
        File::new("docs/B.md", "[me](B.md)"),
    ];
    let there = |path: &str| pages.iter().any(|page| page.path == path);
    finds(1, unlinked(&pages));
    finds(1, dead_links(&pages, there));
}

/// Pages promise commands: each `signalbox WORD` in them is a subcommand, which is a variant of that name in src/app/.
fn unknown_subcommands(pages: &[File], cli: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for page in pages {
        let mut fenced = false;
        for (number, line) in page.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            for (at, _) in line.match_indices("signalbox ") {
                let code = line[..at].ends_with('`') || (fenced && starts_a_command(&line[..at]));
                let word: String =
                    line[at + 10..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
                if code && word.starts_with(|c: char| c.is_ascii_lowercase()) && !cli.iter().any(|f| names(f, &word)) {
                    findings.push(page.at(number, format!("`signalbox {word}` is no subcommand")));
                }
            }
        }
    }
    findings
}

/// Whether what stands before the program's name leaves it the command of a line, as in `sudo target/release/signalbox`.
fn starts_a_command(before: &str) -> bool {
    let before = before.trim_start().trim_start_matches("sudo ");
    !before.contains(' ') && !before.starts_with('#') && (before.is_empty() || before.ends_with('/'))
}

/// `job-supervisor` is the variant `JobSupervisor`.
fn names(file: &File, word: &str) -> bool {
    let variant: String =
        word.split('-').filter(|part| !part.is_empty()).map(|part| part[..1].to_uppercase() + &part[1..]).collect();
    let code = product_code(file);
    code.match_indices(&variant).any(|(at, _)| {
        code[..at].ends_with(' ') && code[at + variant.len()..].starts_with(|c: char| " ({,".contains(c))
    })
}

#[test]
fn every_subcommand_in_the_pages_exists() {
    let cli = [files("src/app", &[".rs"]), files("src/main.rs", &[])].into_iter().flatten().collect::<Vec<_>>();
    if cli.is_empty() {
        return; // There is no command line yet.
    }
    holds(unknown_subcommands(&files("", &[".md"]), &cli));
}

#[test]
fn an_unknown_subcommand_is_found() {
    let cli = [File::new("src/app/cli.rs", "enum Command {\n    MigrateStore(Ends),\n    Serve {\n    },\n}\n")];
    let pages = |text: &str| unknown_subcommands(&[File::new("docs/A.md", text)], &cli);
    finds(0, pages("`signalbox serve --config FILE`\n```sh\nsudo bin/signalbox migrate-store --from a\n```\n"));
    finds(0, pages("signalbox is a bot.\n```sh\nsystemctl stop signalbox\ntouch signalbox data\n```\n"));
    finds(2, pages("`signalbox sreve`\n```sh\nsignalbox move --from a\n```\n"));
}
