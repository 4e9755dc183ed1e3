//! Facts about the outside: what a script takes as given, from that line on.

use super::problem::{Problem, suggest};
use super::words::{Read, Word, Words};
use super::{Names, time};
use crate::domain::paging::Via;
use crate::domain::probe::Verdict;
use crate::domain::time::Span;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// The version exists and is healthy; this share (0 to 1) of its requests fails.
    Fails {
        service: String,
        version: String,
        share: f64,
    },
    /// The version exists and is healthy; 95 of 100 answers take at most so long.
    Slow {
        service: String,
        version: String,
        p95: Span,
    },
    Red {
        service: String,
        version: String,
        why: String,
    },
    /// Live and known to be good; `None`: wherever the service is deployed.
    Live {
        service: String,
        version: String,
        environment: Option<String>,
    },
    Revision {
        service: String,
        version: String,
        revision: String,
    },
    Rate {
        service: String,
        a_minute: f64,
    },
    Job {
        job: String,
        says: Vec<JobSays>,
        once: bool,
    },
    Probe {
        probe: String,
        environment: Option<String>,
        reads: Option<(Option<Verdict>, BTreeMap<String, f64>, String)>,
    },
    Stranger,
    ChatDown(bool),
    /// No channels are made, and those of incidents are gone; or they are made again.
    ChannelsShut(bool),
    /// A way to people besides chat takes nothing, or takes pages again.
    WayDown(Via, bool),
    StatusPageDown(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobSays {
    Takes(Span),
    Succeeds,
    Fails(String),
    Hangs,
    Stuck,
    Lost,
    Prints(String),
}

/// One fact, or several with `; given` or `;` between them.
pub(super) fn read(words: &mut Words, names: &mut Names<'_>) -> Read<Vec<Given>> {
    let mut out = vec![one(words, names)?];
    while words.take(";") {
        words.take("given");
        out.push(one(words, names)?);
    }
    Ok(out)
}

fn one(words: &mut Words, names: &mut Names<'_>) -> Read<Given> {
    if words.take("job") {
        return job(words);
    }
    if words.take("probe") {
        return probe(words, names);
    }
    if words.take("channels cannot be made") {
        return Ok(Given::ChannelsShut(true));
    }
    if words.take("channels can be made") {
        return Ok(Given::ChannelsShut(false));
    }
    if words.take("chat is down") {
        return Ok(Given::ChatDown(true));
    }
    if words.take("chat is up") {
        return Ok(Given::ChatDown(false));
    }
    for (said, down) in [("status page is down", true), ("status page is up", false)] {
        if words.take(said) {
            return Ok(Given::StatusPageDown(down));
        }
    }
    if let Some((via, down)) = way(words) {
        return Ok(Given::WayDown(via, down));
    }
    let first = words.word("a service, `job`, `probe` or `chat`")?;
    if words.take("is a stranger") {
        names.strangers.insert(first.text);
        return Ok(Given::Stranger);
    }
    if !names.policy.services.contains_key(first.text.as_str()) {
        let known = names.policy.services.keys().map(|s| s.as_str()).chain(["job", "probe", "chat"]);
        let problem = Problem::new(first.column, first.length, format!("nothing is called `{}`", first.text));
        return Err(problem.hint(suggest(&first.text, known)));
    }
    let service = first.text;
    if words.take("gets") {
        let a_minute = words.number("a number of requests")?;
        words.must("requests a minute")?;
        return Ok(Given::Rate { service, a_minute });
    }
    let version = words.word("a version")?;
    release(words, names, service, version)
}

/// Ways by the word that people use for what stands behind them.
const WAYS: [(&str, Via); 4] =
    [("mail", Via::Email), ("pagerduty", Via::Pagerduty), ("webhook", Via::Webhook), ("push", Via::Ntfy)];

/// `mail is down`
fn way(words: &mut Words) -> Option<(Via, bool)> {
    let states = WAYS.into_iter().flat_map(|(name, via)| [(name, via, true), (name, via, false)]);
    for (name, via, down) in states {
        let state = if down { "down" } else { "up" };
        if words.take(&format!("{name} is {state}")) {
            return Some((via, down));
        }
    }
    None
}

fn release(words: &mut Words, names: &Names<'_>, service: String, version: Word) -> Read<Given> {
    let version = version.text;
    if words.take("exists") || words.take("is good") {
        return Ok(Given::Fails { service, version, share: 0.0 });
    }
    if words.take("is red") {
        let why = words.maybe_quoted().unwrap_or_else(|| "its readiness is red".into());
        return Ok(Given::Red { service, version, why });
    }
    if words.take("is revision") {
        return Ok(Given::Revision { service, version, revision: words.word("a revision")?.text });
    }
    if words.take("fails") {
        let share = words.number("a share such as 15 %")? / 100.0;
        words.take("%");
        words.must("of requests")?;
        return Ok(Given::Fails { service, version, share: share.clamp(0.0, 1.0) });
    }
    if words.take("answers within") {
        let p95 = time::span(words)?;
        return Ok(Given::Slow { service, version, p95 });
    }
    if words.take("is live") || words.take("succeeded") {
        let environment = if words.take("in") { Some(environment(words, names)?) } else { None };
        return Ok(Given::Live { service, version, environment });
    }
    let hint = "`is good`, `is red \"why\"`, `fails 15 % of requests`, `answers within 3s`, \
                `is live in production`, `succeeded in staging` or `is revision abc123`";
    Err(words.wrong("what is given about it").hint(hint))
}

fn environment(words: &mut Words, names: &Names<'_>) -> Read<String> {
    names.environment(&words.word("an environment")?)
}

fn job(words: &mut Words) -> Read<Given> {
    let job = words.quoted("part of the job, such as \"deploy api v1.2.0\",")?;
    let mut says = Vec::new();
    loop {
        says.push(if words.take("takes") {
            JobSays::Takes(time::span(words)?)
        } else if words.take("succeeds") {
            JobSays::Succeeds
        } else if words.take("fails") {
            JobSays::Fails(words.maybe_quoted().unwrap_or_else(|| "exit code 1".into()))
        } else if words.take("hangs") {
            JobSays::Hangs
        } else if words.take("is stuck") {
            JobSays::Stuck
        } else if words.take("is lost") {
            JobSays::Lost
        } else if words.take("prints") {
            JobSays::Prints(words.quoted("what it prints")?)
        } else {
            let hint = "`takes 3m`, `succeeds`, `fails \"why\"`, `hangs`, `is stuck`, `is lost` or `prints \"text\"`";
            return Err(words.wrong("how the job goes").hint(hint));
        });
        if !words.take("and") {
            break;
        }
    }
    Ok(Given::Job { job, says, once: words.take("once") })
}

fn probe(words: &mut Words, names: &Names<'_>) -> Read<Given> {
    let probe = names.probe(&words.word("a probe")?)?;
    let environment = if words.take("in") { Some(environment(words, names)?) } else { None };
    let verdicts = [
        ("is healthy", Verdict::Healthy),
        ("is unhealthy", Verdict::Unhealthy),
        ("is inconclusive", Verdict::Inconclusive),
    ];
    if let Some((phrase, verdict)) = verdicts.into_iter().find(|(phrase, _)| words.take(phrase)) {
        let text = words.maybe_quoted().unwrap_or_else(|| phrase.trim_start_matches("is ").to_owned());
        return Ok(Given::Probe { probe, environment, reads: Some((Some(verdict), BTreeMap::new(), text)) });
    }
    if words.take("is back to normal") {
        return Ok(Given::Probe { probe, environment, reads: None });
    }
    if words.take("reads") {
        let mut values = BTreeMap::new();
        let mut texts = Vec::new();
        loop {
            let name = words.word("the name of a value")?.text;
            words.take("=");
            let value = words.number("a number")?;
            texts.push(format!("{name} {value}"));
            values.insert(name, value);
            if !(words.take("and") || words.take(",")) {
                break;
            }
        }
        let text = words.maybe_quoted().unwrap_or_else(|| texts.join(", "));
        return Ok(Given::Probe { probe, environment, reads: Some((None, values, text)) });
    }
    let hint = "`is healthy`, `is unhealthy \"why\"`, `is inconclusive`, `reads errors = 25` or `is back to normal`";
    Err(words.wrong("what the probe says").hint(hint))
}
