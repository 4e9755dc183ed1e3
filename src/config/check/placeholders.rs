//! `{service}` and its like, wherever they are replaced.

use crate::config::context::{Context, did_you_mean};
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::raw::{ProbeEntry, ReleasesEntry, Root, StepEntry};
use crate::config::read::shorten;

/// Replaced in steps and probes.
const ALL: &[&str] =
    &["service", "environment", "version", "revision", "previous_version", "previous_revision", "deployment"];
/// Replaced where a version is looked up.
const RELEASE: &[&str] = &["version", "service"];

pub fn check(root: &Root, cx: &mut Context) {
    for (_, strategy) in &root.strategies.0 {
        let lists = [
            strategy.steps.0.as_deref(),
            strategy.rollback.as_deref(),
            strategy.full_rollback.as_deref(),
            strategy.emergency_rollback.as_deref(),
        ];
        for step in lists.into_iter().flatten().flatten() {
            match &step.value {
                StepEntry::Command(s) => {
                    argv(s.argv.0.as_ref(), ALL, cx);
                    s.cwd.iter().for_each(|at| text(at, ALL, cx));
                }
                StepEntry::Http(s) => {
                    url(s.url.0.as_ref(), cx);
                    s.body.iter().for_each(|at| text(at, ALL, cx));
                }
                StepEntry::Manual(s) => s.prompt.0.iter().for_each(|at| text(at, ALL, cx)),
                _ => {}
            }
        }
    }
    for (_, probe) in &root.probes.0 {
        match probe {
            ProbeEntry::Http(p) => url(p.url.0.as_ref(), cx),
            ProbeEntry::Command(p) => argv(p.argv.0.as_ref(), ALL, cx),
            ProbeEntry::Executor(_) => {}
        }
    }
    for (_, service) in &root.services.0 {
        if let Some(ReleasesEntry::Command(c)) = service.releases.as_ref().map(|at| &at.value) {
            argv(c.argv.0.as_ref(), RELEASE, cx);
        }
    }
}

fn argv(list: Option<&At<Vec<At<String>>>>, known: &[&str], cx: &mut Context) {
    let Some(list) = list else { return };
    match list.value.first() {
        None => {
            cx.error(Code::BadValue, &list.place, "the program is missing")
                .hint("the first argument is the program: [\"/usr/bin/make\", \"image\"]");
        }
        Some(program) if program.value.trim().is_empty() || program.value.contains('{') => {
            cx.error(Code::BadValue, &program.place, "the program is not named")
                .hint("only arguments have placeholders");
        }
        Some(_) => {}
    }
    for at in &list.value {
        if at.value.contains('\0') {
            cx.error(Code::BadValue, &at.place, "an argument cannot contain a zero byte");
        }
        text(at, known, cx);
    }
}

fn url(at: Option<&At<String>>, cx: &mut Context) {
    let Some(at) = at else { return };
    let rest = at.value.strip_prefix("https://").or_else(|| at.value.strip_prefix("http://"));
    if rest.is_none_or(|host| host.is_empty() || host.starts_with('/')) || at.value.contains(char::is_whitespace) {
        cx.error(Code::BadUrl, &at.place, "this is not an address")
            .hint("write it like https://staging.example.com/health");
    }
    text(at, ALL, cx);
}

/// `{word}` counts as a placeholder; braces around anything else, as in JSON, do not.
fn text(at: &At<String>, known: &[&str], cx: &mut Context) {
    for part in at.value.split('{').skip(1) {
        let Some((word, _)) = part.split_once('}') else { continue };
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if is_word && !known.contains(&word) {
            cx.error(Code::UnknownPlaceholder, &at.place, format!("`{{{}}}` is not a placeholder here", shorten(word)))
                .hint(did_you_mean(word, known.iter().copied()));
        }
    }
}
