//! A form for a command that was typed without all that it needs: what is there is kept, the rest is asked for.
//!
//! Only what is missing opens a form; a word that is wrong is answered in words, since the person has said what they want.

use super::catalogue::{Arg, Catalogue, Entry, How};
use super::error::{CommandError, Problem};
use super::kind::{Kind, Value};
use super::matcher::Matcher;
use super::parse::find;
use super::token::tokenize;
use super::vocabulary::Vocabulary;
use crate::domain::message::{Action, FieldKind, Form, FormField};

/// The action a form completes, and the form; `None` when `error` is not about something that is missing.
#[must_use]
pub fn form(
    catalogue: &Catalogue,
    vocabulary: &Vocabulary,
    text: &str,
    error: &CommandError,
) -> Option<(Action, Form)> {
    let Problem::Missing { .. } = &*error.problem else { return None };
    let line = tokenize(text).ok()?;
    let (entry, used) = find(catalogue, &line).ok()?;
    let mut matcher = Matcher::new(entry, vocabulary, &line);
    (used..line.words.len()).try_for_each(|index| matcher.feed(index)).ok()?;
    let mut action = Action::new(&entry.name, &[]);
    for (name, value) in matcher.values() {
        action.args.insert(name.clone(), written(value));
    }
    let wanted = |arg: &&Arg| {
        let typed = !arg.has(&How::Button) && arg.flag().is_none() && arg.kind != Kind::Flag;
        typed && !action.args.contains_key(&arg.name) && !shut(entry, arg, &action)
    };
    let mut fields: Vec<FormField> = entry.args.iter().filter(wanted).map(|a| field(entry, a, vocabulary)).collect();
    fields.sort_by_key(|f| !f.required);
    let submit = entry.summary.split(' ').next().unwrap_or("Send").to_owned();
    let submit =
        if matches!(submit.as_str(), "Say" | "List" | "Show" | "Let" | "End") { "Send".into() } else { submit };
    Some((action, Form { title: entry.summary.clone(), submit, fields }))
}

/// The form that a button asks to be filled in before it counts: the fields of these names, needed but for those with a `?`.
/// `None` when no field is
/// named, or the command has none of that name: an old card.
#[must_use]
pub fn asked_form(catalogue: &Catalogue, vocabulary: &Vocabulary, action: &Action, names: &[String]) -> Option<Form> {
    let entry = catalogue.get(&action.command).filter(|_| !names.is_empty())?;
    let one = |name: &String| {
        let optional = name.strip_suffix('?');
        let asked = field(entry, entry.arg(optional.unwrap_or(name))?, vocabulary);
        Some(FormField { help: String::new(), required: optional.is_none(), ..asked })
    };
    let fields = names.iter().map(one).collect::<Option<Vec<_>>>()?;
    let title = entry.title.clone().unwrap_or_else(|| entry.summary.clone());
    Some(Form { submit: title.clone(), title, fields })
}

/// Whether it belongs only to alternatives that a person is not asked about: of those that go with what they named, the last one
/// is the fullest.
fn shut(entry: &Entry, arg: &Arg, said: &Action) -> bool {
    let has = |names: &Vec<String>, name: &str| names.iter().any(|n| n.trim_end_matches('?') == name);
    let tells = |name: &&String| entry.needs.iter().any(|names| has(names, name));
    let goes = |names: &&Vec<String>| said.args.keys().filter(tells).all(|name| has(names, name));
    let asked = entry.needs.iter().rfind(goes).or(entry.needs.last());
    entry.needs.iter().any(|names| has(names, &arg.name)) && !asked.is_some_and(|names| has(names, &arg.name))
}

fn field(entry: &Entry, arg: &Arg, vocabulary: &Vocabulary) -> FormField {
    let choice = |words: Vec<&str>| FieldKind::Choice(words.iter().map(|w| ((*w).into(), (*w).into())).collect());
    let kind = match arg.kind {
        kind if kind.listed() => choice(kind.words(vocabulary)),
        _ => FieldKind::Line,
    };
    let needed = entry.needs.last().is_some_and(|names| names.contains(&arg.name));
    let mut label = arg.name.replace('-', " ");
    if arg.kind == Kind::Duration {
        label = "how long".into();
    }
    let label = arg.label.clone().unwrap_or_else(|| label[..1].to_uppercase() + &label[1..]);
    FormField { name: arg.name.clone(), label, kind, required: arg.required || needed, help: arg.help.clone() }
}

/// A value as a button sends it.
fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(n) => n.to_string(),
        Value::Flag => "yes".into(),
        Value::Span(span) => format!("{}ms", span.as_millis()),
        Value::Deployment(id) => id.to_string(),
        Value::Incident(id) => id.to_string(),
        Value::Person(id) => id.to_string(),
        Value::Service(name) => name.to_string(),
        Value::Environment(name) => name.to_string(),
        Value::Role(role) => role.to_string(),
        Value::Mode(mode) => mode.to_string(),
        Value::Items(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{from_action, read};
    use std::collections::BTreeMap;

    fn asked(text: &str) -> Option<(Action, Vec<(String, bool)>)> {
        let catalogue = Catalogue::embedded().unwrap();
        let vocabulary = Vocabulary {
            services: ["api".into()].into(),
            environments: ["production".into(), "staging".into()].into(),
            ..Vocabulary::default()
        };
        let error = read(&catalogue, &vocabulary, text).unwrap_err();
        let (action, form) = form(&catalogue, &vocabulary, text, &error)?;
        let fields: Vec<(String, bool)> = form.fields.into_iter().map(|f| (f.name, f.required)).collect();
        let filled: BTreeMap<String, String> = fields
            .iter()
            .map(|(name, _)| {
                let value = match name.as_str() {
                    "version" => "v1.2.0",
                    "environment" => "production",
                    "service" => "api",
                    "deployment" => "D-4",
                    "mode" => "full",
                    "span" => "2h",
                    "item" | "items" => "3",
                    _ => "words",
                };
                (name.clone(), value.to_owned())
            })
            .collect();
        from_action(&catalogue, &vocabulary, &action, &filled).unwrap();
        Some((action, fields))
    }

    fn names(text: &str) -> String {
        let (action, fields) = asked(text).unwrap();
        let shown = |(name, required): &(String, bool)| format!("{name}{}", if *required { "!" } else { "" });
        format!("{} asks {}", action.encode(), fields.iter().map(shown).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_was_said_is_kept_and_the_rest_is_asked() {
        assert_eq!(names("/deploy"), "deploy asks version! environment! service");
        assert_eq!(names("/deploy api to staging"), "deploy?environment=staging&service=api asks version!");
        assert_eq!(names("/lock"), "lock asks environment! reason! service span");
        assert_eq!(
            names("/lock production for 2h --take-over"),
            "lock?environment=production&span=7200000ms&take-over=yes asks reason! service"
        );
        assert_eq!(names("/rollback"), "rollback asks environment! service mode reason");
        assert_eq!(names("/approve"), "approve asks deployment!");
        assert_eq!(names("/checklist na D-2 3"), "checklist na?deployment=D-2&item=3 asks reason!");
        assert_eq!(names("/checklist na INC-2"), "checklist na?incident=INC-2 asks item! reason!");
        assert_eq!(names("/checklist tick"), "checklist tick asks deployment! items!");
    }

    #[test]
    fn in_a_war_room_its_incident_is_kept() {
        let catalogue = Catalogue::embedded().unwrap();
        let said_in = Some(crate::domain::ids::IncidentId(7));
        let vocabulary = Vocabulary { said_in, roles: ["dba".into()].into(), ..Vocabulary::default() };
        let asked = |text: &str| {
            let error = read(&catalogue, &vocabulary, text).unwrap_err();
            let (action, form) = form(&catalogue, &vocabulary, text, &error).unwrap();
            format!(
                "{} asks {}",
                action.encode(),
                form.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(" ")
            )
        };
        assert_eq!(asked("/incident impact"), "incident impact?incident=INC-7 asks text");
        assert_eq!(asked("/incident impact INC-2"), "incident impact?incident=INC-2 asks text");
        assert_eq!(asked("/checklist tick"), "checklist tick?incident=INC-7 asks items");
        assert_eq!(asked("/checklist tick D-3"), "checklist tick?deployment=D-3 asks items");
        let command = |text: &str| format!("{:?}", read(&catalogue, &vocabulary, text).unwrap());
        assert!(command("/checklist tick 1 3").contains("Tick { incident: Some(IncidentId(7)), items: [1, 3] }"));
        assert!(command("/checklist tick INC-2 1").contains("Tick { incident: Some(IncidentId(2)), items: [1] }"));
        assert!(command("/checklist tick D-3 1").contains("ChecklistTick { deployment: DeploymentId(3), items: [1] }"));
        assert!(command("/incident update as bad as INC-2").contains("Some(IncidentId(7)), text: \"as bad as INC-2\""));
        assert!(
            command("/page dba INC-2 needs you").contains("text: \"INC-2 needs you\", incident: Some(IncidentId(7))")
        );
        assert!(command("/incident ack INC-2").contains("Some(IncidentId(2))"));
    }

    #[test]
    fn wrong_words_open_nothing() {
        assert!(asked("/deploy v1.2.0 to mars").is_none());
        assert!(asked("/approve yesterday").is_none());
        assert!(asked("/nothing").is_none());
    }

    /// Chat platforms break longer ones off; 45 characters is the least that any takes.
    #[test]
    fn titles_and_labels_are_short_enough_to_be_read_whole() {
        let catalogue = Catalogue::embedded().unwrap();
        let vocabulary = Vocabulary { roles: ["cto".into()].into(), ..Vocabulary::default() };
        let mut forms = 0;
        for entry in catalogue.entries() {
            let text = format!("/{}", entry.name);
            let Err(error) = read(&catalogue, &vocabulary, &text) else { continue };
            let Some((_, form)) = form(&catalogue, &vocabulary, &text, &error) else { continue };
            forms += 1;
            let labels = form.fields.iter().map(|f| &f.label);
            for words in labels.chain([&form.title]) {
                assert!(words.chars().count() <= 45, "{text}: {words}");
            }
        }
        assert!(forms > 5, "{forms}");
    }
}
