//! Bounds are asked.

use crate::files::{File, finds, holds, product};
use crate::source::code;

/// A bound that nothing asks is a promise that nothing keeps. A test counts: it may hold a file of `commands/` to the bound.
fn idle_bounds(limits: &File, others: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in limits.text.lines().enumerate() {
        let Some(name) = line.strip_prefix("pub const ").and_then(|rest| rest.split(':').next()) else { continue };
        let used = |file: &File| {
            let code = code(&file.text);
            code.match_indices(name).any(|(at, _)| {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                !code[..at].ends_with(word) && !code[at + name.len()..].starts_with(word)
            })
        };
        if !others.iter().any(used) {
            findings.push(limits.at(number, format!("`{name}` bounds nothing")));
        }
    }
    findings
}

#[test]
fn every_bound_is_used() {
    let (limits, others): (Vec<File>, Vec<File>) =
        product().into_iter().partition(|file| file.path.starts_with("src/limits"));
    holds(limits.iter().flat_map(|limits| idle_bounds(limits, &others)).collect());
}

#[test]
fn an_idle_bound_is_found() {
    let limits = File::new("src/limits.rs", "//! L.\npub const A_B: usize = 1;\npub const A: usize = 2;\n");
    finds(0, idle_bounds(&limits, &[File::new("src/a.rs", "f(limits::A_B, limits::A)")]));
    finds(1, idle_bounds(&limits, &[File::new("src/a.rs", "f(limits::A_B) // A")]));
}
