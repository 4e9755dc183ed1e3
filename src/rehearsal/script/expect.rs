//! Expectations: what must have been said, done, or not, by that line.

use super::act::{self, Target, Thing};
use super::problem::{Problem, suggest};
use super::words::{Read, Words};
use super::{Names, Pattern};
use crate::domain::deployment::Status;
use crate::domain::ids::{DeploymentId, IncidentId};
use crate::domain::incident;
use crate::domain::paging::Via;

#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// Some one message there holds all of these, or none does.
    Says {
        place: Where,
        says: Vec<Pattern>,
        not: bool,
    },
    Status {
        deployment: DeploymentId,
        status: Status,
        words: String,
    },
    Incident {
        incident: IncidentId,
        status: incident::Status,
    },
    NoReply,
    Mention {
        person: String,
        place: Option<Where>,
        not: bool,
    },
    Button {
        label: String,
        on: Target,
        not: bool,
    },
    /// So many jobs whose description holds this; `None`: at least one.
    Jobs {
        job: Pattern,
        times: Option<usize>,
    },
    Serves {
        service: String,
        version: String,
        environment: String,
    },
    Share {
        service: String,
        version: String,
        per_cent: f64,
        environment: String,
    },
    Maintenance {
        service: String,
        environment: String,
        not: bool,
    },
    /// Every message since the scene began was expected.
    NothingElse {
        channel: Option<String>,
    },
    /// The last act wrote nothing down.
    NothingChanged,
}

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// What the last act was answered with.
    Reply {
        to: Option<String>,
    },
    Card(Thing),
    Thread(Thing),
    /// What this person was told alone.
    Told(String),
    /// What went to this person by a way besides chat.
    Page(String, Via),
    /// Mails about incidents to this address.
    Mail(String),
    /// What customers read.
    StatusPage,
    /// Outside threads.
    Channel(String),
    /// Any channel or thread.
    Anywhere,
}

pub(super) fn read(words: &mut Words, names: &Names<'_>) -> Read<Expect> {
    if words.take("nothing else") {
        let channel = if words.take("in") { Some(channel(words, names)?) } else { None };
        return Ok(Expect::NothingElse { channel });
    }
    if words.take("nothing changed") {
        return Ok(Expect::NothingChanged);
    }
    if words.take("no message says") || words.take("no message") {
        return Ok(Expect::Says { place: Where::Anywhere, says: texts(words)?, not: true });
    }
    if words.take("no reply") {
        return Ok(Expect::NoReply);
    }
    if words.take("nothing on the status page") {
        return Ok(Expect::Says { place: Where::StatusPage, says: Vec::new(), not: true });
    }
    let not = words.take("no");
    if words.take("mail to") {
        let place = Where::Mail(words.word("an address")?.text);
        let says = if not { Vec::new() } else { said_by_page(words)? };
        return Ok(Expect::Says { place, says, not });
    }
    if words.take("mention of") {
        let person = names.person(&words.word("a person")?)?;
        let place = mention_place(words, names)?;
        return Ok(Expect::Mention { person, place, not });
    }
    if words.take("page to") {
        let place = page(words, names)?;
        let says = if not { Vec::new() } else { said_by_page(words)? };
        return Ok(Expect::Says { place, says, not });
    }
    if words.take("button") {
        let label = act::label(words)?;
        words.must("on")?;
        return Ok(Expect::Button { label, on: act::target(words)?, not });
    }
    if words.take("maintenance of") {
        let service = names.service(&words.word("a service")?)?;
        return Ok(Expect::Maintenance { service, environment: in_environment(words, names)?, not });
    }
    if words.take("job") || words.take("jobs") {
        let job = Pattern::new(&words.maybe_quoted().unwrap_or_default());
        return Ok(Expect::Jobs { job, times: not.then_some(0) });
    }
    if not {
        return Err(words.wrong("`message`, `reply`, `job`, `page to`, `button` or `mention of`"));
    }
    counted_or_place(words, names)
}

/// `lina by e-mail`
fn page(words: &mut Words, names: &Names<'_>) -> Read<Where> {
    let person = names.person(&words.word("a person")?)?;
    words.must("by")?;
    let way = words.word("a way such as `e-mail` or `push`")?;
    let known = Via::ALL.into_iter().filter(|via| *via != Via::Chat);
    match known.clone().find(|via| Some(*via) == Via::parse(&way.text)) {
        Some(via) => Ok(Where::Page(person, via)),
        None => {
            let problem = Problem::new(way.column, way.length, format!("`{}` is no way to page somebody", way.text));
            let hint = suggest(&way.text, known.map(Via::words));
            Err(problem.hint(format!("{hint}; for chat, write `expect told {person} \"…\"`")))
        }
    }
}

fn said_by_page(words: &mut Words) -> Read<Vec<Pattern>> {
    if !words.take("says") && words.peek().is_none_or(|w| !w.quoted) {
        return Err(words.wrong("`says`"));
    }
    texts(words)
}

fn counted_or_place(words: &mut Words, names: &Names<'_>) -> Read<Expect> {
    if let Some(n) = words.peek().and_then(|w| w.text.parse::<usize>().ok()) {
        words.next();
        if !(words.take("jobs") || words.take("job")) {
            return Err(words.wrong("`jobs`"));
        }
        return Ok(Expect::Jobs { job: Pattern::new(&words.quoted("part of the job")?), times: Some(n) });
    }
    let place = if words.take("reply") {
        let to = if words.take("to") { Some(names.person(&words.word("a person")?)?) } else { None };
        Where::Reply { to }
    } else if words.take("thread") {
        words.take("of");
        Where::Thread(act::thing(words)?)
    } else if words.take("told") {
        Where::Told(names.person(&words.word("a person")?)?)
    } else if words.take("status page") {
        Where::StatusPage
    } else if words.take("message") {
        Where::Anywhere
    } else if words.peek().is_some_and(|w| w.text.starts_with('#')) {
        Where::Channel(channel(words, names)?)
    } else if words.peek().is_some_and(|w| names.policy.services.contains_key(w.text.as_str())) {
        return serves(words, names);
    } else if words.peek().is_some_and(|w| Thing::parse(&w.text).is_some()) {
        Where::Card(act::thing(words)?)
    } else {
        let known = [
            "reply",
            "thread",
            "message",
            "told",
            "mention",
            "job",
            "page",
            "mail",
            "status page",
            "button",
            "nothing",
            "maintenance",
            "no",
        ];
        let found = words.peek().map(|w| w.text.clone()).unwrap_or_default();
        let problem = words.wrong("what is expected");
        let hint = format!("{}; or D-1, #deployments, a service", suggest(&found, known.into_iter()));
        return Err(problem.hint(hint));
    };
    said(words, place)
}

fn said(words: &mut Words, place: Where) -> Read<Expect> {
    match place {
        Where::Card(Thing::Deployment(deployment)) if words.take("is") => return status(words, deployment),
        Where::Card(Thing::Incident(incident)) if words.take("is") => return stands(words, incident),
        _ => {}
    }
    let not = words.take("does not say");
    if !not && !words.take("says") && words.peek().is_none_or(|w| !w.quoted) {
        return Err(words.wrong("`says` or `does not say`"));
    }
    Ok(Expect::Says { place, says: texts(words)?, not })
}

fn texts(words: &mut Words) -> Read<Vec<Pattern>> {
    let mut out = vec![Pattern::new(&words.quoted("what is said")?)];
    while words.take("and") {
        out.push(Pattern::new(&words.quoted("what is said")?));
    }
    Ok(out)
}

fn status(words: &mut Words, deployment: DeploymentId) -> Read<Expect> {
    let first = words.word("a status such as `awaiting` or `rolled back`")?;
    let mut text = first.text.clone();
    while let Some(word) = words.next() {
        text.push('_');
        text.push_str(&word.text);
    }
    let known = [
        "awaiting",
        "starting",
        "running",
        "baking",
        "verifying",
        "held",
        "rolling_back",
        "succeeded",
        "rejected",
        "cancelled",
        "expired",
        "superseded",
        "refused",
        "failed",
        "rolled_back",
    ];
    match serde_json::from_value(serde_json::Value::String(text.clone())) {
        Ok(status) => Ok(Expect::Status { deployment, status, words: text.replace('_', " ") }),
        Err(_) => {
            let shown = text.replace('_', " ");
            let problem = Problem::new(first.column, shown.chars().count(), format!("`{shown}` is no status"));
            Err(problem.hint(suggest(&text, known.into_iter()).replace('_', " ")))
        }
    }
}

fn stands(words: &mut Words, incident: IncidentId) -> Read<Expect> {
    let word = words.word("a status such as `open` or `resolved`")?;
    match serde_json::from_value(serde_json::Value::String(word.text.clone())) {
        Ok(status) => Ok(Expect::Incident { incident, status }),
        Err(_) => {
            let known = ["open", "acknowledged", "mitigated", "resolved", "reviewed"];
            let problem = Problem::new(word.column, word.length, format!("`{}` is no status", word.text));
            Err(problem.hint(suggest(&word.text, known.into_iter())))
        }
    }
}

fn serves(words: &mut Words, names: &Names<'_>) -> Read<Expect> {
    let service = names.service(&words.word("a service")?)?;
    if words.take("serves") {
        let version = words.word("a version")?.text;
        return Ok(Expect::Serves { service, version, environment: in_environment(words, names)? });
    }
    let version = words.word("`serves`, or a version")?.text;
    words.must("has")?;
    let per_cent = words.number("a share such as 10 %")?;
    words.take("%");
    words.must("of the traffic")?;
    Ok(Expect::Share { service, version, per_cent, environment: in_environment(words, names)? })
}

fn mention_place(words: &mut Words, names: &Names<'_>) -> Read<Option<Where>> {
    if words.take("on") {
        return Ok(Some(Where::Card(act::thing(words)?)));
    }
    if words.take("in thread") {
        words.take("of");
        return Ok(Some(Where::Thread(act::thing(words)?)));
    }
    if words.take("in") {
        return Ok(Some(Where::Channel(channel(words, names)?)));
    }
    Ok(None)
}

fn in_environment(words: &mut Words, names: &Names<'_>) -> Read<String> {
    words.must("in")?;
    names.environment(&words.word("an environment")?)
}

fn channel(words: &mut Words, names: &Names<'_>) -> Read<String> {
    names.channel(&words.word("a channel such as #deployments")?)
}
