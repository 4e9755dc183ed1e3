//! How a file is written.

use crate::files::{File, files, finds, holds, product, rust};
use crate::source::code;

const MAX_LINE_CHARS: usize = 140;

fn heads(files: &[File]) -> Vec<String> {
    let silent = files.iter().filter(|file| !file.text.starts_with("//! "));
    silent.map(|file| file.at(0, "begins without `//! ` and what it is for")).collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    holds(heads(&product()));
}

#[test]
fn a_file_without_a_head_is_found() {
    finds(1, heads(&[File::new("src/a.rs", "use std::fmt;\n"), File::new("src/b.rs", "//! B.\n")]));
}

/// Words in pieces, so that this file does not hold what it looks for.
fn unfinished(files: &[File]) -> Vec<String> {
    let words = [
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("#[ig", "nore"),
    ];
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            // The child process of a test is a test of the same binary that only its parent runs.
            let line = line.replace(concat!("#[ig", "nore = \"started by other tests\"]"), "");
            // A template of mktemp is made of the second word.
            let line = line.replace(&format!(".{}", "X".repeat(8)), "");
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                findings.push(file.at(number, format!("`{word}`: finish it, or write down in docs/ why not")));
            }
        }
    }
    findings
}

#[test]
fn nothing_is_left_unfinished() {
    holds(unfinished(
        &[rust(), files("scripts", &[]), files("migrations", &[])].into_iter().flatten().collect::<Vec<_>>(),
    ));
}

#[test]
fn unfinished_work_is_found() {
    let lines = format!("// {}: later\nlet a = {}\"b\");\n// fine", concat!("FIX", "ME"), concat!("to", "do!("));
    finds(2, unfinished(&[File::new("src/a.rs", &lines)]));
}

/// The first part of paths that exist on one machine only.
fn machine_paths(files: &[File]) -> Vec<String> {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/tm", "p/"),
    ];
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for place in places {
                let named = line.match_indices(place).any(|(at, _)| {
                    let inside = line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}$*".contains(c));
                    !inside && line[at + place.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
                });
                if named {
                    findings.push(file.at(number, format!("`{place}…` is a path of one machine")));
                }
            }
        }
    }
    findings
}

#[test]
fn no_path_of_one_machine_is_kept() {
    let kept = files(
        "",
        &[".rs", ".toml", ".md", ".sql", ".sh", ".yaml", ".yml", ".service", ".rehearsal", "Dockerfile", "test", "run"],
    );
    holds(machine_paths(&kept));
}

#[test]
fn a_machine_path_is_found() {
    let line = |path: &str| machine_paths(&[File::new("docs/a.md", path)]);
    finds(1, line(concat!("look at /ho", "me/someone/notes")));
    finds(1, line(concat!("`/wo", "rk/main`")));
    finds(0, line(concat!("GET /api/wo", "rk/items and https://example.org/ho", "me/a")));
}

fn layout(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains('\t') {
                findings.push(file.at(number, "a tab: indent with spaces, write `\\t` in text"));
            }
            if line.chars().count() > MAX_LINE_CHARS {
                findings.push(
                    file.at(number, format!("{} characters; the most is {MAX_LINE_CHARS}", line.chars().count())),
                );
            }
        }
    }
    findings
}

#[test]
fn lines_are_short_and_without_tabs() {
    holds(layout(&rust()));
}

#[test]
fn a_long_line_and_a_tab_are_found() {
    finds(0, layout(&[File::new("src/a.rs", &"é".repeat(MAX_LINE_CHARS))]));
    finds(1, layout(&[File::new("src/a.rs", &"é".repeat(MAX_LINE_CHARS + 1))]));
    finds(1, layout(&[File::new("src/a.rs", "\tlet a = 1;")]));
}

fn allowed_lints(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = code(&file.text);
        for (number, line) in code.lines().enumerate() {
            if line.contains("#[allow") || line.contains("#![allow") {
                findings.push(
                    file.at(number, "use `#[expect(lint, reason = \"...\")]`: it says so when it is no longer needed"),
                );
            }
        }
        for (at, _) in code.match_indices("[expect(") {
            let end = code[at..].find(")]").map_or(code.len(), |n| at + n);
            if !code[at..end].contains("reason") {
                findings.push(file.at(code[..at].matches('\n').count(), "an expected lint without a reason"));
            }
        }
    }
    findings
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    holds(allowed_lints(&rust()));
}

#[test]
fn an_allowed_lint_is_found() {
    let planted = |text: &str| allowed_lints(&[File::new("src/a.rs", text)]);
    finds(1, planted("#[allow(dead_code)]\nfn f() {}"));
    finds(1, planted("#![allow(dead_code)]"));
    finds(1, planted("#[expect(dead_code)]"));
    finds(0, planted("#[expect(\n    dead_code,\n    reason = \"why\"\n)] // #[allow"));
}

/// Product code is the same in tests: `#[cfg(test)]` stands only before the one `mod tests` that ends a file.
fn test_code(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let code = code(&file.text);
        let lines: Vec<&str> = code.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if !line.contains("cfg(test")
                && !line.contains("cfg(any(test")
                && !line.contains("cfg(not(test")
                && !line.contains("cfg!(test")
            {
                continue;
            }
            let next = lines.get(number + 1).copied().unwrap_or_default();
            if *line != "#[cfg(test)]" || !["mod tests {", "mod tests;"].contains(&next) {
                findings.push(file.at(number, "`cfg(test)` may stand only before `mod tests`"));
                continue;
            }
            let end = if next.ends_with(';') {
                Some(number + 1)
            } else {
                (number + 2..lines.len()).find(|n| lines[*n] == "}")
            };
            if let Some(end) = end
                && lines[end + 1..].iter().any(|line| !line.trim().is_empty())
            {
                findings.push(file.at(end + 1, "`mod tests` ends the file"));
            }
        }
    }
    findings
}

#[test]
fn product_code_does_not_know_that_it_is_tested() {
    holds(test_code(&product()));
}

#[test]
fn test_code_in_the_product_is_found() {
    let planted = |text: &str| test_code(&[File::new("src/a.rs", text)]);
    finds(1, planted("#[cfg(test)]\npub fn only_for_tests() {}\n"));
    finds(1, planted("fn f() {\n    if cfg!(test) {}\n}\n"));
    finds(1, planted("#[cfg(not(test))]\nfn f() {}\n"));
    finds(1, planted("#[cfg(test)]\nmod tests {\n}\n\nfn more() {}\n"));
    finds(0, planted("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n"));
    finds(0, planted("//! About #[cfg(test)].\n"));
}
