//! Probes.

use super::{span, strings, text};
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::raw::{ProbeEntry, Root};
use crate::config::scalars::{Length, Rule};
use crate::domain::policy::{Ask, ProbeSpec};
use crate::domain::time::Span;
use std::collections::BTreeMap;

pub fn all(root: &Root, cx: &Context) -> BTreeMap<String, ProbeSpec> {
    root.probes.0.iter().map(|(name, raw)| (name.value.clone(), one(name, raw, cx))).collect()
}

type Common<'a> = (Option<&'a At<Length>>, Option<&'a At<Length>>, Option<&'a Vec<At<Rule>>>);

fn one(name: &At<String>, raw: &ProbeEntry, cx: &Context) -> ProbeSpec {
    let (ask, (timeout, fresh_for, healthy), default_timeout): (_, Common<'_>, _) = match raw {
        ProbeEntry::Http(p) => (
            Ask::Http {
                url: text(&p.url),
                expect_status: p.expect_status.as_ref().map_or(200, |at| at.value),
                json: p.json.as_ref().map(|at| at.value.clone()),
                expect_text: p.expect_text.as_ref().map(|at| at.value.clone()),
            },
            (p.timeout.as_ref(), p.fresh_for.as_ref(), p.healthy.as_ref()),
            Span::secs(5),
        ),
        ProbeEntry::Command(p) => (
            Ask::Command {
                argv: strings(p.argv.0.as_ref().map(|at| at.value.as_slice())),
                env: strings(p.env.as_deref()),
            },
            (p.timeout.as_ref(), p.fresh_for.as_ref(), p.healthy.as_ref()),
            Span::secs(30),
        ),
        ProbeEntry::Executor(p) => (
            Ask::Executor { what: p.what.0.as_ref().map_or("", |at| at.value.0.as_str()).to_owned() },
            (p.timeout.as_ref(), p.fresh_for.as_ref(), p.healthy.as_ref()),
            Span::secs(5),
        ),
    };
    ProbeSpec {
        name: name.value.clone(),
        ask,
        timeout: span(timeout, default_timeout),
        fresh_for: span(fresh_for, Span::ZERO),
        conditions: healthy.into_iter().flatten().map(|at| at.value.0.clone()).collect(),
        source: cx.files.source(&name.place),
    }
}
