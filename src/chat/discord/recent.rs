//! What was posted lately: the key that an edit must keep in a message, and what its thread would be called.
//!
//! A message needs its key only until its id is stored: the engine edits what it has just found by key in the same breath, and asks
//! for a stored message by its id ever after. So a bounded memory is enough.

use crate::limits;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub key: Option<String>,
    pub title: Option<String>,
}

/// By message id; the oldest are forgotten.
#[derive(Default)]
pub struct Recent(Mutex<(BTreeMap<String, Known>, VecDeque<String>)>);

impl Recent {
    /// Adds what is known; what was known and is not said again stays.
    pub fn keep(&self, id: &str, known: Known) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (by_id, order) = &mut *inner;
        if let Some(old) = by_id.get_mut(id) {
            old.key = known.key.or(old.key.take());
            old.title = known.title.or(old.title.take());
            return;
        }
        by_id.insert(id.to_owned(), known);
        order.push_back(id.to_owned());
        if order.len() > limits::DISCORD_RECENT
            && let Some(oldest) = order.pop_front()
        {
            by_id.remove(&oldest);
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.len()
    }

    #[must_use]
    pub fn get(&self, id: &str) -> Known {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.get(id).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_a_key_is_not_lost_by_an_edit() {
        let recent = Recent::default();
        let known = |key: Option<&str>, title: &str| Known { key: key.map(Into::into), title: Some(title.into()) };
        recent.keep("0", known(Some("card:D-1"), "one"));
        recent.keep("0", known(None, "two"));
        assert_eq!(recent.get("0"), known(Some("card:D-1"), "two"));
        for n in 1..limits::DISCORD_RECENT {
            recent.keep(&n.to_string(), Known::default());
        }
        assert_ne!(recent.get("0"), Known::default());
        recent.keep("last", Known::default());
        assert_eq!(recent.get("0"), Known::default());
    }
}
