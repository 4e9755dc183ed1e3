//! How an incident stands, for those who do not work on it: posts in channels, mails, and what customers read. From templates
//! that people can change.
//!
//! A template is tried when config is read. One that fails all the same later gives way to ours, and the log says so.

mod facts;
mod fill;
mod mail;
mod marked;
mod posts;
mod public;

pub use fill::template_problem;
pub use mail::status_mails;
pub use public::{public_notice, public_text, public_title};

pub(super) use fill::filled;
pub(super) use posts::{post, posts};
pub(super) use public::{came as publication_came, customers, published};

use crate::domain::incident::{Incident, IncidentEvent as E};
use crate::domain::policy::Policy;
use crate::domain::status::Template;

/// What an event of an incident is told as; none: others are told nothing of it.
const fn moment(e: &E) -> Option<Template> {
    match e {
        E::Declared(_) => Some(Template::Declared),
        E::Updated { .. } | E::SeverityChanged { .. } => Some(Template::Update),
        E::Mitigated { .. } => Some(Template::Mitigated),
        E::Resolved { .. } => Some(Template::Resolved),
        E::Reopened { .. } => Some(Template::Reopened),
        _ => None,
    }
}

/// What is wrong with a template that this event was told by, so that ours stood in for it.
#[must_use]
pub fn template_trouble(policy: &Policy, e: &E, i: &Incident) -> Option<String> {
    let own = |template: Template| policy.response.status.templates.get(&template).map(|text| (template, text));
    let inside = moment(e).into_iter().flat_map(|at| [at, Template::Email]);
    let outside = Template::ALL.into_iter().filter(|t| t.is_public() && matches!(e, E::Published { .. }));
    let mut told = inside.chain(outside).filter_map(own);
    told.find_map(|(template, text)| {
        let error = match template {
            t if t.is_public() => filled(text, &facts::of_customers(policy, i)).err(),
            Template::Email => filled(text, &facts::Letter::new(policy, i, e, String::new())).err(),
            _ => filled(text, &facts::inside(policy, i, e, marked::escaped)).err(),
        };
        error.map(|error| format!("the template `{}` does not work: {error}", template.key()))
    })
}
