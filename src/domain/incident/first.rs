//! What is asked first in an incident, and what often helps: a checklist like any other, ticked by whoever answers it.
//!
//! Nothing waits for it. It is as config had it when the incident became urgent, and outlives a new beginning with its ticks.

use crate::domain::deployment::{ItemMark, ListState};
use crate::domain::policy::{Checklist, Item, Phase, Section, Source};
use crate::domain::response::Response;

/// The list of an incident that has become urgent; none when config has no lines for it.
#[must_use]
pub fn first_list(response: &Response) -> Option<ListState> {
    let item = |text: &String| Item { text: text.clone(), required: true, probe: None, source: Source::default() };
    let sections: Vec<Section> = [("First questions", &response.questions), ("Quick wins", &response.quick_wins)]
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(title, lines)| Section { title: title.into(), items: lines.iter().map(item).collect() })
        .collect();
    let title = match sections.as_slice() {
        [] => return None,
        [only] => only.title.clone(),
        _ => "First questions and quick wins".to_owned(),
    };
    let list = Checklist {
        id: "first".into(),
        title,
        phase: Phase::During,
        services: Default::default(),
        environments: Default::default(),
        sections,
        source: Source::default(),
    };
    Some(ListState::open(&list, 1))
}

impl super::Incident {
    /// Marks items of its list; a number that is none of them changes nothing.
    pub(super) fn mark_items(&mut self, items: &[u32], mark: &ItemMark) {
        let list = self.first.iter_mut();
        list.for_each(|list| items.iter().for_each(|no| list.mark(*no, mark)));
    }

    /// How many items of its list are settled, and how many it has.
    #[must_use]
    pub fn first_done(&self) -> Option<(usize, usize)> {
        let list = self.first.as_ref()?;
        Some((list.items.iter().filter(|i| i.settled()).count(), list.items.len()))
    }

    /// What an item of its list says.
    #[must_use]
    pub fn first_item(&self, no: u32) -> Option<&str> {
        self.first.as_ref()?.items.iter().find(|i| i.no == no).map(|i| i.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_quick_wins_are_sections_of_one_list_numbered_through() {
        let lines = |all: &[&str]| all.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        let both = Response {
            questions: lines(&["Since when?", "For whom?"]),
            quick_wins: lines(&["Scale up"]),
            ..Response::default()
        };
        let list = first_list(&both).unwrap();
        let sections: Vec<_> =
            list.by_section().map(|(title, items)| (title, items.iter().map(|i| i.no).collect::<Vec<_>>())).collect();
        assert_eq!(sections, [("First questions", vec![1, 2]), ("Quick wins", vec![3])]);
        assert_eq!(list.title, "First questions and quick wins");
        let wins = first_list(&Response { questions: Vec::new(), ..both }).unwrap();
        assert_eq!((wins.title.as_str(), wins.items.len()), ("Quick wins", 1));
        assert_eq!(first_list(&Response::default()), None);
    }
}
