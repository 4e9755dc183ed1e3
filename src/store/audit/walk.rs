//! One stream after the other, one event after the other.

use super::report::{Fault, Report};
use crate::domain::ids::Stream;
use crate::domain::journal::event_hash;
use crate::limits::{AUDIT_CATCH_UP, STORE_PAGE};
use crate::store::{EventRow, Result, Store};
use std::collections::VecDeque;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tip {
    pub seq: i64,
    pub hash: String,
}

#[derive(Debug, Default)]
pub(super) struct Tips {
    pub last: Tip,
    /// The last one up to the instant asked for.
    pub as_of: Tip,
    past: bool,
}

/// The names of all streams, from the journal and from the states: either may lack one that the other has.
#[derive(Default)]
pub(super) struct Names {
    events: VecDeque<Stream>,
    states: VecDeque<(Stream, Tip)>,
    /// The last name given out.
    after: Option<Stream>,
    events_end: bool,
    states_end: bool,
}

impl Names {
    /// The next stream in name order, with what its state row says.
    pub async fn next(&mut self, store: &dyn Store) -> Result<Option<(Stream, Option<Tip>)>> {
        self.fill(store).await?;
        let name = match (self.events.front(), self.states.front()) {
            (None, None) => return Ok(None),
            (Some(event), Some((state, _))) => event.min(state).clone(),
            (Some(name), None) | (None, Some((name, _))) => name.clone(),
        };
        self.events.pop_front_if(|stream| *stream == name);
        let tip = self.states.pop_front_if(|(stream, _)| *stream == name).map(|(_, tip)| tip);
        self.after = Some(name.clone());
        Ok(Some((name, tip)))
    }

    async fn fill(&mut self, store: &dyn Store) -> Result<()> {
        let after = self.after.as_ref().map_or("", Stream::as_str);
        if self.states.is_empty() && !self.states_end {
            let page = store.heads(after, STORE_PAGE).await?;
            self.states_end = page.is_empty();
            self.states = page.into_iter().map(|(stream, seq, hash)| (stream, Tip { seq, hash })).collect();
        }
        if self.events.is_empty() && !self.events_end {
            self.events = store.streams(after, STORE_PAGE).await?.into();
            self.events_end = self.events.is_empty();
        }
        Ok(())
    }
}

/// One stream's events against each other and against its state row.
pub(super) async fn chain(
    store: &dyn Store,
    stream: &Stream,
    state: Option<Tip>,
    at: i64,
    tips: &mut Tips,
    report: &mut Report,
) -> Result<()> {
    let mut state = state;
    for _ in 0..AUDIT_CATCH_UP {
        events(store, stream, at, tips, report).await?;
        if state.as_ref().is_some_and(|s| s.seq >= tips.last.seq) {
            break;
        }
        // The service went on meanwhile, or the state is behind: look again.
        let now = store.states(std::slice::from_ref(stream)).await?.pop();
        let now = now.map(|s| Tip { seq: s.seq, hash: s.hash });
        if now == state {
            break;
        }
        state = now;
    }
    let last = &tips.last;
    match state {
        None => report.add(stream, last.seq, Fault::NoState),
        Some(s) if s.seq > last.seq => report.add(stream, last.seq + 1, Fault::Cut { state: s.seq }),
        Some(s) if s.seq < last.seq => report.add(stream, last.seq, Fault::StateBehind { state: s.seq }),
        Some(s) if s.hash != last.hash => report.add(stream, last.seq, Fault::StateDiffers),
        Some(_) => {}
    }
    Ok(())
}

/// Whatever events there are after the last one seen.
async fn events(store: &dyn Store, stream: &Stream, at: i64, tips: &mut Tips, report: &mut Report) -> Result<()> {
    loop {
        let page = store.events(stream, tips.last.seq, STORE_PAGE).await?;
        for event in &page {
            if let Some((seq, fault)) = fault(&tips.last, event) {
                report.add(stream, seq, fault);
            }
            report.events += 1;
            tips.last = Tip { seq: event.seq, hash: event.hash.clone() };
            tips.past |= event.at > at;
            if !tips.past {
                tips.as_of = tips.last.clone();
            }
        }
        if (page.len() as i64) < STORE_PAGE {
            return Ok(());
        }
    }
}

fn fault(before: &Tip, event: &EventRow) -> Option<(i64, Fault)> {
    let e = event;
    if e.seq != before.seq + 1 {
        return Some((before.seq + 1, Fault::Gap { next: e.seq }));
    }
    if e.hash != event_hash(&e.previous, e.stream.as_str(), e.seq, &e.kind, &e.actor, e.at, &e.body) {
        return Some((e.seq, Fault::Edited));
    }
    (e.previous != before.hash).then_some((e.seq, Fault::Unlinked))
}
