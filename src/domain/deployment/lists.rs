//! A deployment's checklists and how each item stands (DESIGN 4.4).

use crate::domain::ids::PersonId;
use crate::domain::policy::{Checklist, Phase};
use crate::domain::probe::Reading;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A checklist as it was when it was opened, with its items' marks. Items are numbered over all lists of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListState {
    pub id: String,
    pub title: String,
    pub phase: Phase,
    /// Title and how many items each section has, in order.
    pub sections: Vec<(String, usize)>,
    pub items: Vec<ItemState>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemState {
    pub no: u32,
    pub text: String,
    pub required: bool,
    pub probe: Option<String>,
    pub mark: ItemMark,
    /// What the automatic check read last.
    pub reading: Option<Reading>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mark")]
pub enum ItemMark {
    Open,
    Ticked { by: TickedBy, at: Timestamp },
    NotApplicable { by: PersonId, reason: String, at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "id")]
pub enum TickedBy {
    Person(PersonId),
    /// The item's automatic check.
    Check,
}

impl ItemState {
    /// Nothing more to do about it.
    #[must_use]
    pub fn settled(&self) -> bool {
        !matches!(self.mark, ItemMark::Open)
    }
}

impl ListState {
    /// A fresh list whose items are numbered from `first`.
    #[must_use]
    pub fn open(list: &Checklist, first: u32) -> Self {
        let mut no = first;
        let mut items = Vec::new();
        let mut sections = Vec::new();
        for section in &list.sections {
            sections.push((section.title.clone(), section.items.len()));
            for item in &section.items {
                items.push(ItemState {
                    no,
                    text: item.text.clone(),
                    required: item.required,
                    probe: item.probe.clone(),
                    mark: ItemMark::Open,
                    reading: None,
                });
                no += 1;
            }
        }
        Self { id: list.id.clone(), title: list.title.clone(), phase: list.phase, sections, items }
    }

    /// Sections with their items.
    pub fn by_section(&self) -> impl Iterator<Item = (&str, &[ItemState])> {
        let mut from = 0;
        self.sections.iter().map(move |(title, len)| {
            let items = self.items.get(from..from + len).unwrap_or_default();
            from += len;
            (title.as_str(), items)
        })
    }

    /// Marks one of its items; a number that is none of them changes nothing.
    pub fn mark(&mut self, no: u32, mark: &ItemMark) {
        if let Some(item) = self.items.iter_mut().find(|i| i.no == no) {
            item.mark = mark.clone();
        }
    }

    /// Required items that are still open.
    #[must_use]
    pub fn required_open(&self) -> usize {
        self.items.iter().filter(|i| i.required && !i.settled()).count()
    }
}
