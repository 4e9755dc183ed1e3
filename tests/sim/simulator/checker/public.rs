//! What customers are owed: every text once and in order, what the journal says and nothing else, the last word at the end; each
//! component as bad as the worst that is public about it; and every mail, repeated only when something went wrong.

use super::super::core::{Shared, lock};
use super::Checker;
use signalbox::domain::ids::{IncidentId, ServiceName};
use signalbox::domain::incident::{Incident, IncidentEvent as E};
use signalbox::domain::status::{Mail, Phase, PublicNotice};
use signalbox::store::{Batch, OutboxRow};
use std::collections::BTreeMap;

/// A post as customers see it: its place in the incident, how far it is, its text.
type Shown = (usize, Phase, String);

#[derive(Default)]
pub struct Public {
    /// By place and publication: number, phase and text of what customers read, the oldest first.
    shown: BTreeMap<(&'static str, String), Vec<Shown>>,
    /// By place and service: the rank of the worst that the place knows of; none: it works.
    components: BTreeMap<(&'static str, ServiceName), Option<usize>>,
    /// By id and address: how often it arrived, by whom last, and what had gone wrong there until then.
    mails: BTreeMap<(String, String), (u32, usize, u64)>,
    /// By key of their row: id and address.
    promised: BTreeMap<String, (String, String)>,
    given_up: usize,
}

impl Checker {
    /// An event of an incident has happened.
    pub(super) fn public_after(&mut self, e: &E) {
        if matches!(e, E::MailLost { .. }) {
            self.public.given_up += 1;
        }
    }

    /// Whether a post stands there.
    pub fn public_has(&self, place: &'static str, notice: &PublicNotice) -> bool {
        let shown = self.public.shown.get(&(place, notice.key.clone())).into_iter().flatten();
        shown.filter(|(_, phase, text)| (*phase, text) == (notice.phase, &notice.text)).count() > notice.same_before
    }

    /// A post is made. `keyed`: one that is there already is the same one.
    pub fn public_post(&mut self, place: &'static str, notice: &PublicNotice, keyed: bool, core: &Shared) {
        let mut core = lock(core);
        let what = format!("post {} of {} on {place}", notice.post, notice.key);
        core.say(format!("{what}: {} {}", notice.phase.name(), notice.text));
        if let Err(wrong) = self.is_public(notice) {
            core.violate(format!("{what}: {wrong}"));
        }
        let shown = self.public.shown.entry((place, notice.key.clone())).or_default();
        let post = (notice.post, notice.phase, notice.text.clone());
        if keyed && shown.contains(&post) {
            return;
        }
        core.count("public posts");
        match shown.last() {
            Some((last, ..)) if *last == notice.post => core.violate(format!("customers read {what} twice")),
            Some((last, ..)) if *last > notice.post => {
                core.violate(format!("customers read {what} after post {last}"));
            }
            None if notice.post > 0 => core.violate(format!("customers read {what} first")),
            _ => {}
        }
        shown.push(post);
    }

    /// By the journal, and no drill.
    fn is_public(&self, notice: &PublicNotice) -> Result<(), String> {
        let id = notice.key.split('/').next().and_then(IncidentId::parse).ok_or("it is about no incident")?;
        let i = self.incidents().find(|i| i.id == id).ok_or("its incident is unknown")?;
        let publication = i.publications.iter().zip(0..).find(|(_, n)| notice.key.ends_with(&format!("/{n}")));
        let (publication, _) = publication.ok_or("nothing was published")?;
        let post = publication.posts.get(notice.post).ok_or("it was not said")?;
        if i.drill {
            return Err("it is a drill".into());
        }
        match (post.phase, &post.text, &publication.title) == (notice.phase, &notice.text, &notice.title) {
            true => Ok(()),
            false => Err(format!("the journal says {post:?}")),
        }
    }

    pub fn public_component(&mut self, place: &'static str, service: &ServiceName, rank: Option<usize>) {
        self.public.components.insert((place, service.clone()), rank);
    }

    pub fn mail_arrives(&mut self, replica: usize, mail: &Mail, core: &Shared) {
        let mut core = lock(core);
        let key = (mail.id.clone(), mail.to.address.clone());
        let (arrived, by, before) = self.public.mails.get(&key).copied().unwrap_or_default();
        if arrived > 0 && core.troubles[by] == before {
            core.violate(format!("mail {} arrives twice, and nothing had gone wrong", mail.id));
        }
        core.count("mails");
        let now = (arrived + 1, replica, core.troubles[replica]);
        self.public.mails.insert(key, now);
    }

    /// At every commit: what a place does not know yet is on its way.
    pub(super) fn public_holds(&mut self, batch: &Batch, outbox: &[OutboxRow]) -> Vec<String> {
        for row in batch.outbox.iter().filter(|row| row.key.contains("/mail/")) {
            let body: serde_json::Value = serde_json::from_str(&row.body).unwrap_or_default();
            let text = |at: &str| body.pointer(at).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
            self.public.promised.insert(row.key.clone(), (text("/mail/id"), text("/mail/to/address")));
        }
        let mut wrong = Vec::new();
        let on_its_way = |key: &str| outbox.iter().any(|row| row.key == key);
        let policy = &self.policies[0];
        let rank = |i: &Incident| policy.response.severities.iter().position(|s| s.name == i.severity);
        let places: Vec<_> = policy.response.status.page.iter().flat_map(|page| page.places.clone()).collect();
        for service in policy.services.keys() {
            let about = self.incidents().filter(|i| i.public().is_some() && i.service.as_ref() == Some(service));
            let worst = about.filter_map(rank).min();
            for place in &places {
                let known = self.public.components.iter().find(|((p, s), _)| p == place && s == service);
                let known = known.and_then(|(_, rank)| *rank);
                if known != worst && !on_its_way(&format!("component/{service}@{place}")) {
                    wrong.push(format!("{service} is {known:?} on {place} and should be {worst:?}"));
                }
            }
        }
        wrong
    }

    /// Everything was told, and customers read last what was said last.
    pub(super) fn public_at_the_end(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for i in self.incidents() {
            for (n, publication) in i.publications.iter().enumerate() {
                if !publication.over() {
                    wrong.push(format!("customers are never told that {} is over", i.id));
                }
                let key = format!("{}/{}/{n}", i.id, i.started.as_millisecond());
                for place in publication.places.keys() {
                    let shown = self.public.shown.iter().find(|((p, k), _)| p == place && *k == key);
                    let shown: Vec<_> = shown.into_iter().flat_map(|(_, all)| all).map(|(_, p, t)| (*p, t)).collect();
                    let said: Vec<_> = publication.posts.iter().map(|post| (post.phase, &post.text)).collect();
                    if shown != said {
                        wrong.push(format!("customers of {place} read {shown:?} of {key} and not {said:?}"));
                    }
                }
            }
        }
        let lost = self.public.promised.values().filter(|key| !self.public.mails.contains_key(key)).count();
        if lost > self.public.given_up {
            wrong.push(format!("{lost} mails never arrive, and {} were given up", self.public.given_up));
        }
        wrong
    }
}
