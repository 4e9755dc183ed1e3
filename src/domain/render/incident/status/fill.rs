//! Filling a template: bounded in time and length, and strict about names.

use super::facts::{Letter, Public, Status};
use crate::domain::status::Template;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use std::io::{Error as IoError, Write};

/// Instructions that a template may take; a post-mortem of ours takes some thousand for a long incident.
const FUEL: u64 = 5_000_000;
/// Bytes that a template makes at most.
const TEMPLATE_BYTES: usize = 256 * 1024;

/// The words of those who bring none of their own.
pub(super) const fn built_in(template: Template) -> &'static str {
    match template {
        Template::Declared => include_str!("declared.j2"),
        Template::Update => include_str!("update.j2"),
        Template::Mitigated => include_str!("mitigated.j2"),
        Template::Resolved => include_str!("resolved.j2"),
        Template::Reopened => include_str!("reopened.j2"),
        Template::Email => include_str!("email.j2"),
        Template::PublicTitle => include_str!("public_title.j2"),
        Template::PublicDeclared => include_str!("public_declared.j2"),
        Template::PublicUpdate => include_str!("public_update.j2"),
        Template::PublicMitigated => include_str!("public_mitigated.j2"),
        Template::PublicResolved => include_str!("public_resolved.j2"),
    }
}

/// The text of a template.
///
/// # Errors
/// When it names what there is not, does not end, or is longer than [`TEMPLATE_BYTES`].
pub fn filled(template: &str, facts: &impl Serialize) -> Result<String, Error> {
    let mut jinja = Environment::new();
    jinja.set_undefined_behavior(UndefinedBehavior::Strict);
    jinja.set_auto_escape_callback(|_| AutoEscape::None);
    jinja.set_fuel(Some(FUEL));
    let mut out = Bounded(Vec::new());
    let rendered = jinja.template_from_str(template)?.render_captured_to(facts, &mut out).map(|_| ());
    if out.0.len() >= TEMPLATE_BYTES {
        let long = format!("it makes more than {} bytes", TEMPLATE_BYTES);
        return Err(Error::new(ErrorKind::WriteFailure, long));
    }
    rendered?;
    String::from_utf8(out.0).map_err(|_| Error::new(ErrorKind::WriteFailure, "it makes no text"))
}

/// The text of the template that config brings, or of ours when there is none or it fails.
pub(super) fn or_ours(own: Option<&String>, template: Template, facts: &impl Serialize) -> String {
    let text = own.and_then(|own| filled(own, facts).ok());
    text.unwrap_or_else(|| filled(built_in(template), facts).unwrap_or_default()).trim().to_owned()
}

/// What is wrong with a template, and on which of its lines: it is filled once with something in every place, and once with as
/// little as there can be.
#[must_use]
pub fn template_problem(template: Template, text: &str) -> Option<(u32, String)> {
    let tried = |full: bool| match template {
        t if t.is_public() => filled(text, &Public::sample(full)),
        Template::Email => filled(text, &Letter::sample(full)),
        _ => filled(text, &Status::sample(full)),
    };
    // What is said at every update may be left unsaid; that it is over may not.
    let needed = template != Template::PublicUpdate;
    let mut nothing = None;
    let problem = [true, false].into_iter().find_map(|full| match tried(full) {
        Ok(text) => {
            nothing = nothing.or((needed && text.trim().is_empty()).then_some(full));
            None
        }
        Err(problem) => Some(problem),
    });
    let Some(problem) = problem else { return nothing.map(|_| (1, "it says nothing".to_owned())) };
    let line = problem.line().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let what = problem.detail().map_or_else(|| problem.to_string(), str::to_owned);
    let hint = template.is_public() && problem.kind() == ErrorKind::UndefinedError;
    let inside = if hint { "; customers read this, so it knows nothing that is typed inside" } else { "" };
    Some((line, format!("{what}{inside}")))
}

/// Takes up to [`TEMPLATE_BYTES`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = TEMPLATE_BYTES - self.0.len();
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room { Err(IoError::other("it is too long")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_work_with_much_and_with_little() {
        for template in Template::ALL {
            assert_eq!(template_problem(template, built_in(template)), None, "{}", template.key());
        }
    }

    #[test]
    fn what_does_not_work_is_said_with_its_line() {
        let problem = |template, text: &str| template_problem(template, text).unwrap();
        assert_eq!(problem(Template::Update, "{{ title }}\n{{ subject }}").0, 2);
        for endless in
            ["{% for a in range(10000000) %}x{% endfor %}", "{% for a in range(60000) %}xxxxxxxx{% endfor %}"]
        {
            problem(Template::Update, endless);
        }
        assert_eq!(problem(Template::Resolved, " \n").1, "it says nothing");
        assert_eq!(template_problem(Template::PublicUpdate, ""), None, "updates may be kept inside");
    }

    #[test]
    fn a_public_template_knows_nothing_that_is_typed_inside() {
        for inside in ["title", "message", "cause", "resolution", "impact", "by", "team", "roles", "id", "severity"] {
            let (_, what) = template_problem(Template::PublicResolved, &format!("{{{{ {inside} }}}}")).unwrap();
            assert!(what.contains("knows nothing that is typed inside"), "{inside}: {what}");
        }
    }
}
