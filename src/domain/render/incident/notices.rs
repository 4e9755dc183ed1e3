//! What is said besides the card: in its thread, in the channel, and to people alone.

use super::super::announce::{Notice, Place};
use super::super::parts::{asking, button, called, confirmed};
use super::afterwards;
use super::alerts as alert;
use super::card::incident_key;
use super::page::{because, reasons};
use super::status;
use super::title;
use crate::domain::ids::{PersonId, PlatformName};
use crate::domain::incident::{Incident, IncidentEvent as E, RoomCame, Told};
use crate::domain::message::{ButtonStyle, Message, Piece, Text, Tone, bold, clock, code, mention, person, plain};
use crate::domain::paging::{Came, Try};
use crate::domain::policy::Policy;
use crate::domain::runbook::Came as Ended;

pub fn incident(policy: &Policy, e: &E, i: &Incident) -> Vec<Notice> {
    let mut out = at_home(policy, e, i);
    out.extend(status::posts(policy, i, e));
    out
}

/// In its thread, in the incidents channel, and to people alone.
fn at_home(policy: &Policy, e: &E, i: &Incident) -> Vec<Notice> {
    let thread = |tone, text| {
        let place = Place::Thread { card: incident_key(i), channel: policy.channels.incidents.clone() };
        Notice { place, message: Message::new(tone, text) }
    };
    let channel = |tone, text| Notice {
        place: Place::Channel(policy.channels.incidents.clone()),
        message: Message::new(tone, text),
    };
    match e {
        E::UpdateAsked { told: Told::Nobody, .. } => Vec::new(),
        E::Joined { person: who, .. } => vec![thread(Tone::Neutral, vec![person(who), plain(" joins.")])],
        E::Acknowledged { by, until } => {
            let text = vec![person(by), plain(" has it, and says more by "), clock(*until), plain(".")];
            vec![thread(Tone::Good, text)]
        }
        E::Paged { level, people, why, .. } if people.is_empty() => {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            let text = vec![plain(format!("Nobody is on {level}{why}; the next level is asked at once."))];
            vec![thread(Tone::Warning, text)]
        }
        // What each of them is told alone is the page itself, which has a row of its own.
        E::Paged { level, people, why, .. } => {
            let mut text = vec![bold(format!("{level} is paged")), plain(because(why))];
            text.extend(called(people));
            vec![thread(Tone::Bad, text)]
        }
        E::Called { by, people, why, .. } => {
            let mut text = vec![person(by), plain(" "), bold("pages"), plain(" ")];
            text.extend(called(people));
            // Behind who asks stands what for.
            text.extend(why.split_once(": ").map(|(_, what)| plain(format!(": {what}"))));
            vec![thread(Tone::Bad, text)]
        }
        E::Passed { .. } => Vec::new(),
        E::PageCame { of, came: how } => came(i, of, how).map(|(tone, text)| thread(tone, text)).into_iter().collect(),
        E::RoundBegun => {
            let text = vec![plain("Nobody has answered. The ladder is climbed again from its start.")];
            vec![thread(Tone::Warning, text)]
        }
        // What a drill came to is told with its score.
        E::LadderEnded if i.drill => Vec::new(),
        E::LadderEnded => {
            let mut text = vec![code(i.id.to_string()), plain(" "), bold(i.title.as_str())];
            text.extend([
                plain(": nobody on its ladder has answered. Whoever reads this, take it: "),
                code(format!("/incident ack {}", i.id)),
            ]);
            vec![channel(Tone::Bad, text)]
        }
        E::Nudged { person: who } => {
            let text = vec![plain(format!("You said you would have said more about {} by now. ", i.id))];
            vec![alone(i, who, Tone::Warning, text)]
        }
        E::PromiseBroken { person: who } => {
            let text = vec![person(who), plain(" has said nothing since; the ladder is climbed again from its start.")];
            vec![thread(Tone::Warning, text)]
        }
        E::Updated { by, text, .. } => {
            vec![thread(Tone::Neutral, vec![person(by), plain(format!(": {text}"))])]
        }
        E::UpdateAsked { told, .. } => asked(policy, i, *told),
        E::Snoozed { by, until } => {
            let text = vec![person(by), plain(" puts the next update off until "), clock(*until), plain(".")];
            vec![thread(Tone::Neutral, text)]
        }
        E::SeverityChanged { from, to, .. } => {
            let meaning = policy.response.severity(to).map_or(String::new(), |s| format!(", {}", s.title));
            let text = vec![
                code(i.id.to_string()),
                plain(" is "),
                bold(format!("{to} now")),
                plain(format!("{meaning}; it was {from}.")),
            ];
            vec![thread(Tone::Warning, text.clone()), channel(Tone::Warning, text)]
        }
        E::Assigned { duty, person: who } => {
            let text = vec![mention(who), plain(format!(" is {} now.", duty.words()))];
            vec![thread(Tone::Neutral, text)]
        }
        E::Resolved { resolution, .. } if i.drill => {
            let said =
                vec![code(i.id.to_string()), plain(" "), bold("The drill is over"), plain(format!(": {resolution}."))];
            vec![thread(Tone::Good, said.clone()), channel(Tone::Good, said)]
        }
        E::Mitigated { .. } | E::Resolved { .. } | E::Reopened { .. } => {
            let Some(message) = status::post(policy, i, e) else { return Vec::new() };
            let of = |place| Notice { place, message: message.clone() };
            let card = Place::Thread { card: incident_key(i), channel: policy.channels.incidents.clone() };
            vec![of(card), of(Place::Channel(policy.channels.incidents.clone()))]
        }
        E::Published { .. } => status::published(i).map(|(tone, text)| thread(tone, text)).into_iter().collect(),
        E::PublicationCame { of, came } => {
            status::publication_came(i, of, came).map(|(tone, text)| thread(tone, text)).into_iter().collect()
        }
        E::MailLost { to, why } => {
            let text = vec![
                bold("A mail about this is lost"),
                plain(
                    format!(
                        ": {to} ({why}). Tell them another way, and look at `email` of {} in the config.",
                        i.severity
                    )
                    .replace('`', ""),
                ),
            ];
            vec![thread(Tone::Warning, text)]
        }
        E::RollbackReminded => way_back(policy, i).into_iter().collect(),
        E::ImpactSaid { by, text } => {
            vec![thread(Tone::Neutral, vec![plain(format!("Impact: {text} · ")), person(by)])]
        }
        E::DeploymentRolledBack { deployment, what, why } => {
            let text = vec![code(deployment.to_string()), plain(format!(" {what} goes back: {why}"))];
            vec![thread(Tone::Warning, text)]
        }
        E::ActionAdded { .. } | E::ActionPlanned { .. } | E::ActionDone { .. } | E::ActionNagged { .. } => {
            afterwards::of_action(policy, e, i).into_iter().collect()
        }
        E::LessonsSaid { by, text } => {
            vec![thread(Tone::Good, vec![plain(format!("Learned: {text} · ")), person(by)])]
        }
        E::AlertsFired { alerts, again } => {
            let text = alert::fires(i, alerts, *again);
            vec![thread(if *again { Tone::Bad } else { Tone::Warning }, text)]
        }
        E::AlertsOver { keys } => alert::over(i, keys).map(|text| thread(Tone::Good, text)).into_iter().collect(),
        E::Hushed { why } => {
            let text = vec![plain(format!("Nobody is paged about this for now: {why}."))];
            vec![thread(Tone::Neutral, text)]
        }
        E::Rearmed { firing: true, .. } => {
            let text = vec![plain("It still fires, and people are paged about it again.")];
            vec![thread(Tone::Warning, text)]
        }
        E::Rearmed { .. } => {
            let mut text = vec![plain("Its alerts ended while nobody was paged. Say how it stands: ")];
            text.push(code(format!("/incident update {} …", i.id)));
            vec![thread(Tone::Neutral, text)]
        }
        E::Declared(_) | E::LadderWidened { .. } => Vec::new(),
        E::Marked { .. } | E::Unmarked { .. } | E::MarkChanged { .. } => Vec::new(),
        // Its card shows who ticked what.
        E::FirstOpened { .. } | E::FirstTicked { .. } | E::FirstUnticked { .. } | E::FirstNotApplicable { .. } => {
            Vec::new()
        }
        E::RoomWanted { .. } => vec![thread(Tone::Waiting, war_room(policy, i))],
        E::RoomCame { came: RoomCame::Made { .. }, .. } => Vec::new(),
        E::RoomCame { platform, came: RoomCame::Refused { why } } => {
            let text = vec![
                bold("It has no channel of its own here"),
                plain(format!(": {why}. This thread is the war room.")),
            ];
            vec![room(policy, i, platform, Message::new(Tone::Warning, text))]
        }
        E::RoomsClosed => {
            let text = vec![
                plain(format!("{} is over, and this channel is put aside. ", i.id)),
                code(format!("/incident reopen {} REASON", i.id)),
                plain(" begins again in a new one."),
            ];
            let on = |(platform, _): (&PlatformName, _)| {
                room(policy, i, platform, Message::new(Tone::Neutral, text.clone()))
            };
            i.rooms.made().map(on).collect()
        }
        E::CommandBegun { by, runbook, number, what } => {
            let text =
                vec![person(by), plain(" runs "), code(format!("{runbook} #{number}")), plain(format!(": {what}."))];
            vec![thread(Tone::Busy, text)]
        }
        E::CommandEnded { runbook, number, what, came, summary } => {
            let tone = if *came == Ended::Succeeded { Tone::Good } else { Tone::Bad };
            let text = vec![code(format!("{runbook} #{number}")), plain(format!(", {what}, ends: {summary}."))];
            vec![thread(tone, text)]
        }
        E::PagedToo { level, people, why, .. } => {
            let mut text = vec![bold(format!("{level} is paged")), plain(because(why))];
            text.extend(called(people));
            vec![thread(Tone::Bad, text)]
        }
        E::PostMortemNagged => afterwards::owed(policy, i),
        E::Reviewed { by } => {
            let mut text = title(i);
            text.extend([plain(" by "), person(by)]);
            vec![thread(Tone::Good, text)]
        }
    }
}

/// Where the incident is worked on, on this platform alone: its channel there, or the thread of its card.
fn room(policy: &Policy, i: &Incident, platform: &PlatformName, message: Message) -> Notice {
    let (platform, channel) = (platform.clone(), policy.channels.incidents.clone());
    Notice { place: Place::ThreadOn { platform, card: incident_key(i), channel }, message }
}

/// The first that is said in a channel of its own; and in the thread, where there is none.
fn war_room(policy: &Policy, i: &Incident) -> Text {
    let mut text = vec![bold("The war room"), plain(" of "), code(i.id.to_string())];
    text.push(plain(format!(": {} {}. Its card is in ", i.severity, i.title)));
    text.extend([Piece::Channel(policy.channels.incidents.clone()), plain(". What is typed here is about it: ")]);
    text.extend([code("/incident update how it stands"), plain(".")]);
    text
}

/// What came of a page, as far as people must know: that it went by another way, or by none.
fn came(i: &Incident, of: &Try, came: &Came) -> Option<(Tone, Text)> {
    let page = i.climb.pages.get(of.page).filter(|_| of.episode == i.episode)?;
    let (Came::Failed { .. }, false) = (came, page.settled) else { return None };
    let failed = page.by(of.via).filter(|a| a.ended)?;
    let how = format!(" is not reached by {} ({})", of.via.words(), reasons(failed));
    let mut text = vec![person(&page.person), plain(how)];
    if page.lost() {
        text.push(plain(", and by nothing else."));
        return Some((Tone::Bad, text));
    }
    // Those that were begun at once with it are under way, or have arrived.
    let next: Vec<&str> = page.attempts.iter().filter(|a| !a.ended).map(|a| a.via.words()).collect();
    let instead = if page.taken() { "got there" } else { "is tried" };
    text.push(plain(format!("; {} {instead}.", next.join(" and "))));
    Some((Tone::Warning, text))
}

/// Something for one person about an incident, with the ways to answer it.
fn alone(i: &Incident, who: &PersonId, tone: Tone, mut text: Text) -> Notice {
    text.extend(title(i));
    let id = i.id.to_string();
    let me = [("incident", id.as_str())];
    let update = asking(button("Update", ButtonStyle::Primary, "incident update", &me), "text", "How it stands", true);
    let later = button("In 15 minutes", ButtonStyle::Plain, "incident snooze", &[("incident", &id), ("span", "15m")]);
    let message = Message::new(tone, text).button(update).button(later);
    Notice { place: Place::Person(who.clone()), message }
}

/// An update is due soon, or now, or was due.
fn asked(policy: &Policy, i: &Incident, told: Told) -> Vec<Notice> {
    let lead = i.lead();
    let due = i.next_update.as_ref().map(|next| next.due);
    let mut text: Text = Vec::new();
    match (told, lead) {
        (Told::Privately, Some(lead)) => {
            text.push(plain("People want to hear how it stands"));
            text.extend(due.into_iter().flat_map(|due| [plain(" by "), clock(due)]));
            text.push(plain(": "));
            return vec![alone(i, lead, Tone::Waiting, text)];
        }
        (Told::Privately, None) => return Vec::new(),
        (Told::Channel, _) => text.push(plain("An update is due: how does it stand? ")),
        _ => text.push(plain("The update is overdue, and somebody above is asked. ")),
    }
    text.extend(lead.into_iter().flat_map(|lead| [mention(lead), plain(" ")]));
    text.push(code(format!("/incident update {} …", i.id)));
    let place = Place::Thread { card: incident_key(i), channel: policy.channels.incidents.clone() };
    vec![Notice { place, message: Message::new(Tone::Warning, text) }]
}

/// The deployment that may have caused it, with its way back.
fn way_back(policy: &Policy, i: &Incident) -> Option<Notice> {
    let suspect = i.suspects.first()?;
    let id = suspect.deployment.to_string();
    let mut text = vec![
        plain(format!("{} has lasted a while, and ", i.id)),
        code(id.as_str()),
        plain(format!(" {} came before it. Going back may be the quickest way out. ", suspect.what)),
    ];
    text.extend(i.lead().into_iter().map(mention));
    let back = button("Roll back", ButtonStyle::Danger, "rollback", &[("deployment", &id)]);
    let message = Message::new(Tone::Warning, text).button(confirmed(back, &format!("Undo {id}: {}?", suspect.what)));
    let place = Place::Thread { card: incident_key(i), channel: policy.channels.incidents.clone() };
    Some(Notice { place, message })
}
