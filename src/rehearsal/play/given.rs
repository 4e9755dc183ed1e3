//! Makes a given fact true of the world.

use super::Played;
use crate::domain::ids::{EnvironmentName, ServiceName};
use crate::domain::paging::Via;
use crate::rehearsal::script::{Given, JobSays};
use crate::rehearsal::world::{Behaviour, Ends, JobRule, ProbeScript, World};

pub(super) async fn apply(world: &World, given: &Given) -> Played<()> {
    let (outside, now) = (world.outside(), world.now().work);
    match given {
        Given::Fails { service, version, share } => {
            outside.behave(service, version, Behaviour { fails: *share, ..Behaviour::default() }, now);
        }
        Given::Slow { service, version, p95 } => {
            outside.behave(service, version, Behaviour { p95: *p95, ..Behaviour::default() }, now);
        }
        Given::Red { service, version, why } => {
            outside.behave(service, version, Behaviour { red: why.clone(), ..Behaviour::default() }, now);
        }
        Given::Live { service, version, environment } => {
            for environment in places(world, service, environment.as_deref()) {
                world.was_deployed(service, version, environment.as_str()).await?;
            }
        }
        Given::Revision { service, version, revision } => outside.set_revision(service, version, revision),
        Given::Rate { service, a_minute } => outside.set_rate(service, *a_minute, now),
        Given::Job { job, says, once } => outside.add_rule(rule(job, says, *once)),
        Given::Probe { probe, environment, reads } => {
            let script = reads.clone().map(|(verdict, values, text)| ProbeScript { verdict, values, text });
            outside.set_probe(probe, environment.as_deref(), script);
        }
        Given::Stranger => {}
        Given::WayDown(via, down) => {
            world.pagers().set_down(*via, *down);
            if *via == Via::Email {
                world.outlets().set_mail_down(*down);
            }
        }
        Given::StatusPageDown(down) => world.outlets().set_pages_down(*down),
        Given::ChatDown(down) => world.chat().set_down(*down),
        Given::ChannelsShut(shut) => world.chat().set_shut(*shut),
    }
    Ok(())
}

/// The environment that is named, or all that the service is deployed to.
fn places(world: &World, service: &str, environment: Option<&str>) -> Vec<EnvironmentName> {
    if let Some(name) = environment {
        return vec![EnvironmentName::new(name)];
    }
    let known = world.policy().services.get(&ServiceName::new(service));
    known.map(|s| s.strategies.keys().cloned().collect()).unwrap_or_default()
}

fn rule(job: &str, says: &[JobSays], once: bool) -> JobRule {
    let mut rule = JobRule { job: job.to_owned(), once, ..JobRule::default() };
    for said in says {
        match said {
            JobSays::Takes(span) => rule.takes = Some(*span),
            JobSays::Succeeds => rule.ends = Some(Ends::Well),
            JobSays::Fails(why) => rule.ends = Some(Ends::Failing(why.clone())),
            JobSays::Hangs => rule.ends = Some(Ends::Hanging),
            JobSays::Stuck => rule.ends = Some(Ends::Stuck),
            JobSays::Lost => rule.ends = Some(Ends::Lost),
            JobSays::Prints(text) => rule.prints = Some(text.clone()),
        }
    }
    rule
}
