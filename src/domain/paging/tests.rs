//! A page goes from way to way, and never on once somebody has it.

use super::*;
use crate::domain::time::after;

fn at(seconds: i64) -> Now {
    Now::at(after("2026-01-05T00:10:00Z".parse().unwrap(), Span::secs(seconds)))
}

fn tried(via: Via, place: &str, places: usize) -> Try {
    Try { episode: 1, page: 0, via, place: place.into(), places }
}

fn failed() -> Came {
    Came::Failed { why: "no answer".into(), perhaps: false }
}

#[test]
fn the_next_way_begins_when_one_has_failed() {
    let mut page = Page::new("lina".into(), "L1", "", &[vec![Via::Email], vec![Via::Ntfy]], at(0));
    assert_eq!(page.asked().map(|a| a.via).collect::<Vec<_>>(), [Via::Email]);
    page.came(&tried(Via::Email, "email", 1), &failed(), at(9));
    assert_eq!(page.asked().map(|a| a.via).collect::<Vec<_>>(), [Via::Ntfy]);
    page.came(&tried(Via::Ntfy, "ntfy", 1), &Came::Delivered { repeat: false }, at(10));
    assert_eq!(page.by(Via::Ntfy).and_then(|a| a.delivered), Some(Span::secs(1)), "counted from the way's own begin");
    assert!(!page.lost() && page.asked().next().is_none());
}

#[test]
fn a_page_without_a_way_left_is_lost() {
    let mut page = Page::new("lina".into(), "L1", "", &[vec![Via::Email]], at(0));
    page.came(&tried(Via::Email, "email", 1), &failed(), at(9));
    assert!(page.lost());
    assert!(!page.is_news(&tried(Via::Email, "email", 1), &failed()), "that is known");
}

#[test]
fn chat_has_failed_when_every_platform_has() {
    let mut page = Page::new("lina".into(), "L1", "", &[vec![Via::Chat]], at(0));
    page.came(&tried(Via::Chat, "slack", 2), &failed(), at(1));
    assert!(!page.lost() && page.wants(Via::Chat));
    page.came(&tried(Via::Chat, "discord", 2), &Came::Delivered { repeat: false }, at(2));
    assert!(!page.lost() && page.taken());
    assert!(page.wants(Via::Chat), "a third platform would still tell them");
}

#[test]
fn ways_of_one_step_are_tried_at_once_and_the_next_step_waits_for_all_of_them() {
    let ways = [vec![Via::Chat, Via::Email], vec![Via::Ntfy]];
    let mut page = Page::new("lina".into(), "L1", "", &ways, at(0));
    assert_eq!(page.asked().count(), 2);
    page.came(&tried(Via::Email, "email", 1), &failed(), at(1));
    assert_eq!(page.asked().map(|a| a.via).collect::<Vec<_>>(), [Via::Chat], "that one may still arrive");
    page.came(&tried(Via::Chat, "console", 1), &failed(), at(2));
    assert_eq!(page.asked().map(|a| a.via).collect::<Vec<_>>(), [Via::Ntfy]);
    assert!(!page.lost());
}

#[test]
fn a_way_that_comes_back_when_nothing_else_was_left_still_delivers() {
    let mut page = Page::new("lina".into(), "L1", "", &[vec![Via::Chat]], at(0));
    page.came(&tried(Via::Chat, "slack", 1), &failed(), at(100));
    assert!(page.lost() && page.wants(Via::Chat));
    page.came(&tried(Via::Chat, "slack", 1), &Came::Delivered { repeat: false }, at(600));
    assert!(!page.lost() && page.taken());
}

#[test]
fn nothing_is_begun_once_it_is_settled() {
    let mut page = Page::new("lina".into(), "L1", "", &[vec![Via::Email], vec![Via::Chat]], at(0));
    page.settled = true;
    assert!(page.asked().next().is_none() && !page.wants(Via::Email));
    page.came(&tried(Via::Email, "email", 1), &failed(), at(9));
    assert_eq!(page.attempts.len(), 1);
}

#[test]
fn everybody_on_such_a_level_is_missing_until_they_acknowledge() {
    let page = |person: &str, all| Page { all, ..Page::new(person.into(), "L1", "", &[vec![Via::Chat]], at(0)) };
    let mut pages = vec![page("lina", true), page("omar", true), page("sara", false)];
    assert_eq!(missing(&pages).len(), 2);
    pages[0].acked = Some(at(5).wall);
    assert_eq!(missing(&pages).into_iter().collect::<Vec<_>>(), [&PersonId::new("omar")]);
}

#[test]
fn ways_are_read_by_both_of_their_names() {
    assert_eq!(Via::parse("E-Mail"), Some(Via::Email));
    assert_eq!(Via::parse("push"), Some(Via::Ntfy));
    assert_eq!(Via::parse("pigeon"), None);
}
