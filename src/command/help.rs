//! `/help`: the list of commands, and one command explained.

use super::catalogue::{Arg, Catalogue, Entry, How, Risk, Who};
use super::error::{CommandError, Problem};
use super::markdown;
use super::near::near;
use crate::domain::message::{Block, Line, Mark, Message, Tone, bold, code, plain};
use crate::domain::policy::Person;

/// What `/help` answers. `who` is absent for people whom config does not know.
///
/// Whether somebody may act in one environment is the policy's to say; here it only orders the list.
#[must_use]
pub fn help(catalogue: &Catalogue, who: Option<&Person>, topic: Option<&str>) -> Message {
    let Some(topic) = topic.map(|t| t.trim().trim_start_matches('/').to_lowercase()).filter(|t| !t.is_empty()) else {
        return list(catalogue, who);
    };
    let topic = topic.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(entry) = catalogue.get(&topic) {
        return one(catalogue, entry);
    }
    let below: Vec<&Entry> = catalogue.subcommands(&topic).collect();
    if !below.is_empty() {
        return Message::new(Tone::Neutral, vec![code(format!("/{topic}")), plain(" needs one more word.")])
            .block(Block::List(below.into_iter().map(line).collect()));
    }
    let close = near(&topic, catalogue.entries().iter().map(|e| e.name.as_str()));
    CommandError::from(Problem::UnknownCommand { word: topic, near: close }).message()
}

/// What is worth showing first to this person.
#[must_use]
fn may(entry: &Entry, who: Option<&Person>) -> bool {
    match entry.who {
        Who::Anyone => true,
        Who::Known => who.is_some(),
        Who::Operators | Who::Holders => who.is_some_and(|p| !p.roles.is_empty()),
    }
}

fn list(catalogue: &Catalogue, who: Option<&Person>) -> Message {
    let mut message = Message::line(Tone::Neutral, "What you can type");
    for group in catalogue.groups() {
        let mine = catalogue.entries().iter().filter(|e| e.group == group && may(e, who));
        let lines: Vec<Line> = mine.map(line).collect();
        if !lines.is_empty() {
            message = message.text(vec![bold(group)]).block(Block::List(lines));
        }
    }
    let others: Vec<Line> = catalogue.entries().iter().filter(|e| !may(e, who)).map(line).collect();
    if !others.is_empty() {
        let heading = if who.is_some() { "These need a role" } else { "These are for people whom signalbox knows" };
        message = message.text(vec![bold(heading)]).block(Block::List(others));
    }
    if who.is_none() {
        let ask = "I do not know you yet. Ask whoever keeps the configuration to add you to it.";
        message = message.context(vec![plain(ask)]);
    }
    let example = if who.is_some() { "/help deploy" } else { "/help deploy status" };
    message.context(vec![code(example), plain(" explains one command.")])
}

fn line(entry: &Entry) -> Line {
    let text = vec![code(format!("/{}", entry.name)), plain(format!(" {}", lower(&entry.summary)))];
    Line { mark: Mark::Bullet, text }
}

/// `Ask for …` behind a command reads as `ask for …`.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

fn one(catalogue: &Catalogue, entry: &Entry) -> Message {
    let title = vec![code(format!("/{}", entry.name)), plain(format!(" {}", lower(&entry.summary)))];
    let mut message = Message::new(Tone::Neutral, title).block(Block::Code(entry.usage.join("\n")));
    message.blocks.extend(markdown::blocks(&entry.help));
    let typed = entry.args.iter().filter(|a| !a.has(&How::Button));
    let args: Vec<Line> = typed
        .map(|arg| {
            let name = arg.flag().map_or_else(|| arg.placeholder(), str::to_owned);
            let said = arg.required || arg.flag().is_some() || arg.help.contains("left out") || needed(entry, arg);
            let note = if said { "" } else { " (optional)" };
            Line { mark: Mark::Bullet, text: vec![code(name), plain(format!(" {}{note}", lower(&arg.help)))] }
        })
        .collect();
    if !args.is_empty() {
        message = message.block(Block::List(args));
    }
    message = message.text(vec![plain("For example:")]).block(Block::Code(entry.examples.join("\n")));
    let below: Vec<Line> = catalogue.subcommands(&entry.name).map(line).collect();
    if !below.is_empty() {
        message = message.text(vec![plain("See also:")]).block(Block::List(below));
    }
    message.context(vec![plain(standing(entry))])
}

/// One way of typing the command cannot do without it.
fn needed(entry: &Entry, arg: &Arg) -> bool {
    entry.needs.iter().flatten().any(|n| *n == arg.name)
}

/// Who may, and whether it asks first: one or two sentences.
pub fn standing(entry: &Entry) -> String {
    let who = match entry.who {
        Who::Anyone => "Anybody may type it.",
        Who::Known => "Everybody in the configuration may type it.",
        Who::Operators => "For operators of the environment.",
        Who::Holders => "For holders of a role that the deployment asks for.",
    };
    let risk = match entry.risk {
        Risk::None => " It changes nothing.",
        Risk::Low => "",
        Risk::High => " It asks before it acts.",
    };
    format!("{who}{risk}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PersonId;
    use crate::domain::message::Piece;
    use crate::domain::policy::Source;

    fn person(roles: &[&str]) -> Person {
        Person {
            id: PersonId::new("sara"),
            name: "Sara".into(),
            roles: roles.iter().map(|r| (*r).into()).collect(),
            accounts: std::collections::BTreeMap::new(),
            contact: std::collections::BTreeMap::new(),
            ways: crate::domain::paging::Ways::default(),
            source: Source::default(),
        }
    }

    /// The commands in lists, in order.
    fn listed(message: &Message) -> Vec<String> {
        let lines = message.blocks.iter().filter_map(|b| if let Block::List(lines) = b { Some(lines) } else { None });
        let first = |line: &Line| match &line.text[0] {
            Piece::Code(name) => name.clone(),
            other => panic!("{other:?}"),
        };
        lines.flatten().map(first).collect()
    }

    #[test]
    fn what_a_person_may_do_comes_first_and_nothing_is_hidden() {
        let catalogue = Catalogue::embedded().unwrap();
        let place = |message: &Message, name: &str| listed(message).iter().position(|n| n == name).unwrap();
        let stranger = help(&catalogue, None, None);
        assert_eq!(listed(&stranger)[..2], ["/deploy status", "/help"]);
        let reader = help(&catalogue, Some(&person(&[])), None);
        assert!(place(&reader, "/help") < place(&reader, "/approve"));
        let lead = help(&catalogue, Some(&person(&["tech-lead"])), None);
        assert!(place(&lead, "/approve") < place(&lead, "/help"));
        for message in [stranger, reader, lead] {
            assert_eq!(listed(&message).len(), catalogue.entries().len());
        }
    }

    #[test]
    fn one_command_is_explained() {
        let catalogue = Catalogue::embedded().unwrap();
        for entry in catalogue.entries() {
            let message = help(&catalogue, None, Some(&format!("/{}", entry.name.to_uppercase())));
            assert_eq!(message.tone, Tone::Neutral);
            assert_eq!(message.blocks[0], Block::Code(entry.usage.join("\n")), "{}", entry.name);
        }
        assert!(!listed(&help(&catalogue, None, Some("approve"))).contains(&"PLAN".to_owned()));
        assert_eq!(listed(&help(&catalogue, None, Some("quarantine"))), ["/quarantine list", "/quarantine release"]);
    }

    #[test]
    fn an_unknown_topic_suggests() {
        let message = help(&Catalogue::embedded().unwrap(), None, Some("deplyo"));
        assert_eq!(message.tone, Tone::Warning);
        assert!(format!("{message:?}").contains("/deploy"), "{message:?}");
    }
}
