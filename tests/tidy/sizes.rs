//! Files are short.

use crate::files::{File, finds, holds, product};

const MAX_FILE_LINES: usize = 600;
const MAX_MEDIAN_LINES: usize = 200;

fn median(files: &[File]) -> usize {
    let mut lines: Vec<usize> = files.iter().map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or_default()
}

fn sizes(files: &[File]) -> Vec<String> {
    let mut findings: Vec<String> = files
        .iter()
        .filter(|file| file.text.lines().count() > MAX_FILE_LINES)
        .map(|file| file.at(file.text.lines().count() - 1, format!("longer than {MAX_FILE_LINES} lines: part it")))
        .collect();
    if median(files) > MAX_MEDIAN_LINES {
        findings.push(format!("the median file has {} lines; the most is {MAX_MEDIAN_LINES}", median(files)));
    }
    findings
}

#[test]
fn files_are_short() {
    let files = product();
    println!("{} files in src/, median {} lines", files.len(), median(&files));
    holds(sizes(&files));
}

#[test]
fn a_long_file_is_found() {
    let of = |lines: usize| File::new("src/a.rs", &"//! a\n".repeat(lines));
    finds(0, sizes(&[of(1), of(1), of(MAX_FILE_LINES)]));
    finds(1, sizes(&[of(1), of(1), of(MAX_FILE_LINES + 1)]));
    finds(0, sizes(&[of(1), of(MAX_MEDIAN_LINES), of(MAX_FILE_LINES)]));
    finds(1, sizes(&[of(1), of(MAX_MEDIAN_LINES + 1), of(MAX_FILE_LINES)]));
}
