//! `[alerts]`: what comes in from watching systems, and what it means.

use super::WindowEntry;
use crate::config::context::Context;
use crate::config::place::At;
use crate::config::read::{Named, Read, Req, section, wrong};
use crate::config::scalars::{Choice, Choices, Length, Moment, Zone};
use crate::config::service::{AlertFormat, SecretEntry};
use crate::config::tree::{Node, Value};
use crate::domain::alert::Over;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

section! {
    /// Alerts of watching systems.
    AlertsEntry {
        /// Who sends them, each to `/alerts/NAME`: `[alerts.sources.prometheus]`.
        #[schemars(default)]
        sources: Named<AlertSourceEntry>,
        /// What they mean; the first rule that matches counts. What none matches is a line in the alerts channel.
        rules: Option<Vec<At<AlertRuleEntry>>>,
        /// Times in which alerts page nobody.
        maintenance: Option<Vec<At<QuietEntry>>>,
        /// How long an alert must be over before that is believed. Default 5m.
        settle: Option<At<Length>>,
        /// More new incidents than this within a minute are one; 0: never. Default 10.
        storm: Option<At<u32>>,
        /// Roles whose holders may silence alerts. Default: everybody in `[people]`.
        silencers: Option<Vec<At<String>>>,
        /// Labels that name the service, the first that is there. Default `["service", "app", "job"]`.
        service_labels: Option<Vec<At<String>>>,
        /// The same for the environment. Default `["environment", "env"]`.
        environment_labels: Option<Vec<At<String>>>,
    }
}

section! {
    /// A source of alerts. It proves itself with a token or with a signature.
    AlertSourceEntry {
        /// How it writes: `alertmanager`, `grafana`, `google`, `pagerduty`, `github`, or `json`, which is ours.
        format: Req<At<Choice<AlertFormat>>>,
        /// What it brings as `Authorization: Bearer`, or as the password of `Basic`, by reference.
        token: Option<At<SecretEntry>>,
        /// It may bring the token as `?token=` in its address, where logs see it. Default false.
        token_in_address: Option<At<bool>>,
        /// What it signs with, by reference: `github`, `pagerduty`, `grafana` and `json` can.
        secret: Option<At<SecretEntry>>,
    }
}

section! {
    /// What some alerts mean. What is left out matches everything.
    AlertRuleEntry {
        /// Sources by name; `*` is any text.
        source: Option<OneOrMore>,
        /// Labels with the values they may have: `{ alertname = "High*", severity = ["critical", "page"] }`. `*` is any text, and
        /// asks that the label is there; an empty text asks that it is not.
        labels: Option<LabelsEntry>,
        /// The title; `*` is any text.
        title: Option<OneOrMore>,
        /// It is an incident of this severity.
        severity: Option<At<String>>,
        /// Its ladder. Default: its severity's.
        ladder: Option<At<String>>,
        /// `line`: it is a line in the alerts channel.
        only: Option<At<Choice<Only>>>,
        /// It is nothing. Default false.
        drop: Option<At<bool>>,
        /// Default: what the labels name.
        service: Option<At<String>>,
        /// Default: what the labels name.
        environment: Option<At<String>>,
        /// Labels whose values tell one matter from another: `["alertname", "service"]`. Default: each alert is one of its own.
        key: Option<Vec<At<String>>>,
        /// Default: that of `[alerts]`.
        settle: Option<At<Length>>,
        /// What becomes of the incident once its alerts are over: `tell` (default), `mitigate` or `resolve`.
        over: Option<At<Choice<Over>>>,
    }
}

section! {
    /// A time in which alerts page nobody: every week in these windows, or once.
    QuietEntry {
        /// Shown where it keeps something quiet.
        name: Req<At<String>>,
        /// Every week.
        windows: Option<Vec<At<WindowEntry>>>,
        /// Once: when it begins; a day begins at midnight.
        from: Option<At<Moment>>,
        /// Once: when it ends; a day is included whole.
        to: Option<At<Moment>>,
        /// Default: the file's zone.
        zone: Option<At<Zone>>,
        /// Only these. Default: all.
        services: Option<Vec<At<String>>>,
        /// Only these. Default: all.
        environments: Option<Vec<At<String>>>,
    }
}

/// What an alert is besides an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    Line,
}

impl Choices for Only {
    const NAME: &'static str = "Only";
    const ALL: &'static [(&'static str, Self)] = &[("line", Self::Line)];
}

impl Choices for Over {
    const NAME: &'static str = "Over";
    const ALL: &'static [(&'static str, Self)] =
        &[("tell", Self::Tell), ("mitigate", Self::Mitigate), ("resolve", Self::Resolve)];
}

impl Choices for AlertFormat {
    const NAME: &'static str = "AlertFormat";
    const ALL: &'static [(&'static str, Self)] = &[
        ("alertmanager", Self::Alertmanager),
        ("grafana", Self::Grafana),
        ("google", Self::Google),
        ("pagerduty", Self::Pagerduty),
        ("github", Self::Github),
        ("json", Self::Json),
    ];
}

/// A text, or a list of them.
#[derive(Clone, Debug)]
pub struct OneOrMore(pub Vec<At<String>>);

impl Read for OneOrMore {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        match &node.value {
            Value::Text(text) => Some(Self(vec![At { value: text.clone(), place: node.place.clone() }])),
            Value::List(_) => Vec::read(node, cx).map(Self),
            _ => wrong(node, "a text or a list of texts", cx),
        }
    }
}

impl JsonSchema for OneOrMore {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMore".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text, or a list of texts of which one is enough.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}

/// Labels by name, as senders write them.
#[derive(Clone, Debug)]
pub struct LabelsEntry(pub Vec<(At<String>, OneOrMore)>);

impl Read for LabelsEntry {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let Value::Table(entries) = &node.value else { return wrong(node, "a table", cx) };
        let mut out = Vec::new();
        for e in entries {
            let name = At { value: e.key.clone(), place: e.key_place.clone() };
            out.extend(OneOrMore::read(&e.node, cx).map(|globs| (name, globs)));
        }
        Some(Self(out))
    }
}

impl JsonSchema for LabelsEntry {
    fn schema_name() -> Cow<'static, str> {
        "Labels".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<OneOrMore>();
        json_schema!({
            "description": "Labels by name, with the values they may have.",
            "type": "object", "additionalProperties": values
        })
    }
}
