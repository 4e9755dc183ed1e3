//! What follows from the change of an incident: pages, posts for customers, mails, and its own channels.

use super::Derive;
use crate::domain::ids::{PlatformName, Stream};
use crate::domain::incident::{Incident, IncidentEvent};
use crate::domain::paging::{Follow, Try, Via};
use crate::domain::render;
use crate::domain::status;
use crate::engine::effect::{Effect, RoomAct};
use crate::store::Batch;
use std::collections::BTreeSet;

impl Derive<'_> {
    /// Tries of pages that were not asked for before. None is taken back: who acts on one looks first whether it is still wanted.
    pub(super) fn pages(&self, batch: &mut Batch, stream: &Stream, before: Option<&Incident>, after: &Incident) {
        let old: BTreeSet<Try> = before.map(render::pages_asked).unwrap_or_default().into_iter().collect();
        for of in render::pages_asked(after).into_iter().filter(|of| !old.contains(of)) {
            for of in self.places(after, of) {
                let at = if of.via == Via::Chat { format!("@{}", of.place) } else { String::new() };
                let key = format!("{stream}/{}{at}", render::page_key(&of));
                self.push(batch, stream, key, &Effect::Page { stream: stream.clone(), of });
            }
        }
        let old: BTreeSet<(Try, Follow)> = before.map(render::pages_followed).unwrap_or_default().into_iter().collect();
        for (of, what) in render::pages_followed(after).into_iter().filter(|told| !old.contains(told)) {
            let word = if what == Follow::Resolved { "resolved" } else { "acknowledged" };
            let key = format!("{stream}/{}/{word}", render::page_key(&of));
            let person = after.climb.pages.get(of.page).map(|page| page.person.clone());
            self.push(batch, stream, key, &Effect::PageFollow { stream: stream.clone(), of, what, person });
        }
    }

    /// What customers are to be told that they were not told before. None is taken back.
    pub(super) fn publications(&self, batch: &mut Batch, stream: &Stream, before: Option<&Incident>, after: &Incident) {
        let old = before.map(|i| status::tries(&i.publications)).unwrap_or_default();
        for of in status::tries(&after.publications).into_iter().filter(|of| !old.contains(of)) {
            let key = format!("{stream}/public/{}.{}/{}", of.publication, of.post, of.place);
            self.push(batch, stream, key, &Effect::Publish { incident: after.id, of });
        }
        let public = |i: &Incident| i.public().map(|_| i.severity.clone());
        let (Some(service), Some(newest)) = (&after.service, after.publications.last()) else { return };
        if before.and_then(public) == public(after) {
            return;
        }
        // As a card: an older wish to show it is replaced.
        for place in newest.places.keys() {
            let key = format!("component/{service}@{place}");
            batch.outbox.retain(|row| row.key != key);
            let effect = Effect::Component { place: place.clone(), service: service.clone() };
            self.push(batch, stream, key, &effect);
        }
    }

    /// Mails about what has just happened in an incident.
    pub(super) fn mails(&self, batch: &mut Batch, stream: &Stream, (event, seq): (&IncidentEvent, i64), i: &Incident) {
        if let Some(trouble) = render::template_trouble(self.policy, event, i) {
            tracing::error!(name: "template.failed", incident = %i.id, error = %trouble, "{}: {trouble}; ours stands in for it", i.id);
        }
        for mail in render::status_mails(self.policy, i, event, seq, self.now.wall) {
            let key = format!("{stream}/{seq}/mail/{}", mail.to.address);
            self.push(batch, stream, key, &Effect::StatusMail { incident: i.id, mail: Box::new(mail) });
        }
    }

    /// A page in chat goes to every platform that knows the person; the one that says there is none says so at once.
    fn places(&self, i: &Incident, of: Try) -> Vec<Try> {
        let Some(page) = i.climb.pages.get(of.page).filter(|_| of.via == Via::Chat) else { return vec![of] };
        let reach: Vec<&PlatformName> = self.platforms.iter().filter(|p| self.reaches(&page.person, p)).collect();
        if reach.is_empty() {
            return vec![of];
        }
        let places = reach.len();
        reach.into_iter().map(|p| Try { place: p.to_string(), places, ..of.clone() }).collect()
    }

    /// Something about an incident's channels, wherever there is one, or is to be one.
    pub(super) fn room(&self, batch: &mut Batch, stream: &Stream, seq: i64, i: &Incident, act: &RoomAct) {
        for platform in self.platforms.iter().filter(|p| i.rooms.awaited(p) || i.rooms.channel(p).is_some()) {
            let key = format!("{stream}/{seq}/room@{platform}");
            let effect = Effect::Room { platform: platform.clone(), incident: i.id, act: act.clone() };
            self.push(batch, stream, key, &effect);
        }
    }

    /// Who came to an incident since, or was there when its channel was not, is asked into its channel.
    pub(super) fn guests(&self, batch: &mut Batch, stream: &Stream, before: Option<&Incident>, after: &Incident) {
        for (platform, channel) in after.rooms.open() {
            let there = before.filter(|i| i.rooms.open().any(|(p, c)| (p, c) == (platform, channel)));
            let there = there.map(Incident::crowd).unwrap_or_default();
            for person in after.crowd().difference(&there).copied().filter(|p| self.reaches(p, platform)) {
                let key = format!("{stream}/room/{}/{person}@{platform}", after.rooms.asked);
                let act = RoomAct::Invite { person: person.clone() };
                let effect = Effect::Room { platform: platform.clone(), incident: after.id, act };
                self.push(batch, stream, key, &effect);
            }
        }
    }
}
