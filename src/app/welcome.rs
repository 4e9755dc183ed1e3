//! The demo's first message: what this is and what to try, with buttons, so that nobody faces an empty page.
//!
//! It is an ordinary post of the console, made once per data folder, and named from the setup that runs. Its buttons are
//! commands like any other; nothing here knows what they do.

use crate::chat::Post;
use crate::demo::catalogue::VERSIONS;
use crate::domain::ids::EnvironmentName;
use crate::domain::message::{
    Action, Block, Button, ButtonStyle, Line, Mark, Message, Text, Tone, bold, code, person, plain,
};
use crate::domain::policy::{Environment, Person, Policy, Slot};

/// Where the first try goes, and where the second: the environment that has another before it.
fn places(policy: &Policy) -> Option<(&Environment, &Environment)> {
    let last = policy.environments.values().find(|e| e.after.is_some())?;
    let first = policy.environments.get(&last.after.as_ref()?.environment)?;
    Some((first, last))
}

/// The welcome, as the demo posts it.
pub(super) fn welcome(policy: &Policy) -> Post {
    let message = match (places(policy), VERSIONS) {
        (Some((first, last)), [_, good, bad, ..]) => guided(policy, first, last, good.name, bad.name),
        _ => plain_welcome(),
    };
    Post { key: "welcome".into(), channel: policy.channels.deployments.clone(), thread: None, only_for: None, message }
}

fn plain_welcome() -> Message {
    let title = vec![bold("Welcome to signalbox."), plain(" Type / to see what it can do.")];
    Message::new(Tone::Busy, title).button(button("All commands", ButtonStyle::Primary, "help", &[]))
}

fn guided(policy: &Policy, first: &Environment, last: &Environment, good: &str, bad: &str) -> Message {
    let title = vec![bold("Welcome to signalbox. Press the first button to begin.")];
    let about = "It deploys for real, to a small fleet on this machine. You act as the person at the bottom left; \
                 on a phone, behind the menu.";
    let mut keys = vec![bold("Turn two keys: "), plain(format!("{good} to {} wants ", last.name))];
    keys.extend(holders(policy, &last.keys));
    keys.push(plain(" and the checklist in its card's thread. While it bakes: Pause, Promote or Abort."));
    let steps: [Text; 5] = [
        vec![
            bold("Deploy "),
            plain(format!("{good} to {}, then act as somebody else and press Approve on its card.", first.name)),
        ],
        keys,
        vec![
            bold("Break it: "),
            plain(format!("{bad} fails one request in seven. Take it to {}, then to {}: ", first.name, last.name)),
            plain("its canary rolls it back by itself."),
        ],
        vec![
            bold("Ask first: "),
            code(format!("/deploy {good} to {} --dry-run", last.name)),
            plain(", "),
            code(format!("/when {good} to {}", last.name)),
            plain(", "),
            code("/why D-1"),
        ],
        vec![
            bold("Move the clock "),
            plain("past closing time, ask and approve: it runs by itself when the window opens."),
        ],
    ];
    let lines = steps.into_iter().map(|text| Line { mark: Mark::Bullet, text });
    let deploy = |style, version: &str, to: &EnvironmentName| {
        let args = [("version", version), ("environment", to.as_str())];
        button(&format!("{version} to {to}"), style, "deploy", &args)
    };
    Message::new(Tone::Busy, title)
        .text(vec![plain(about)])
        .block(Block::List(lines.collect()))
        .button(deploy(ButtonStyle::Primary, good, &first.name))
        .button(deploy(ButtonStyle::Plain, good, &last.name))
        .button(deploy(ButtonStyle::Plain, bad, &first.name))
        .button(deploy(ButtonStyle::Plain, bad, &last.name))
        .button(button("Windows", ButtonStyle::Plain, "window", &[]))
        .button(button("All commands", ButtonStyle::Plain, "help", &[]))
}

/// `Khalid Nasser (Tech Lead), Yusuf Rahman (Product Manager)`; people whom fewest slots want come first.
fn holders(policy: &Policy, slots: &[Slot]) -> Text {
    let mut out = Vec::new();
    for slot in slots.iter().filter(|s| !s.optional) {
        let fits = |p: &&Person| slots.iter().filter(|s| !s.roles.is_disjoint(&p.roles)).count();
        let Some(who) = policy.holders(&slot.roles).min_by_key(fits) else { continue };
        if !out.is_empty() {
            out.push(plain(", "));
        }
        out.push(person(&who.id));
        out.push(plain(format!(" ({})", policy.titles(&slot.roles))));
    }
    if out.is_empty() { vec![plain("no key")] } else { out }
}

fn button(label: &str, style: ButtonStyle, command: &str, args: &[(&str, &str)]) -> Button {
    Button { label: label.into(), style, action: Action::new(command, args), confirm: None, form: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Catalogue, Vocabulary, from_action};
    use crate::config::load_embedded;
    use std::collections::BTreeMap;

    #[test]
    fn every_button_of_the_welcome_is_a_command_that_reads() {
        let policy = load_embedded().policy;
        let (catalogue, vocabulary) = (Catalogue::embedded().unwrap(), Vocabulary::of(&policy));
        let message = welcome(&policy).message;
        assert!(message.buttons.len() >= 5);
        for b in &message.buttons {
            assert!(from_action(&catalogue, &vocabulary, &b.action, &BTreeMap::new()).is_ok(), "{}", b.label);
        }
    }
}
