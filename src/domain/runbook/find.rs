//! Which runbooks are meant by some words: by name, title, keywords, headings and symptoms, slips of the keyboard forgiven.

use super::{Piece, Runbook};
use crate::domain::message::{self, Block, Text};
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    Nothing,
    /// One fits, alone or by far the best.
    One(&'a Runbook),
    /// The best first.
    Several(Vec<&'a Runbook>),
}

/// What a word is worth where it stands. The file and its title say best what a runbook is for.
const NAME: u32 = 12;
const KEYWORD: u32 = 10;
const HEADING: u32 = 3;
const SYMPTOM: u32 = 4;
const TEXT: u32 = 1;
/// Words that say nothing about what is wrong.
pub(super) const EMPTY: [&str; 22] = [
    "the", "a", "an", "is", "are", "of", "to", "in", "on", "for", "and", "or", "with", "my", "our", "what", "how",
    "do", "we", "it", "runbook", "too",
];

/// The runbooks that `words` mean.
#[must_use]
pub fn find<'a>(books: &'a BTreeMap<String, Runbook>, asked: &str) -> Found<'a> {
    let asked = asked.trim().to_lowercase();
    let exactly = |book: &&Runbook| book.name == asked || book.title.to_lowercase() == asked;
    if let Some(book) = books.values().find(exactly) {
        return Found::One(book);
    }
    let wanted: Vec<String> = tokens(&asked).filter(|w| !EMPTY.contains(&w.as_str())).collect();
    let mut scored: Vec<(u32, &Runbook)> =
        books.values().map(|book| (score(book, &wanted), book)).filter(|(score, _)| *score > 0).collect();
    // The best first; those that are as good in the order of their names.
    scored.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.name.cmp(&y.name)));
    match scored.as_slice() {
        [] => Found::Nothing,
        [(_, only)] => Found::One(only),
        [(best, book), (second, _), ..] if *best >= KEYWORD && *best >= second.saturating_mul(2) => Found::One(book),
        all => {
            let least = all.first().map_or(0, |(best, _)| best / 3);
            Found::Several(all.iter().filter(|(score, _)| *score > least).map(|(_, book)| *book).collect())
        }
    }
}

/// How well a runbook fits: what each word is worth at its best place, the less the fewer of them are there.
fn score(book: &Runbook, wanted: &[String]) -> u32 {
    let known = index(book);
    let worth = |word: &String| known.iter().map(|(there, worth)| worth * alike(word, there) / 4).max().unwrap_or(0);
    let each: Vec<u32> = wanted.iter().map(worth).collect();
    let (sum, hits) = (each.iter().sum::<u32>(), each.iter().filter(|w| **w > 0).count());
    u32::try_from(hits).map_or(0, |hits| sum * hits / u32::try_from(wanted.len().max(1)).unwrap_or(1))
}

/// Every word of a runbook with the most that it is worth.
fn index(book: &Runbook) -> BTreeMap<String, u32> {
    let mut out: BTreeMap<String, u32> = BTreeMap::new();
    let mut add = |text: &str, worth: u32| {
        for word in tokens(&text.to_lowercase()) {
            let there = out.entry(word).or_default();
            *there = (*there).max(worth);
        }
    };
    add(&book.name, NAME);
    add(&book.title, NAME);
    book.keywords.iter().for_each(|word| add(word, KEYWORD));
    book.commands.iter().for_each(|c| add(&c.title, HEADING));
    for part in &book.parts {
        add(&part.title, HEADING);
        let worth = if part.title.to_lowercase().contains("symptom") { SYMPTOM } else { TEXT };
        for piece in &part.pieces {
            if let Piece::Shown(block) = piece {
                said(block, &mut |text| add(text, worth));
            }
        }
    }
    out.retain(|word, _| !EMPTY.contains(&word.as_str()));
    out
}

/// The words of a block that people look for; commands are not among them.
pub(super) fn said(block: &Block, add: &mut dyn FnMut(&str)) {
    let mut text = |text: &Text| {
        for piece in text {
            if let message::Piece::Plain(words) | message::Piece::Bold(words) | message::Piece::Code(words) = piece {
                add(words);
            }
        }
    };
    match block {
        Block::Text(t) | Block::Context(t) | Block::Quote(t) => text(t),
        Block::List(lines) => lines.iter().for_each(|line| text(&line.text)),
        _ => {}
    }
}

pub(super) fn tokens(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned)
}

/// How much two words are alike, in quarters: 4 the same, 3 one begins the other, 2 a slip, 0 strangers.
fn alike(word: &str, known: &str) -> u32 {
    if word == known {
        return 4;
    }
    let (length, theirs) = (word.chars().count(), known.chars().count());
    // `leak` for `leaks` and the other way round, but not `time` for `timeout`.
    if length >= 3 && (known.starts_with(word) || (theirs + 2 >= length && word.starts_with(known))) {
        return 3;
    }
    let slips = match length {
        0..=3 => return 0,
        4..=6 => 1,
        _ => 2,
    };
    // Two letters that changed places are one slip. Words of quite different lengths are none.
    let near = length.abs_diff(theirs) <= slips && strsim::damerau_levenshtein(word, known) <= slips;
    if near { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;
    use crate::domain::message::plain;
    use crate::domain::policy::Source;

    fn book(name: &str, title: &str, keywords: &[&str], symptoms: &str) -> (String, Runbook) {
        let pieces = vec![Piece::Shown(Block::Text(vec![plain(symptoms)]))];
        let book = Runbook {
            name: name.into(),
            title: title.into(),
            keywords: keywords.iter().map(|k| (*k).to_owned()).collect(),
            services: Default::default(),
            parts: vec![Part { title: "Symptoms".into(), pieces }],
            commands: Vec::new(),
            source: Source::default(),
        };
        (name.to_owned(), book)
    }

    fn books() -> BTreeMap<String, Runbook> {
        BTreeMap::from([
            book("memory", "Memory leak or out of memory", &["oom", "leak"], "Instances are killed and start again."),
            book("latency", "High response time", &["slow", "p95"], "Pages take seconds; timeouts rise."),
            book("deployment-timeout", "Deployment timeout", &["stuck"], "A deployment does not end."),
            book("migration-timeout", "Migration timeout", &["alembic"], "A migration does not end."),
        ])
    }

    fn names(asked: &str) -> Vec<String> {
        match find(&books(), asked) {
            Found::Nothing => Vec::new(),
            Found::One(book) => vec![format!("={}", book.name)],
            Found::Several(all) => all.iter().map(|b| b.name.clone()).collect(),
        }
    }

    #[test]
    fn names_titles_keywords_and_symptoms_are_found_with_slips() {
        for asked in
            ["memory", "MEMORY", "Memory leak or out of memory", "memroy", "memor", "oom", "the leak", "killed"]
        {
            assert_eq!(names(asked), ["=memory"], "{asked}");
        }
        assert_eq!(names("slow pages"), ["=latency"]);
        assert_eq!(names("respnse time"), ["=latency"]);
        assert_eq!(names("elephant"), Vec::<String>::new());
        assert_eq!(names("the of"), Vec::<String>::new());
        assert_eq!(names(""), Vec::<String>::new());
    }

    #[test]
    fn several_that_fit_are_all_named_the_best_first() {
        assert_eq!(names("timeout"), ["deployment-timeout", "migration-timeout"]);
        assert_eq!(names("migration timeout"), ["=migration-timeout"]);
        assert_eq!(names("timeout of a deployment").first().map(String::as_str), Some("=deployment-timeout"));
    }
}
