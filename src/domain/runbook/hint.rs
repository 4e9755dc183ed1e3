//! Which runbooks are worth a look for an incident, by what was said when it was declared.
//!
//! Nobody has asked, so a wrong one costs more than none: words are taken as they are, and words that every incident has say
//! nothing. Deliberately absent: slips of the keyboard, which are for those who look for something, see [`super::find`].

use super::find::{EMPTY, said, tokens};
use super::{Piece, Runbook};
use crate::domain::ids::ServiceName;
use std::collections::{BTreeMap, BTreeSet};

/// Runbooks that are named at most.
pub const HINTS: usize = 3;

/// What a word is worth where it stands: in the name or the title, among the keywords, in the symptoms.
const NAME: u32 = 12;
const KEYWORD: u32 = 10;
const SYMPTOM: u32 = 4;
/// A runbook that names the service goes before one that is for all.
const SERVICE: u32 = 2;
/// One word of a title or a keyword in another form, or two of the symptoms.
const ENOUGH: u32 = 7;
/// Words of incidents that tell none apart.
const COMMON: [&str; 36] = [
    "all",
    "after",
    "any",
    "back",
    "before",
    "cannot",
    "deployment",
    "down",
    "error",
    "errors",
    "fail",
    "failed",
    "fails",
    "failing",
    "from",
    "high",
    "incident",
    "just",
    "low",
    "many",
    "more",
    "not",
    "nothing",
    "out",
    "people",
    "production",
    "some",
    "staging",
    "start",
    "test",
    "time",
    "times",
    "than",
    "users",
    "work",
    "works",
];
/// Endings that leave a word what it is.
const ENDINGS: [&str; 7] = ["s", "es", "d", "ed", "ing", "er", "ly"];

/// The names of those that fit, the best first.
#[must_use]
pub fn hints(books: &BTreeMap<String, Runbook>, title: &str, service: Option<&ServiceName>) -> Vec<String> {
    let own: BTreeSet<String> =
        service.iter().flat_map(|s| tokens(&s.as_str().to_lowercase()).collect::<Vec<_>>()).collect();
    let wanted: BTreeSet<String> =
        tokens(&title.to_lowercase()).filter(|word| tells(word) && !own.contains(word)).collect();
    let fits = |book: &&Runbook| service.is_none_or(|s| book.services.is_empty() || book.services.contains(s));
    let mut scored: Vec<(u32, &str)> = books
        .values()
        .filter(fits)
        .map(|book| (score(book, &wanted), book))
        .filter(|(score, _)| *score >= ENOUGH)
        .map(|(score, book)| {
            let named = service.is_some_and(|s| book.services.contains(s));
            (score + if named { SERVICE } else { 0 }, book.name.as_str())
        })
        .collect();
    scored.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.cmp(y)));
    let least = scored.first().map_or(0, |(best, _)| best / 2);
    scored.into_iter().filter(|(score, _)| *score > least).take(HINTS).map(|(_, name)| name.to_owned()).collect()
}

fn tells(word: &str) -> bool {
    word.chars().count() >= 3 && !EMPTY.contains(&word) && !COMMON.contains(&word)
}

/// What each of the words is worth at its best place, together.
fn score(book: &Runbook, wanted: &BTreeSet<String>) -> u32 {
    let mut worth: BTreeMap<&str, u32> = BTreeMap::new();
    let mut look = |text: &str, value: u32| {
        for known in tokens(&text.to_lowercase()) {
            for word in wanted {
                let found = if *word == known {
                    value
                } else if same(word, &known) {
                    value * 3 / 4
                } else {
                    continue;
                };
                let best = worth.entry(word).or_default();
                *best = (*best).max(found);
            }
        }
    };
    look(&book.name, NAME);
    look(&book.title, NAME);
    // Of a keyword of several words each is a part.
    for keyword in &book.keywords {
        let parts = u32::try_from(tokens(keyword).count().max(1)).unwrap_or(1);
        look(keyword, KEYWORD / parts);
    }
    for part in book.parts.iter().filter(|p| p.title.to_lowercase().contains("symptom")) {
        for piece in &part.pieces {
            if let Piece::Shown(block) = piece {
                said(block, &mut |text| look(text, SYMPTOM));
            }
        }
    }
    worth.values().sum()
}

/// One is the other with an ending.
fn same(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    short.chars().count() >= 3 && long.strip_prefix(short).is_some_and(|rest| ENDINGS.contains(&rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_embedded;

    fn named(title: &str, service: Option<&str>) -> Vec<String> {
        hints(&load_embedded().policy.runbooks, title, service.map(ServiceName::new).as_ref())
    }

    #[test]
    fn what_was_said_finds_the_runbooks_that_are_about_it() {
        assert_eq!(named("checkout is slow", None), ["high-response-time"]);
        assert_eq!(named("the api leaks memory", Some("api")).first().map(String::as_str), Some("memory"));
        assert_eq!(named("migration hangs on a lock", None).first().map(String::as_str), Some("migration-timeout"));
        assert_eq!(named("customers get 429", Some("api")), ["rate-limit"]);
    }

    #[test]
    fn words_that_every_incident_has_find_nothing() {
        for title in ["the API is down", "logins fail", "api is rolled back in production", "", "it is not up", "P1"] {
            assert_eq!(named(title, Some("api")), Vec::<String>::new(), "{title}");
        }
    }

    #[test]
    fn a_runbook_of_another_service_is_not_meant() {
        assert!(named("customers are throttled", Some("api")).contains(&"rate-limit".to_owned()));
        assert_eq!(named("customers are throttled", Some("frontend")), Vec::<String>::new());
    }

    #[test]
    fn no_more_than_a_few_are_named() {
        let all = named("slow pool, throttled, oom leak, stuck migration lock, redis stale, credentials denied", None);
        assert_eq!(all.len(), HINTS, "{all:?}");
    }
}
