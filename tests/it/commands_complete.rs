//! Completion leads on from every beginning of every example, and offers nothing that the parser then refuses.

use super::commands_parse::vocabulary;
use proptest::prelude::*;
use signalbox::command::{Catalogue, Kind, Suggestion, complete, read};
use signalbox::limits::SUGGESTIONS;

fn extra(kind: Kind) -> Vec<(String, String)> {
    let told = |words: &[&str]| words.iter().map(|w| ((*w).to_owned(), String::new())).collect();
    match kind {
        Kind::Version => told(&["v1.2.0", "v1.2.1", "v1.3.0"]),
        Kind::Deployment => told(&["D-41", "D-42"]),
        Kind::Incident => told(&["INC-7"]),
        _ => Vec::new(),
    }
}

fn offers(text: &str) -> Vec<Suggestion> {
    complete(&Catalogue::embedded().unwrap(), &vocabulary(), text, &extra)
}

fn labels(text: &str) -> Vec<String> {
    offers(text).into_iter().map(|s| s.label).collect()
}

#[test]
fn every_beginning_of_every_example_leads_on() {
    let catalogue = Catalogue::embedded().unwrap();
    for example in catalogue.entries().iter().flat_map(|e| &e.examples) {
        for (cut, _) in example.char_indices() {
            let typed = &example[..cut];
            let offers = offers(typed);
            let leads = |s: &Suggestion| {
                let hint = s.insert == typed;
                hint || (example.starts_with(s.insert.trim_end())
                    && s.insert.trim_end().len() >= typed.trim_end().len())
            };
            // There are more commands than one list shows; the next letter tells them apart.
            let full = typed.len() < 2 && offers.len() == signalbox::limits::SUGGESTIONS;
            assert!(full || offers.iter().any(leads), "{typed:?} of {example:?}: {offers:#?}");
        }
    }
}

#[test]
fn the_next_word_is_offered() {
    assert_eq!(labels("")[..3], ["/deploy", "/cancel", "/approve"]);
    assert_eq!(labels("/dep"), ["/deploy"]);
    assert_eq!(labels("/deploy"), ["/deploy", "/deploy status", "/deploy history"]);
    assert_eq!(labels("/depoly"), ["/deploy"]);
    assert_eq!(labels("/checklist t"), ["tick"]);
    assert_eq!(labels("/quarantine "), ["list", "release"]);
    assert_eq!(labels("/deploy api v1.2"), ["v1.2.0", "v1.2.1"]);
    assert_eq!(labels("/deploy api v1.2.0 "), ["to development", "to production", "to staging"]);
    assert_eq!(labels("/deploy api v1.2.0 prod"), ["production"]);
    assert_eq!(labels("/deploy api v1.2.0 to p"), ["production"]);
    assert_eq!(labels("/deploy api v1.2.0 in p"), ["production"]);
    assert_eq!(labels("/deploy api v1.2.0 to production "), ["--dry-run", "--hotfix", "--skip-ci", "--strategy"]);
    assert_eq!(labels("/deploy api v1.2.0 to production --dry-run --s"), ["--skip-ci", "--strategy"]);
    assert_eq!(labels("/deploy v1.2.0 to production --strategy "), ["all-at-once", "canary"]);
    assert_eq!(labels("/deploy v1.2.0 to production --strategy=c"), ["--strategy=canary"]);
    assert_eq!(labels("/deploy v1.2.0 to production --hotfix \"it is"), ["HOTFIX"]);
    assert_eq!(labels("/approve "), ["D-41", "D-42"]);
    assert_eq!(labels("/approve D-42 "), [""; 0]);
    assert_eq!(labels("/reject D-42 "), ["REASON"]);
    assert_eq!(labels("/lock production for 2"), ["2h", "REASON"].split_at(1).0);
    assert_eq!(labels("/rollback D-42 e"), ["emergency", "REASON"]);
    assert_eq!(labels("/help quarantine "), ["list", "release"]);
    assert_eq!(labels("/nonsense here "), [""; 0]);
}

#[test]
fn choosing_replaces_the_whole_line() {
    let [only] = &offers("/DEPLOY  API v1.2.0 to prod")[..] else { panic!("one was expected") };
    assert_eq!(only.insert, "/DEPLOY  API v1.2.0 to production ");
    let hint = &offers("/abort D-42 no log")[0];
    assert_eq!((hint.insert.as_str(), hint.label.as_str()), ("/abort D-42 no log", "REASON"));
}

#[test]
fn the_list_is_bounded() {
    let many = |kind| match kind {
        Kind::Version => (0..=SUGGESTIONS).map(|n| (format!("v{n}"), String::new())).collect(),
        _ => Vec::new(),
    };
    let all = complete(&Catalogue::embedded().unwrap(), &vocabulary(), "/deploy v", &many);
    assert_eq!(all.len(), SUGGESTIONS);
}

proptest! {
    /// Taking suggestions blindly, with a word where only a hint is given, ends in a line that is a command.
    #[test]
    fn whatever_is_chosen_is_read(picks in proptest::collection::vec(0..100_usize, 12)) {
        let catalogue = Catalogue::embedded().unwrap();
        let mut line = String::new();
        for pick in picks {
            if !line.is_empty() && read(&catalogue, &vocabulary(), &line).is_ok() {
                return Ok(());
            }
            let offers = offers(&line);
            prop_assert!(!offers.is_empty(), "nothing after {line:?}: {:?}", read(&catalogue, &vocabulary(), &line));
            let chosen = &offers[pick % offers.len()];
            let counts = ["ITEMS", "ITEM", "ACTION", "LIMIT", "NUMBER"].contains(&chosen.label.as_str());
            line = if chosen.insert == line {
                format!("{line}{} ", if counts { "3" } else { "words" })
            } else {
                chosen.insert.clone()
            };
        }
        prop_assert!(read(&catalogue, &vocabulary(), &line).is_ok(), "{line:?}");
    }

    #[test]
    fn any_text_is_completed_without_trouble(text in any::<String>(), tail in r#"[a-zD0-9"'“ =—-]{0,20}"#) {
        offers(&text);
        offers(&format!("/deploy {tail}"));
        offers(&format!("/lock production {tail}"));
    }
}
