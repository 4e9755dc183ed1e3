//! Slash commands: registered from the catalogue, and invocations read back as actions.

use crate::domain::message::Action;
use serde_json::Value;

/// A command as the catalogue describes it, in neutral words: `app` fills it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// `deploy status`, with a space.
    pub name: String,
    pub summary: String,
    pub args: Vec<ArgSpec>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgSpec {
    pub name: String,
    pub help: String,
    pub kind: ArgKind,
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgKind {
    Text,
    /// Offers come while it is typed.
    Completed,
    Choice(Vec<String>),
    /// From one up to this, when it is known.
    Number(Option<u32>),
    Flag,
}

/// The action of an invocation: Discord's name of the command and `data.options` as it sent them. `None` when there is no such
/// command.
#[must_use]
pub fn action(specs: &[CommandSpec], name: &str, options: &Value) -> Option<Action> {
    let spec = specs.iter().find(|s| s.name.replace(' ', "-") == name)?;
    let mut action = Action::new(&spec.name, &[]);
    for option in options.as_array().into_iter().flatten() {
        let Some(name) = option["name"].as_str() else { continue };
        let value = match &option["value"] {
            Value::String(text) => text.trim().to_owned(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Number(n) => n.to_string(),
            _ => continue,
        };
        if !value.is_empty() {
            action.args.insert(name.to_owned(), value);
        }
    }
    Some(action)
}
