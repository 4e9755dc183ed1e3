//! Buttons on the wire: what a platform gives back when one is clicked.
//!
//! A button whose click opens a form also names the fields it asks for, since all that a platform returns is this text. The
//! form itself is made again from the command's file, see [`super::Inbox::form`].

use crate::domain::message::{Action, Button, FormField};

/// The argument that names the asked fields; no command has one of that name.
const ASK: &str = "ask";

/// What is sent with a button, and comes back with its click as the action of [`super::Body::Click`].
#[must_use]
pub fn wire(button: &Button) -> String {
    let Some(form) = &button.form else { return button.action.encode() };
    let mut action = button.action.clone();
    let named = |f: &FormField| format!("{}{}", f.name, if f.required { "" } else { "?" });
    let names: Vec<String> = form.fields.iter().map(named).collect();
    action.args.insert(ASK.to_owned(), names.join("."));
    action.encode()
}

/// The action behind a click, and the names of the fields that a form asks for first, with a `?` behind those that may stay empty;
/// none when nothing is asked.
#[must_use]
pub fn asked(wire: &str) -> Option<(Action, Vec<String>)> {
    let mut action = Action::decode(wire)?;
    let names = action.args.remove(ASK).unwrap_or_default();
    Some((action, names.split('.').filter(|n| !n.is_empty()).map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{ButtonStyle, FieldKind, Form};

    #[test]
    fn a_button_names_what_it_asks_for() {
        let field = |name: &str| FormField {
            name: name.into(),
            label: name.into(),
            kind: FieldKind::Line,
            required: name != "note",
            help: String::new(),
        };
        let action = Action::new("checklist na", &[("deployment", "D-42")]);
        let mut button = Button {
            label: "N/A".into(),
            style: ButtonStyle::Plain,
            action: action.clone(),
            confirm: None,
            form: None,
        };
        assert_eq!(asked(&wire(&button)), Some((action.clone(), vec![])));
        button.form =
            Some(Form { title: "N/A".into(), submit: "N/A".into(), fields: vec![field("item"), field("note")] });
        assert_eq!(asked(&wire(&button)), Some((action, vec!["item".into(), "note?".into()])));
        assert_eq!(asked(""), None);
    }
}
