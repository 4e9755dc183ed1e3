//! Moves a whole store into an empty one, such as from SQLite to PostgreSQL, and proves by the hash chain that it arrived.
//!
//! The service must be stopped. What it had claimed arrives unclaimed with its attempts counted, so that it is recovered as
//! after a crash. A transfer that failed half-way is started again with a fresh, empty target.

use super::audit::{self, Report};
use super::{Batch, Dump, HistoryQuery, Result, StateRow, Store, StoreError};
use crate::domain::ids::{PlatformName, Stream};
use crate::limits::STORE_PAGE;

/// Copies everything from `from` to `to` and returns the audit of `to`.
///
/// # Errors
/// `Refused` when `from` is not sound or changes meanwhile, when `to` holds anything, or when the two differ at the end.
pub async fn migrate_store(from: &dyn Dump, to: &dyn Dump) -> Result<Report> {
    let refused = |what: String| Err(StoreError::Refused(what));
    if !is_empty(to).await? {
        return refused("the target holds data already; give an empty database".to_owned());
    }
    let source = audit::verify(from, None).await?;
    if let Some(problem) = source.problems.first() {
        return refused(format!("the source's journal is not sound, nothing was moved: {problem}"));
    }
    settings(from, to).await?;
    history(from, to).await?;
    journal(from, to).await?;
    rows(from, to).await?;
    // What acts comes last: a half-moved target does nothing.
    queues(from, to).await?;
    if audit::head(from).await? != source.head {
        return refused(
            "the source changed while it was moved: stop the service, then start again with an empty target".to_owned(),
        );
    }
    let target = audit::verify(to, Some(&source.head)).await?;
    if !target.is_sound() {
        return refused(format!("the target did not arrive whole:\n{target}"));
    }
    Ok(target)
}

async fn is_empty(store: &dyn Dump) -> Result<bool> {
    let none = PlatformName::new("");
    Ok(store.streams("", 1).await?.is_empty()
        && store.heads("", 1).await?.is_empty()
        && store.last_number().await? == 0
        && store.inbox_page("", 1).await?.is_empty()
        && store.timers_page("", 1).await?.is_empty()
        && store.outbox_page("", 1).await?.is_empty()
        && store.messages_page((&none, ""), 1).await?.is_empty()
        && store.reactions_page([""; 4], 1).await?.is_empty()
        && store.settings_page("", 1).await?.is_empty())
}

async fn journal(from: &dyn Store, to: &dyn Store) -> Result<()> {
    let mut after = Stream::new("");
    loop {
        let streams = from.streams(after.as_str(), STORE_PAGE).await?;
        let Some(last) = streams.last() else { return Ok(()) };
        after = last.clone();
        for stream in &streams {
            one_stream(from, to, stream).await?;
        }
    }
}

/// Page by page; each page's state row is a stand-in until the last one brings the real one.
async fn one_stream(from: &dyn Store, to: &dyn Store, stream: &Stream) -> Result<()> {
    let mut seq = 0;
    loop {
        let events = from.events(stream, seq, STORE_PAGE).await?;
        let Some(last) = events.last() else { return Ok(()) };
        seq = last.seq;
        let state = from.states(std::slice::from_ref(stream)).await?.pop().filter(|s| s.seq == seq);
        let stand_in = StateRow { stream: stream.clone(), seq, hash: last.hash.clone(), body: "null".to_owned() };
        let states = vec![state.unwrap_or(stand_in)];
        to.commit(&Batch { events, states, ..Batch::default() }).await?;
    }
}

async fn settings(from: &dyn Dump, to: &dyn Dump) -> Result<()> {
    let mut after = String::new();
    loop {
        let page = from.settings_page(&after, STORE_PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for (name, value) in &page {
            to.set_setting(name, value).await?;
        }
    }
}

async fn history(from: &dyn Store, to: &dyn Store) -> Result<()> {
    let mut query = HistoryQuery { limit: STORE_PAGE, ..HistoryQuery::default() };
    loop {
        let history = from.history(&query).await?;
        let Some(last) = history.last() else { return Ok(()) };
        query.before = Some(last.number);
        to.commit(&Batch { history, ..Batch::default() }).await?;
    }
}

async fn rows(from: &dyn Dump, to: &dyn Dump) -> Result<()> {
    let mut after = String::new();
    loop {
        let inbox = from.inbox_page(&after, STORE_PAGE).await?;
        let Some(last) = inbox.last() else { break };
        after.clone_from(&last.key);
        to.commit(&Batch { inbox, ..Batch::default() }).await?;
    }
    let mut after: [String; 4] = Default::default();
    loop {
        let reactions = from.reactions_page(after.each_ref().map(String::as_str), STORE_PAGE).await?;
        let Some(last) = reactions.last() else { break };
        after = [last.platform.to_string(), last.message.clone(), last.account.clone(), last.emoji.clone()];
        to.commit(&Batch { reactions, ..Batch::default() }).await?;
    }
    let mut after = (PlatformName::new(""), String::new());
    loop {
        let messages = from.messages_page((&after.0, &after.1), STORE_PAGE).await?;
        let Some(last) = messages.last() else { return Ok(()) };
        after = (last.platform.clone(), last.key.clone());
        to.commit(&Batch { messages, ..Batch::default() }).await?;
    }
}

async fn queues(from: &dyn Dump, to: &dyn Dump) -> Result<()> {
    let mut after = String::new();
    loop {
        let timers_set = from.timers_page(&after, STORE_PAGE).await?;
        let Some(last) = timers_set.last() else { break };
        after.clone_from(&last.id);
        to.commit(&Batch { timers_set, ..Batch::default() }).await?;
    }
    let mut after = String::new();
    loop {
        let outbox = from.outbox_page(&after, STORE_PAGE).await?;
        let Some(last) = outbox.last() else { return Ok(()) };
        after.clone_from(&last.id);
        to.commit(&Batch { outbox, ..Batch::default() }).await?;
    }
}
