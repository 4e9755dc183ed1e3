//! Holds an expectation against the world.

use super::nearest::{Candidate, nearest};
use super::target::find;
use super::{Played, Player, Trouble};
use crate::chat::text::render;
use crate::domain::ids::PersonId;
use crate::domain::message::{Block, Message, Piece, Text};
use crate::domain::paging::Via;
use crate::domain::status::{Mail, PublicNotice, STATUSPAGE};
use crate::rehearsal::script::{Expect, Pattern, Thing, Where};
use crate::rehearsal::world::Said;

impl Player<'_> {
    pub(super) async fn expect(&mut self, expect: &Expect) -> Played<()> {
        match expect {
            Expect::Says { place, says, not } => self.says(place, says, *not),
            Expect::NoReply => {
                let replies = self.replies.get(&self.actor).cloned().unwrap_or_default();
                when(!replies.is_empty(), || Trouble::new("there is a reply", replies))
            }
            Expect::Status { deployment, status, words } => {
                let Some(d) = self.world.engine().deployment(*deployment).await? else {
                    return Err(Trouble::new(format!("there is no {deployment}"), Vec::new()));
                };
                self.read.extend(self.card(Thing::Deployment(*deployment)).map(|c| c.id));
                let note = if d.note.is_empty() { Vec::new() } else { vec![format!("its note: {}", d.note)] };
                let detail = note.into_iter().chain(self.card_text(Thing::Deployment(*deployment))).collect();
                let message = format!("{deployment} is {}, not {words}", d.status.words());
                when(d.status != *status, || Trouble::new(message, detail))
            }
            Expect::Incident { incident, status } => {
                let Some(i) = self.world.engine().incident(*incident).await? else {
                    return Err(Trouble::new(format!("there is no {incident}"), Vec::new()));
                };
                let thing = Thing::Incident(*incident);
                self.read.extend(self.card(thing).map(|c| c.id));
                let message = format!("{incident} is {}, not {}", i.status.words(), status.words());
                when(i.status != *status, || Trouble::new(message, self.card_text(thing)))
            }
            Expect::Mention { person, place, not } => self.mention(person, place.as_ref(), *not),
            Expect::Button { label, on, not } => {
                let (_, message) = self.target(on)?;
                let there = find(&message, label).is_some();
                let labels = message.buttons.iter().map(|b| b.label.clone()).collect::<Vec<_>>().join(", ");
                let is = if there { "there is a" } else { "there is no" };
                when(there == *not, || Trouble::new(format!("{is} button {label}"), vec![format!("buttons: {labels}")]))
            }
            Expect::Jobs { job, times } => self.jobs(job, *times),
            Expect::NothingElse { channel } => self.nothing_else(channel.as_deref()),
            Expect::NothingChanged => {
                let events = self.journalled().await? - self.journal;
                when(events != 0, || Trouble::new(format!("{} written down", many(events, "event")), Vec::new()))
            }
            outside => self.outside(outside),
        }
    }

    fn outside(&self, expect: &Expect) -> Played<()> {
        let outside = self.world.outside();
        match expect {
            Expect::Serves { service, version, environment } => {
                let live = outside.live(service, environment).unwrap_or_else(|| "nothing".into());
                when(&live != version, || {
                    Trouble::new(format!("{service} serves {live} in {environment}, not {version}"), Vec::new())
                })
            }
            Expect::Share { service, version, per_cent, environment } => {
                let weight = f64::from(outside.weight(service, environment, version));
                when((weight - per_cent).abs() > 0.5, || {
                    Trouble::new(
                        format!("{service} {version} has {weight} % of the traffic in {environment}"),
                        Vec::new(),
                    )
                })
            }
            Expect::Maintenance { service, environment, not } => {
                let on = outside.maintenance(service, environment);
                let state = if on { "on" } else { "off" };
                when(on == *not, || {
                    Trouble::new(format!("maintenance of {service} in {environment} is {state}"), Vec::new())
                })
            }
            _ => Ok(()),
        }
    }

    fn says(&mut self, place: &Where, says: &[Pattern], not: bool) -> Played<()> {
        let messages = self.messages(place);
        let texts: Vec<(Option<String>, Candidate)> = match place {
            Where::Reply { to } => {
                let to = to.as_ref().unwrap_or(&self.actor);
                let replies = self.replies.get(to).cloned().unwrap_or_default();
                let place = format!("the reply to {to}");
                replies.into_iter().map(|text| (None, Candidate { place: place.clone(), text })).collect()
            }
            Where::Page(person, via) => self.pages(person, *via),
            Where::Mail(address) => self.mails(address),
            Where::StatusPage => self.public(),
            _ => messages.iter().map(|s| (Some(s.id.clone()), self.candidate(s))).collect(),
        };
        let found: Vec<_> = texts.iter().filter(|(_, c)| says.iter().all(|p| p.fits(&c.text))).collect();
        let wanted = says.iter().map(|p| p.text.clone()).collect::<Vec<_>>().join(" … ");
        match (not, found.first()) {
            (true, Some((_, candidate))) => {
                let detail = nearest(&wanted, std::slice::from_ref(candidate));
                Err(Trouble::new(format!("\"{wanted}\" is said"), detail))
            }
            (true, None) => Ok(()),
            (false, Some(_)) => {
                let ids: Vec<String> = found.iter().filter_map(|(id, _)| id.clone()).collect();
                self.read.extend(ids);
                Ok(())
            }
            (false, None) => {
                let all: Vec<Candidate> = texts.into_iter().map(|(_, c)| c).collect();
                Err(Trouble::new(format!("\"{wanted}\" is not said"), nearest(&wanted, &all)))
            }
        }
    }

    fn messages(&self, place: &Where) -> Vec<Said> {
        let chat = self.world.chat();
        match place {
            Where::Reply { .. } | Where::Page(..) | Where::Mail(..) | Where::StatusPage => Vec::new(),
            Where::Card(id) => self.card(*id).into_iter().collect(),
            Where::Thread(id) => self.below(*id),
            Where::Told(person) => {
                let alone = |s: &Said| s.only_for.as_ref().is_some_and(|p| p.as_str() == person);
                chat.said().into_iter().filter(alone).collect()
            }
            Where::Channel(name) => chat.channel(name).into_iter().filter(|s| s.only_for.is_none()).collect(),
            Where::Anywhere => chat.said(),
        }
    }

    /// What a person got by a way besides chat.
    fn pages(&self, person: &str, via: Via) -> Vec<(Option<String>, Candidate)> {
        let place = format!("what {person} gets by {}", via.words());
        let taken = self.world.pagers().taken().into_iter();
        let theirs = taken.filter(|t| t.via == via && t.letter.person.as_str() == person);
        theirs.map(|t| (None, Candidate { place: place.clone(), text: t.text() })).collect()
    }

    /// Mails about incidents to this address, as mail programs show them.
    fn mails(&self, address: &str) -> Vec<(Option<String>, Candidate)> {
        let place = format!("a mail to {address}");
        let taken = self.world.outlets().mails().into_iter().filter(|mail| mail.to.address == address);
        let text = |mail: Mail| format!("{}\n{}", mail.subject, mail.text);
        taken.map(|mail| (None, Candidate { place: place.clone(), text: text(mail) })).collect()
    }

    /// What customers read on the status page.
    fn public(&self) -> Vec<(Option<String>, Candidate)> {
        let posts = self.world.outlets().posts(STATUSPAGE).into_iter();
        let text = |n: PublicNotice| format!("{} · {}: {}", n.title, n.phase.name(), n.text);
        posts.map(|n| (None, Candidate { place: "the status page".into(), text: text(n) })).collect()
    }

    fn candidate(&self, said: &Said) -> Candidate {
        let place = match said.key.strip_prefix("card:") {
            Some(id) => format!("{id}'s card"),
            None if said.thread.is_some() => {
                let parent = said.thread.as_deref().and_then(|t| self.world.chat().get(t));
                let name = parent.map_or_else(String::new, |p| p.key.trim_start_matches("card:").to_owned());
                format!("the thread of {name}")
            }
            None if said.only_for.is_some() => {
                format!("what {} is told alone", said.only_for.as_ref().map_or("", PersonId::as_str))
            }
            None => format!("#{}", said.channel),
        };
        Candidate { place, text: render(&said.message(), self.reader) }
    }

    fn card_text(&self, id: Thing) -> Vec<String> {
        let text = self.card(id).map(|c| render(&c.message(), self.reader)).unwrap_or_default();
        text.lines().map(|l| format!("  {l}")).collect()
    }

    fn mention(&mut self, person: &str, place: Option<&Where>, not: bool) -> Played<()> {
        let who = PersonId::new(person);
        let messages = self.messages(place.unwrap_or(&Where::Anywhere));
        let calls = |s: &&Said| s.versions.iter().any(|(_, m)| mentions(m, &who));
        let found: Vec<&Said> = messages.iter().filter(calls).collect();
        match (not, found.first()) {
            (true, Some(said)) => {
                let text = self.candidate(said);
                let lines = text.text.lines().map(|l| format!("  {l}"));
                let detail = std::iter::once(format!("in {}:", text.place)).chain(lines).collect();
                Err(Trouble::new(format!("{person} is mentioned"), detail))
            }
            (false, None) => {
                let detail = vec![format!("of {} messages there, none calls {person}", messages.len())];
                Err(Trouble::new(format!("{person} is not mentioned"), detail))
            }
            _ => {
                self.read.extend(found.iter().map(|s| s.id.clone()));
                Ok(())
            }
        }
    }

    fn jobs(&self, job: &Pattern, times: Option<usize>) -> Played<()> {
        let all = self.world.outside().jobs();
        let n = all.iter().filter(|j| job.fits(&j.what)).count();
        if times.map_or(n > 0, |t| t == n) {
            return Ok(());
        }
        let started: Vec<String> = all.iter().map(|j| format!("  {} ({})", j.what, j.key)).collect();
        let detail = if started.is_empty() { vec!["no job was started".into()] } else { started };
        let message = match times {
            Some(t) => format!("{n} such jobs were started, not {t}"),
            None => "no such job was started".to_owned(),
        };
        Err(Trouble::new(message, detail))
    }

    fn nothing_else(&self, channel: Option<&str>) -> Played<()> {
        let said = self.world.chat().said().into_iter();
        let unread: Vec<Said> = said
            .filter(|s| s.thread.is_none() && !self.read.contains(&s.id))
            .filter(|s| channel.is_none_or(|c| s.channel.as_str() == c))
            .collect();
        let first = |s: &Said| {
            let text = render(&s.message(), self.reader);
            format!("  #{}: {}", s.channel, text.lines().next().unwrap_or_default())
        };
        let n = i64::try_from(unread.len()).unwrap_or(i64::MAX);
        when(n > 0, || {
            Trouble::new(format!("{} posted unexpectedly", many(n, "message")), unread.iter().map(first).collect())
        })
    }
}

/// `1 message was`, `2 messages were`.
fn many(n: i64, what: &str) -> String {
    if n == 1 { format!("1 {what} was") } else { format!("{n} {what}s were") }
}

fn when(wrong: bool, trouble: impl FnOnce() -> Trouble) -> Played<()> {
    if wrong { Err(trouble()) } else { Ok(()) }
}

/// Whether a message notifies the person.
fn mentions(message: &Message, who: &PersonId) -> bool {
    let calls = |text: &Text| text.iter().any(|p| matches!(p, Piece::Person { id, mention: true } if id == who));
    calls(&message.title)
        || message.blocks.iter().any(|b| match b {
            Block::Text(t) | Block::Context(t) | Block::Quote(t) => calls(t),
            Block::Fields(fields) => fields.iter().any(|(_, t)| calls(t)),
            Block::List(lines) => lines.iter().any(|l| calls(&l.text)),
            Block::Progress(_) | Block::Code(_) | Block::Picture(_) | Block::Divider => false,
        })
}
