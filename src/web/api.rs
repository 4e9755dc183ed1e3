//! The JSON API, as `docs/CONSOLE.md` describes it. Each handler reads the request, asks the platform, and shows.

use super::Shared;
use super::info::{Advance, ClockView, CommandHint, Suggestion};
use super::reply::Refusal;
use super::shown::Shown;
use crate::chat::console::{Click, ConsoleError, Done, OpenForm, React, Say, Unread};
use crate::chat::text::Reader;
use crate::domain::ids::{ChannelName, EnvironmentName, PersonId};
use crate::domain::time::Span;
use crate::limits::{COMMAND_CHARS, CONSOLE_PAGE};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

type Reply<T> = Result<Json<T>, Refusal>;
type Asked<T> = Result<Query<T>, QueryRejection>;
type Sent<T> = Result<Json<T>, JsonRejection>;

impl From<QueryRejection> for Refusal {
    fn from(error: QueryRejection) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

impl From<JsonRejection> for Refusal {
    fn from(error: JsonRejection) -> Self {
        Self::new(error.status(), error.body_text())
    }
}

/// Who looks.
#[derive(Deserialize)]
pub(super) struct Viewer {
    #[serde(rename = "as")]
    viewer: PersonId,
}

#[derive(Serialize)]
pub(super) struct StateView {
    name: String,
    people: Vec<PersonView>,
    channels: Vec<ChannelView>,
    commands: Vec<CommandHint>,
    clock: ClockView,
    /// A stream from here misses nothing.
    rev: i64,
}

#[derive(Serialize)]
struct PersonView {
    id: PersonId,
    name: String,
    /// As shown: `Tech Lead`.
    roles: Vec<String>,
}

#[derive(Serialize)]
struct ChannelView {
    name: ChannelName,
    #[serde(flatten)]
    unread: Unread,
}

pub(super) async fn state(State(shared): State<Shared>, viewer: Asked<Viewer>) -> Reply<StateView> {
    let Query(Viewer { viewer }) = viewer?;
    let (platform, info) = (&shared.deps.platform, &shared.deps.info);
    let policy = info.policy();
    // Read before the rest, so that what changes meanwhile comes once more by the stream.
    let rev = platform.latest();
    let unread = platform.unread(&viewer).await?;
    let configured = policy.channels.all();
    let mut names: Vec<ChannelName> = Vec::new();
    for name in configured.into_iter().cloned().chain(platform.channels().await?) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let channel = |name: ChannelName| ChannelView { unread: unread.get(&name).copied().unwrap_or_default(), name };
    let people = policy.people.values().map(|p| PersonView {
        id: p.id.clone(),
        name: p.name.clone(),
        roles: p.roles.iter().map(|r| policy.title(r).to_owned()).collect(),
    });
    Ok(Json(StateView {
        name: policy.name.clone(),
        people: people.collect(),
        channels: names.into_iter().map(channel).collect(),
        commands: info.commands(),
        clock: info.clock(),
        rev,
    }))
}

#[derive(Deserialize)]
pub(super) struct ChannelQuery {
    #[serde(rename = "as")]
    viewer: PersonId,
    before: Option<String>,
    limit: Option<u32>,
    /// Each message with its thread.
    #[serde(default)]
    threads: bool,
}

#[derive(Serialize)]
pub(super) struct ChannelPage {
    channel: ChannelName,
    messages: Vec<Shown>,
    /// Older ones exist: ask again with `before` the first one's id.
    more: bool,
}

pub(super) async fn channel(
    State(shared): State<Shared>,
    Path(channel): Path<String>,
    query: Asked<ChannelQuery>,
) -> Reply<ChannelPage> {
    let Query(query) = query?;
    let channel = ChannelName::new(&channel);
    let (platform, reader) = (&shared.deps.platform, reader(&shared));
    let limit = query.limit.unwrap_or(CONSOLE_PAGE);
    let page = platform.channel(&query.viewer, &channel, query.before.as_deref(), limit).await?;
    let mut messages = Shown::all(page.messages, &reader);
    if query.threads {
        for shown in messages.iter_mut().filter(|m| m.entry.replies > 0) {
            let replies = platform.thread(&query.viewer, &channel, &shown.entry.id).await?;
            shown.replies_in_full = Some(Shown::all(replies, &reader));
        }
    }
    Ok(Json(ChannelPage { channel, messages, more: page.more }))
}

#[derive(Serialize)]
pub(super) struct ThreadView {
    message: Shown,
    replies: Vec<Shown>,
}

pub(super) async fn thread(
    State(shared): State<Shared>,
    Path((channel, id)): Path<(String, String)>,
    viewer: Asked<Viewer>,
) -> Reply<ThreadView> {
    let Query(Viewer { viewer }) = viewer?;
    let (platform, reader) = (&shared.deps.platform, reader(&shared));
    let message = platform.entry(&viewer, &id).await?;
    let replies = platform.thread(&viewer, &ChannelName::new(&channel), &id).await?;
    Ok(Json(ThreadView { message: Shown::new(message, &reader), replies: Shown::all(replies, &reader) }))
}

pub(super) async fn message(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    viewer: Asked<Viewer>,
) -> Reply<Shown> {
    let Query(Viewer { viewer }) = viewer?;
    Ok(Json(Shown::new(shared.deps.platform.entry(&viewer, &id).await?, &reader(&shared))))
}

pub(super) async fn unread(
    State(shared): State<Shared>,
    viewer: Asked<Viewer>,
) -> Reply<BTreeMap<ChannelName, Unread>> {
    let Query(Viewer { viewer }) = viewer?;
    Ok(Json(shared.deps.platform.unread(&viewer).await?))
}

/// What came of an act.
#[derive(Serialize)]
pub(super) struct ActView {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    posted: Option<Shown>,
    answers: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<OpenForm>,
}

fn act(shared: &Shared, done: Done) -> Json<ActView> {
    let reader = reader(shared);
    Json(ActView {
        id: done.id,
        posted: done.posted.map(|entry| Shown::new(entry, &reader)),
        answers: Shown::all(done.answers, &reader),
        form: done.form,
    })
}

/// Runs an act to its end even when its sender hangs up: what was begun is stored and answered, or not begun.
async fn whole(work: impl Future<Output = Result<Done, ConsoleError>> + Send + 'static) -> Result<Done, Refusal> {
    match tokio::spawn(work).await {
        Ok(done) => Ok(done?),
        Err(broken) => {
            tracing::error!(error = %broken, "console.act.failed: {broken}");
            Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "This went wrong inside signalbox; its log says why."))
        }
    }
}

pub(super) async fn post(State(shared): State<Shared>, say: Sent<Say>) -> Reply<ActView> {
    let Json(say) = say?;
    let deps = shared.deps.clone();
    let done = whole(async move { deps.platform.say(&*deps.intake, say).await }).await?;
    Ok(act(&shared, done))
}

pub(super) async fn react(State(shared): State<Shared>, react: Sent<React>) -> Reply<ActView> {
    let Json(react) = react?;
    let deps = shared.deps.clone();
    let done = whole(async move { deps.platform.react(&*deps.intake, react).await }).await?;
    Ok(act(&shared, done))
}

pub(super) async fn click(State(shared): State<Shared>, click: Sent<Click>) -> Reply<ActView> {
    let Json(click) = click?;
    let deps = shared.deps.clone();
    let done = whole(async move { deps.platform.click(&*deps.intake, click).await }).await?;
    Ok(act(&shared, done))
}

#[derive(Deserialize)]
pub(super) struct ReadUpTo {
    #[serde(rename = "as")]
    by: PersonId,
    channel: ChannelName,
    upto: String,
}

pub(super) async fn mark_read(
    State(shared): State<Shared>,
    read: Sent<ReadUpTo>,
) -> Reply<BTreeMap<ChannelName, Unread>> {
    let Json(read) = read?;
    shared.deps.platform.mark_read(&read.by, &read.channel, &read.upto).await?;
    Ok(Json(shared.deps.platform.unread(&read.by).await?))
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(rename = "as")]
    by: PersonId,
    text: String,
}

pub(super) async fn complete(State(shared): State<Shared>, typed: Asked<Typed>) -> Reply<Vec<Suggestion>> {
    let Query(typed) = typed?;
    // Longer text is no command that could be completed.
    if typed.text.chars().count() > COMMAND_CHARS {
        return Ok(Json(vec![]));
    }
    Ok(Json(shared.deps.info.complete(&typed.by, &typed.text)))
}

pub(super) async fn clock(State(shared): State<Shared>) -> Json<ClockView> {
    Json(shared.deps.info.clock())
}

/// One of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceBy {
    /// `15m`, `1h`, `2d`.
    span: Option<String>,
    /// `{}` or `{"environment": "production"}`.
    next_opening: Option<Opening>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    environment: Option<EnvironmentName>,
}

pub(super) async fn advance(State(shared): State<Shared>, by: Sent<AdvanceBy>) -> Reply<ClockView> {
    let Json(by) = by?;
    let by = match (by.span, by.next_opening) {
        (Some(span), None) => {
            let span = Span::parse(&span).map_err(|error| Refusal::bad(error.to_string()))?;
            if span <= Span::ZERO {
                return Err(Refusal::bad("The clock moves forward only; write it like 15m or 1h."));
            }
            Advance::Span(span)
        }
        (None, Some(opening)) => Advance::NextOpening { environment: opening.environment },
        _ => return Err(Refusal::bad("Send either `span` or `next_opening`.")),
    };
    let clock = shared.deps.info.advance(by).await.map_err(Refusal::bad)?;
    shared.clock_moves.send_modify(|n| *n += 1);
    Ok(Json(clock))
}

/// How people and times are written in plain text.
pub(super) fn reader(shared: &Shared) -> Reader {
    Reader::of(&shared.deps.info.policy())
}
