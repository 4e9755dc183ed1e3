//! Slash commands: registered from the catalogue, and invocations read back as actions.
//!
//! Discord's names have no spaces: `deploy status` is `/deploy-status` there. Commands belong to the one server, where they appear at
//! once. They are written all together, and only when they differ from what stands there: Discord counts writes.

use super::DiscordPlatform;
use super::render::plain_line;
use super::rest::{Call, RestError};
use crate::domain::message::Action;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::{ApplicationId, CommandOptionType, CreateCommand, CreateCommandOption, GuildId};
use serenity::http::Route;
use std::collections::BTreeMap;

/// Characters of a name, of a description, of a choice, and of one command in all.
const NAME: usize = 32;
const DESCRIPTION: usize = 100;
const CHOICE: usize = 100;
const COMMAND: usize = 8_000;
/// Options of a command, choices of an option, and commands of an application.
const OPTIONS: usize = 25;
const CHOICES: usize = 25;
const COMMANDS: usize = 100;

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
    let spec = specs.iter().find(|s| discord_name(&s.name) == name)?;
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

/// Commands as Discord takes them; what is beyond its limits is left out or cut.
#[must_use]
pub fn commands(specs: &[CommandSpec]) -> Vec<Value> {
    specs.iter().take(COMMANDS).map(command).collect()
}

impl DiscordPlatform {
    /// Registers the commands, when they differ from what stands there. Says whether they did.
    ///
    /// # Errors
    /// When Discord does not take them, or not yet.
    pub async fn register(&self) -> Result<bool, RestError> {
        let application_id = ApplicationId::new(self.me().await?.application);
        let route = Route::GuildCommands { application_id, guild_id: GuildId::new(self.guild()) };
        let wanted = Value::Array(commands(&self.commands));
        let standing = self.rest.send(Call::get(route)).await?;
        if normal(&standing) == normal(&wanted) {
            return Ok(false);
        }
        let count = self.commands.len();
        self.rest.send(Call::new(Method::PUT, route).body(wanted)).await?;
        tracing::info!(name: "discord.commands", count, "registered {count} commands on the Discord server");
        Ok(true)
    }
}

fn discord_name(name: &str) -> String {
    name.replace(' ', "-").chars().take(NAME).collect()
}

fn command(spec: &CommandSpec) -> Value {
    let made = build(spec, true);
    // Offers while typing take no room here.
    if size(&made) > COMMAND { build(spec, false) } else { made }
}

fn build(spec: &CommandSpec, choices: bool) -> Value {
    let described = |text: &str| {
        let text = plain_line(text, DESCRIPTION);
        if text.is_empty() { "…".to_owned() } else { text }
    };
    let mut args: Vec<&ArgSpec> = spec.args.iter().collect();
    args.sort_by_key(|a| !a.required);
    let options = args.into_iter().take(OPTIONS).map(|arg| {
        let kind = match arg.kind {
            ArgKind::Flag => CommandOptionType::Boolean,
            ArgKind::Number(_) => CommandOptionType::Integer,
            _ => CommandOptionType::String,
        };
        let mut option =
            CreateCommandOption::new(kind, discord_name(&arg.name), described(&arg.help)).required(arg.required);
        match &arg.kind {
            ArgKind::Choice(words) if choices && words.len() <= CHOICES => {
                for word in words.iter().filter(|w| (1..=CHOICE).contains(&w.chars().count())) {
                    option = option.add_string_choice(word, word);
                }
            }
            ArgKind::Completed | ArgKind::Choice(_) => option = option.set_autocomplete(true),
            ArgKind::Number(most) => {
                option = option.min_int_value(1);
                if let Some(most) = most {
                    option = option.max_int_value(u64::from(*most));
                }
            }
            ArgKind::Text | ArgKind::Flag => {}
        }
        option
    });
    let made = CreateCommand::new(discord_name(&spec.name)).description(described(&spec.summary));
    serde_json::to_value(made.set_options(options.collect())).unwrap_or_default()
}

/// Characters of names, descriptions and values, as Discord counts them.
fn size(command: &Value) -> usize {
    let text = |name: &str| command[name].as_str().map_or(0, |t| t.chars().count());
    let inner = ["options", "choices"].iter().filter_map(|name| command[*name].as_array()).flatten();
    text("name") + text("description") + text("value") + inner.map(size).sum::<usize>()
}

/// What matters of registered commands, by name: Discord adds ids, versions and defaults of its own.
fn normal(list: &Value) -> BTreeMap<String, Value> {
    let of = |command: &Value| {
        let options: Vec<Value> = command["options"].as_array().into_iter().flatten().map(option).collect();
        let name = command["name"].as_str().unwrap_or_default().to_owned();
        let kind = command["type"].as_u64().unwrap_or(1);
        (name, json!({"type": kind, "description": command["description"], "options": options}))
    };
    list.as_array().into_iter().flatten().map(of).collect()
}

fn option(option: &Value) -> Value {
    let choices = option["choices"].as_array().into_iter().flatten();
    let choices: Vec<Value> = choices.map(|c| json!([c["name"], c["value"]])).collect();
    json!({
        "name": option["name"],
        "description": option["description"],
        "type": option["type"],
        "required": option["required"].as_bool().unwrap_or(false),
        "autocomplete": option["autocomplete"].as_bool().unwrap_or(false),
        "least": option["min_value"].as_f64(),
        "most": option["max_value"].as_f64(),
        "choices": choices,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arg(name: &str, kind: ArgKind, required: bool) -> ArgSpec {
        ArgSpec { name: name.into(), help: "What it is".into(), kind, required }
    }

    fn spec(args: Vec<ArgSpec>) -> CommandSpec {
        CommandSpec { name: "deploy status".into(), summary: "Say how it stands".into(), args }
    }

    #[test]
    fn an_invocation_is_the_action_it_was_registered_for() {
        let specs = [spec(vec![arg("deployment", ArgKind::Completed, true), arg("dry-run", ArgKind::Flag, false)])];
        let options = json!([{"name": "deployment", "value": " D-42 "}, {"name": "dry-run", "value": true}]);
        let expected = Action::new("deploy status", &[("deployment", "D-42"), ("dry-run", "yes")]);
        assert_eq!(action(&specs, "deploy-status", &options), Some(expected));
        assert_eq!(action(&specs, "deploy", &options), None);
        assert_eq!(
            action(&specs, "deploy-status", &json!([{"name": "dry-run", "value": false}])).unwrap().args.len(),
            0
        );
    }

    #[test]
    fn required_options_stand_first_and_each_has_its_type() {
        let words = ArgKind::Choice(vec!["full".into(), "fast".into()]);
        let args = vec![
            arg("mode", words, false),
            arg("deployment", ArgKind::Completed, true),
            arg("limit", ArgKind::Number(Some(50)), false),
            arg("all", ArgKind::Flag, false),
        ];
        let made = commands(&[spec(args)]);
        let shown: Vec<String> = made[0]["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| format!("{} {} {}", o["name"], o["type"], o["required"]))
            .collect();
        assert_eq!(shown, [r#""deployment" 3 true"#, r#""mode" 3 false"#, r#""limit" 4 false"#, r#""all" 5 false"#]);
        assert_eq!((&made[0]["name"], &made[0]["options"][0]["autocomplete"]), (&json!("deploy-status"), &json!(true)));
        assert_eq!(made[0]["options"][1]["choices"].as_array().unwrap().len(), 2);
        assert_eq!(made[0]["options"][2]["max_value"], json!(50));
    }

    #[test]
    fn what_discord_adds_is_no_difference_and_a_changed_word_is() {
        let wanted = Value::Array(commands(&[spec(vec![arg("deployment", ArgKind::Completed, true)])]));
        let mut standing = wanted.clone();
        standing[0]["id"] = json!("7");
        standing[0]["version"] = json!("8");
        standing[0]["nsfw"] = json!(false);
        standing[0]["options"][0]["choices"] = json!([]);
        assert_eq!(normal(&standing), normal(&wanted));
        standing[0]["options"][0]["description"] = json!("Something else");
        assert_ne!(normal(&standing), normal(&wanted));
        assert_ne!(normal(&json!([])), normal(&wanted));
    }

    #[test]
    fn everything_stays_within_the_limits() {
        let long = "é".repeat(DESCRIPTION + 1);
        let many = |n: usize| ArgKind::Choice((0..n).map(|i| format!("{i:0>100}")).collect());
        for choices in [CHOICES - 1, CHOICES, CHOICES + 1] {
            let args = (0..OPTIONS + 1).map(|n| ArgSpec {
                name: format!("a{}", "b".repeat(n)),
                help: long.clone(),
                kind: many(choices),
                required: n % 2 == 0,
            });
            let made = commands(&[CommandSpec { name: "x y".into(), summary: long.clone(), args: args.collect() }]);
            let options = made[0]["options"].as_array().unwrap();
            assert_eq!(options.len(), OPTIONS);
            assert!(size(&made[0]) <= COMMAND, "{}", size(&made[0]));
            assert!(options.iter().all(|o| o["description"].as_str().unwrap().chars().count() <= DESCRIPTION));
            // So many choices are too long all together: they are offered while typing.
            assert!(options.iter().all(|o| o["autocomplete"] == json!(true)));
        }
        let made = commands(&[spec(vec![arg("a", many(CHOICES), false), arg("b", many(CHOICES + 1), false)])]);
        assert_eq!(made[0]["options"][0]["choices"].as_array().unwrap().len(), CHOICES);
        assert_eq!(made[0]["options"][1]["autocomplete"], json!(true));
    }
}
