//! What customers read, and what those inside see of that.

use super::super::super::parts::capital;
use super::facts::of_customers;
use super::fill::or_ours;
use super::marked::one_line;
use crate::domain::incident::Incident;
use crate::domain::message::{Piece, Text, Tone, bold, clock, code, person, plain};
use crate::domain::policy::Policy;
use crate::domain::status::{
    PUBLIC_TEXT_CHARS, PUBLIC_TITLE_CHARS, PublicCame, PublicNotice, PublicTry, STATUSPAGE, Template,
};
use jiff::Timestamp;

/// What a public template says now; empty: nothing.
#[must_use]
pub fn public_text(policy: &Policy, i: &Incident, template: Template) -> String {
    let own = policy.response.status.templates.get(&template);
    let text = or_ours(own, template, &of_customers(policy, i));
    text.chars().take(PUBLIC_TEXT_CHARS).collect()
}

/// The headline of a publication for which nobody typed one.
#[must_use]
pub fn public_title(policy: &Policy, i: &Incident) -> String {
    one_line(&public_text(policy, i, Template::PublicTitle)).chars().take(PUBLIC_TITLE_CHARS).collect()
}

/// A post as a status page is told it; none for a drill, and when there is no such post.
#[must_use]
pub fn public_notice(policy: &Policy, i: &Incident, of: &PublicTry, now: Timestamp) -> Option<PublicNotice> {
    let publication = i.publications.get(of.publication).filter(|_| !i.drill)?;
    let post = publication.posts.get(of.post)?;
    let same = |p: &&crate::domain::status::PublicPost| (p.phase, &p.text) == (post.phase, &post.text);
    let page = policy.response.status.page.as_ref();
    let name = page.zip(i.service.as_ref()).and_then(|(page, service)| page.services.get(service));
    let rank = policy.response.severities.iter().position(|s| s.name == i.severity);
    Some(PublicNotice {
        key: format!("{}/{}/{}", i.id, i.started.as_millisecond(), of.publication),
        post: of.post,
        same_before: publication.posts.iter().take(of.post).filter(same).count(),
        title: publication.title.clone(),
        phase: post.phase,
        text: post.text.clone(),
        service: i.service.clone(),
        service_name: name.cloned(),
        rank: rank.unwrap_or(usize::MAX),
        at: post.at,
        sent: now,
    })
}

/// What the card says of it.
pub(in super::super) fn customers(i: &Incident) -> Option<Text> {
    let publication = i.publications.last()?;
    let post = publication.last()?;
    let mut text = vec![plain(format!("“{}” · {} ", post.text, post.phase.name())), clock(post.at)];
    for (place, stands) in &publication.places {
        if let Some(why) = &stands.trouble {
            text.push(plain(format!(" · {} does not have it: {why}", called(place))));
        } else if stands.told < publication.posts.len() {
            text.push(plain(format!(" · on its way to {}", called(place))));
        } else if let Some(url) = &stands.link {
            text.extend([plain(" · "), Piece::Link { text: called(place).into(), url: url.clone() }]);
        }
    }
    Some(text)
}

/// What is said when customers are told something.
pub(in super::super) fn published(i: &Incident) -> Option<(Tone, Text)> {
    let publication = i.publications.last()?;
    let post = publication.last()?;
    let first = if publication.posts.len() == 1 { format!("{}: ", publication.title) } else { String::new() };
    let mut text = vec![bold("Customers are told"), plain(format!(", {}: {first}“{}”", post.phase.name(), post.text))];
    match &post.by {
        Some(by) => text.extend([plain(" · "), person(by)]),
        None => text.push(plain(" · from the template")),
    }
    Some((Tone::Neutral, text))
}

/// What came of that, as far as people must know.
pub(in super::super) fn came(i: &Incident, of: &PublicTry, came: &PublicCame) -> Option<(Tone, Text)> {
    let place = called(&of.place);
    match came {
        PublicCame::Posted { link: Some(url), .. } if of.post == 0 => {
            let link = Piece::Link { text: place.into(), url: url.clone() };
            Some((Tone::Good, vec![plain("Customers read it on "), link, plain(".")]))
        }
        PublicCame::Posted { .. } => None,
        PublicCame::Failed { why, given_up } => {
            let mut text = vec![bold(format!("{} does not have it: ", capital(place))), plain(format!("{why}. "))];
            if *given_up {
                text.push(plain("It is tried no more. Say it there by hand; "));
                text.push(code(format!("/incident publish {} …", i.id)));
                text.push(plain(" tries again with something new."));
            } else {
                text.push(plain("It is tried on. "));
                text.push(plain(format!("If that does not help, see [status_page.{}] in the config.", of.place)));
            }
            Some((Tone::Bad, text))
        }
    }
}

fn called(place: &str) -> &str {
    if place == STATUSPAGE { "the status page" } else { "the status webhook" }
}
