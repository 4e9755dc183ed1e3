//! What was posted instead: the lines most like what was expected, word by word, and where they stand.

use similar::{ChangeTag, TextDiff};

/// A text that might have been meant, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub place: String,
    pub text: String,
}

/// Lines of the nearest text.
const LINES: usize = 16;
/// Further texts, of which the first line is shown.
const OTHERS: usize = 4;

/// Details for a failed expectation of `wanted` among `candidates`, oldest first.
pub fn nearest(wanted: &str, candidates: &[Candidate]) -> Vec<String> {
    if candidates.is_empty() {
        return vec!["nothing was said there at all".into()];
    }
    let mut scored: Vec<(f32, usize, &str)> = Vec::new();
    for (n, candidate) in candidates.iter().enumerate() {
        let best = candidate.text.lines().map(|line| (likeness(wanted, line), line)).max_by(|a, b| a.0.total_cmp(&b.0));
        scored.extend(best.map(|(score, line)| (score, n, line)));
    }
    // The most alike first; of equals, the newest.
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    let mut out = Vec::new();
    if let Some((_, n, line)) = scored.first().filter(|(score, ..)| *score > 0.25) {
        out.push(format!("nearest, in {}:", candidates[*n].place));
        let (expected, posted) = diff(wanted, line);
        out.push(format!("  expected  {expected}"));
        out.push(format!("  posted    {posted}"));
    }
    if let Some((_, n, line)) = scored.first() {
        out.push(format!("{} reads:", candidates[*n].place));
        out.extend(around(&candidates[*n].text, line));
    }
    for (_, n, _) in scored.iter().skip(1).take(OTHERS) {
        let first = candidates[*n].text.lines().next().unwrap_or_default();
        out.push(format!("also in {}: {first}", candidates[*n].place));
    }
    if candidates.len() > OTHERS + 1 {
        out.push(format!("and {} more", candidates.len() - OTHERS - 1));
    }
    out
}

/// A text's lines around one of them.
fn around(text: &str, line: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|l| *l == line).unwrap_or(0);
    let from = at.saturating_sub(LINES / 2).min(lines.len().saturating_sub(LINES));
    let left = lines.len().saturating_sub(from + LINES);
    let mut out = Vec::new();
    if from > 0 {
        out.push(format!("  … {from} lines before"));
    }
    out.extend(lines.iter().skip(from).take(LINES).map(|l| format!("  {l}")));
    if left > 0 {
        out.push(format!("  … {left} lines more"));
    }
    out
}

/// How much of what was wanted is in a line, by words and by letters.
fn likeness(wanted: &str, line: &str) -> f32 {
    let (wanted, line) = (wanted.to_lowercase(), line.to_lowercase().replace('`', ""));
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let found = words.iter().filter(|w| line.contains(**w)).count();
    let share = found as f32 / words.len().max(1) as f32;
    share + TextDiff::from_chars(wanted.as_str(), line.as_str()).ratio() / 10.0
}

/// Both texts, with `[-…-]` around what is missing and `{+…+}` around what stands there instead.
fn diff(wanted: &str, posted: &str) -> (String, String) {
    let posted = posted.replace('`', "");
    let diff = TextDiff::from_words(wanted, posted.as_str());
    let (mut left, mut right) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                left.push_str(text);
                right.push_str(text);
            }
            ChangeTag::Delete => left.push_str(&marked("[-", text, "-]")),
            ChangeTag::Insert => right.push_str(&marked("{+", text, "+}")),
        }
    }
    let join = |text: String| text.replace("-] [-", " ").replace("+} {+", " ");
    (join(left), join(right))
}

fn marked(open: &str, text: &str, close: &str) -> String {
    if text.trim().is_empty() { text.to_owned() } else { format!("{open}{text}{close}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_line_is_shown_with_what_differs() {
        let said = |place: &str, text: &str| Candidate { place: place.into(), text: text.into() };
        let all = [said("D-1", "D-1 api\nErrors: 6 errors in 40 requests"), said("D-2", "D-2 frontend")];
        let detail = nearest("7 errors in 40 requests", &all);
        assert_eq!(detail[0], "nearest, in D-1:");
        assert_eq!(detail[1], "  expected  [-7-] errors in 40 requests");
        assert_eq!(detail[2], "  posted    {+Errors: 6+} errors in 40 requests");
        assert_eq!(nearest("anything", &[]), ["nothing was said there at all"]);
    }
}
