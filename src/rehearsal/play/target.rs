//! Finds the message somebody points at, and the button on it.

use super::{Played, Player, Trouble};
use crate::chat::text::{clean, render};
use crate::domain::message::{Button, Message};
use crate::rehearsal::script::{Pattern, Target, Thing};
use crate::rehearsal::world::{Said, Talk};
use std::collections::BTreeMap;

impl Player<'_> {
    pub fn card(&self, id: Thing) -> Option<Said> {
        self.world.chat().keyed(&format!("card:{id}"))
    }

    /// What stands in the thread of a card, and in the channel that an incident has instead.
    pub fn below(&self, id: Thing) -> Vec<Said> {
        let chat = self.world.chat();
        let mut all = self.card(id).map(|card| chat.thread(&card.id)).unwrap_or_default();
        all.extend(chat.room(&id.to_string()).map(|room| chat.channel(room.name.as_str())).unwrap_or_default());
        all
    }

    /// The message meant, as its reader sees it.
    pub fn target(&self, on: &Target) -> Played<(String, Message)> {
        let found = match on {
            Target::Card(id) | Target::OldCard(id) => self.card(*id),
            Target::Text { text, thread_of } => {
                let mut all = match thread_of {
                    Some(id) => self.below(*id),
                    None => self.world.chat().said(),
                };
                all.reverse();
                // What somebody else was told alone is not there for them.
                let sees = |s: &Said| s.only_for.as_ref().is_none_or(|p| p.as_str() == self.actor);
                all.into_iter().find(|s| sees(s) && text.fits(&render(&s.message(), self.reader)))
            }
        };
        let what = match on {
            Target::Card(id) | Target::OldCard(id) => format!("there is no card of {id}"),
            Target::Text { text, .. } => format!("no message says \"{}\"", text.text),
        };
        let said = found.ok_or_else(|| Trouble::fatal(what))?;
        let message = match on {
            Target::OldCard(_) => said.versions.first().map(|(_, m)| m.clone()).unwrap_or_default(),
            _ => said.message(),
        };
        Ok((said.id, message))
    }

    /// What somebody said, by words of it; the newest.
    pub fn talk(&self, text: &Pattern) -> Option<Talk> {
        self.world.chat().talk().into_iter().rfind(|talk| text.fits(&talk.text))
    }

    /// The message a reaction goes on: what people said is found before what signalbox did.
    pub fn reacted_to(&self, on: &Target) -> Played<String> {
        let talk = match on {
            Target::Text { text, thread_of: None } => self.talk(text),
            _ => None,
        };
        talk.map_or_else(|| Ok(self.target(on)?.0), |talk| Ok(talk.id))
    }

    /// The wire form of a button, when its form takes these fields.
    pub fn button(&self, label: &str, on: &Target, fields: &BTreeMap<String, String>) -> Played<(String, String)> {
        let (id, message) = self.target(on)?;
        let Some(button) = find(&message, label) else {
            let labels: Vec<_> = message.buttons.iter().map(|b| b.label.as_str()).collect();
            let there =
                if labels.is_empty() { "there is none".into() } else { format!("there are {}", labels.join(", ")) };
            return Err(Trouble::fatal(format!("there is no button {label} on it; {there}")));
        };
        let wanted = button.form.iter().flat_map(|f| &f.fields);
        if let Some(missing) = wanted.clone().find(|f| f.required && !fields.contains_key(&f.name)) {
            let name = &missing.name;
            return Err(Trouble::fatal(format!("{label} opens a form that asks for {name}: add `with {name} \"…\"`")));
        }
        let names: Vec<&str> = wanted.map(|f| f.name.as_str()).collect();
        if let Some(extra) = fields.keys().find(|k| !names.contains(&k.as_str())) {
            return Err(Trouble::fatal(format!("the form of {label} has no field {extra}")));
        }
        Ok((id, button.action.encode()))
    }
}

pub(super) fn find<'m>(message: &'m Message, label: &str) -> Option<&'m Button> {
    message.buttons.iter().find(|b| clean(&b.label).eq_ignore_ascii_case(label))
}
