//! Which runbook, which command, which place: lists with buttons.

use super::super::parts::{button, line};
use super::{may, run_button};
use crate::domain::ids::{EnvironmentName, IncidentId, PersonId, ServiceName};
use crate::domain::message::{Block, ButtonStyle, Line, Mark, Message, Text, Tone, bold, code, plain};
use crate::domain::policy::Policy;
use crate::domain::runbook::{Runbook, Runnable};

/// Runbooks that are offered when several fit.
const FOUND: usize = 5;
/// Buttons of one choice.
const CHOICES: usize = 10;

/// All of them.
#[must_use]
pub fn runbook_list(policy: &Policy) -> Message {
    if policy.runbooks.is_empty() {
        return Message::line(Tone::Neutral, "The config has no runbooks. Add runbooks = [\"runbooks\"].");
    }
    let lines = policy.runbooks.values().map(in_a_line).collect();
    let context = vec![
        code("/runbook slow"),
        plain(" finds one by what is wrong, "),
        code("/runbook memory"),
        plain(" by its name."),
    ];
    Message::new(Tone::Neutral, vec![bold("Runbooks")]).block(Block::List(lines)).context(context)
}

fn in_a_line(book: &Runbook) -> Line {
    let mut text: Text = vec![bold(book.title.as_str()), plain(" "), code(book.name.as_str())];
    match book.commands.len() {
        0 => {}
        1 => text.push(plain(" · 1 command")),
        n => text.push(plain(format!(" · {n} commands"))),
    }
    line(Mark::Bullet, text)
}

/// Those that fit the words, the best first; or that none does.
#[must_use]
pub fn runbooks_found(found: &[&Runbook], words: &str, incident: Option<IncidentId>) -> Message {
    let words: String = words.chars().take(60).collect();
    if found.is_empty() {
        let text =
            vec![plain("No runbook says "), code(words), plain(". "), code("/runbook"), plain(" lists all of them.")];
        return Message::new(Tone::Warning, text);
    }
    let shown = found.len().min(FOUND);
    let title = vec![plain(format!("{} runbooks fit ", found.len())), code(words), plain(". Which one is meant?")];
    let lines = found.iter().take(shown).map(|book| in_a_line(book)).collect();
    let mut message = Message::new(Tone::Neutral, title).block(Block::List(lines));
    for book in found.iter().take(shown) {
        let incident = incident.map(|id| id.to_string());
        let mut args = vec![("name", book.name.as_str())];
        args.extend(incident.as_deref().map(|id| ("incident", id)));
        message = message.button(button(&book.title, ButtonStyle::Plain, "runbook", &args));
    }
    message
}

/// Which of a runbook's commands is meant; those that this person may run have a button.
#[must_use]
pub fn run_command(
    policy: &Policy,
    who: &PersonId,
    book: &Runbook,
    unknown: Option<&str>,
    incident: Option<IncidentId>,
) -> Message {
    let mut title = match unknown {
        Some(word) => {
            let word: String = word.chars().take(60).collect();
            vec![code(word), plain(format!(" is no command of {}. ", book.name))]
        }
        None => Vec::new(),
    };
    title.push(plain("Which one is meant?"));
    let known = |c: &Runnable| {
        let text = vec![code(c.name.as_str()), plain(format!(" {}: {}", c.title, policy.titles(&c.roles)))];
        line(Mark::Bullet, text)
    };
    let list = Block::List(book.commands.iter().map(known).collect());
    let mut message = Message::new(Tone::Warning, title).block(list);
    for command in book.commands.iter().filter(|c| may(policy, who, c)) {
        message = message.button(run_button(book, command, incident));
    }
    message
}

/// Where a command is to be run.
#[must_use]
pub fn run_choices(
    book: &Runbook,
    command: &Runnable,
    services: &[ServiceName],
    environments: &[EnvironmentName],
    incident: Option<IncidentId>,
) -> Message {
    let title = vec![bold(command.title.as_str()), plain(": where? Nothing runs before you have confirmed it.")];
    let mut message = Message::new(Tone::Waiting, title);
    // What belongs to no service has one choice for each environment, and the other way round.
    let services: Vec<Option<&ServiceName>> =
        if services.is_empty() { vec![None] } else { services.iter().map(Some).collect() };
    let environments: Vec<Option<&EnvironmentName>> =
        if environments.is_empty() { vec![None] } else { environments.iter().map(Some).collect() };
    let (few, mut left) = (services.len() * environments.len() <= CHOICES, CHOICES);
    for environment in &environments {
        // With too many choices the service has to be typed.
        for service in services.iter().filter(|_| few) {
            if left == 0 {
                break;
            }
            left -= 1;
            let incident = incident.map(|id| id.to_string());
            let mut args = vec![("name", book.name.as_str()), ("command", command.name.as_str())];
            args.extend(service.map(|s| ("service", s.as_str())));
            args.extend(environment.map(|e| ("environment", e.as_str())));
            args.extend(incident.as_deref().map(|id| ("incident", id)));
            let label = match (service, environment) {
                (Some(s), Some(e)) => format!("{s} in {e}"),
                (Some(s), None) => s.to_string(),
                (None, Some(e)) => e.to_string(),
                (None, None) => command.title.clone(),
            };
            message = message.button(button(&label, ButtonStyle::Plain, "runbook run", &args));
        }
    }
    let typed = format!("/runbook run {} {} SERVICE ENVIRONMENT", book.name, command.name);
    message.context(vec![plain("Or type it: "), code(typed)])
}
