//! Response URLs: five uses in half an hour, for one person in one channel.

use super::super::FakeSlack;
use super::super::message::Version;
use super::super::world::{BOT_USER, Request, World};
use super::args::Args;
use super::post::{Content, put};
use super::{Call, Fail};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const USES: u32 = 5;
const LIFE_MS: i64 = 30 * 60_000;
/// What calls of any response URL are called in counts, refusals and faults.
pub const METHOD: &str = "response_url";

pub async fn respond(
    State(fake): State<FakeSlack>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    if fake.read(|world| world.faults.down) {
        return super::broken();
    }
    let fault = fake.with(|world| world.faults.take(METHOD));
    let args = Args::read("chat.postMessage", "", &headers, &body);
    if let Some(fault) = &fault
        && let Some(answer) = super::before(&fake, METHOD, &args, fault)
    {
        return answer.await;
    }
    let done = fake.with(|world| {
        let (at_ms, kept) = (world.now(), args.value());
        let done = run(world, &key, args);
        let outcome = done.as_ref().err().map_or("ok".to_owned(), |fail| fail.error.clone());
        world.remember(Request { method: METHOD.into(), at_ms, args: kept, outcome });
        if let Err(fail) = &done {
            world.refuse(METHOD, &fail.error, fail.details.clone());
        }
        done
    });
    use axum::response::IntoResponse;
    match (fault, done) {
        (Some(super::Fault::DoneThenBroken), _) => super::broken(),
        (Some(super::Fault::DoneThenHang), _) => std::future::pending().await,
        (Some(super::Fault::DoneThenBody(body)), _) => (StatusCode::OK, body).into_response(),
        (Some(_), _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        (None, Ok(())) => (StatusCode::OK, "ok").into_response(),
        (None, Err(fail)) => {
            let status = StatusCode::from_u16(fail.status).unwrap_or(StatusCode::NOT_FOUND);
            (status, axum::Json(json!({"ok": false, "error": fail.error}))).into_response()
        }
    }
}

fn run(world: &mut World, key: &str, args: Args) -> Result<(), Fail> {
    let gone = |error: &str| Fail { status: 404, ..Fail::from(error) };
    let now = world.now();
    let hook = world.hooks.get_mut(key).ok_or_else(|| gone("no_service"))?;
    if now - hook.at_ms > LIFE_MS {
        return Err(gone("expired_url"));
    }
    if hook.uses >= USES {
        return Err(gone("used_url"));
    }
    hook.uses += 1;
    let hook = hook.clone();
    let mut call = Call { world, method: METHOD, now, args };
    if call.args.flag("delete_original") {
        let original = hook.message.as_ref().and_then(|ts| call.world.message_mut(&hook.channel, ts));
        original.ok_or_else(|| gone("message_not_found"))?.deleted = true;
        return Ok(());
    }
    let content = Content::read(&mut call).map_err(|fail| Fail { status: 400, ..fail })?;
    if content.is_empty() {
        return Err(Fail { status: 400, ..Fail::from("no_text") });
    }
    // A person who left the channel, or a channel that is gone, sees nothing.
    let channel = call.world.channels.get(&hook.channel).ok_or_else(|| gone("channel_not_found"))?;
    if channel.archived {
        return Err(Fail { status: 410, ..Fail::from("channel_is_archived") });
    }
    answer(&mut call, &hook.channel, &hook.user, hook.message.as_deref(), &content);
    Ok(())
}

/// Posts, or replaces the original, as the answer asks.
fn answer(call: &mut Call<'_>, channel: &str, user: &str, original: Option<&str>, content: &Content) {
    if call.args.flag("replace_original")
        && let Some(message) = original.and_then(|ts| call.world.message_mut(channel, ts))
    {
        message.versions.push(Version {
            at_ms: call.now,
            text: content.text.clone().unwrap_or_default(),
            blocks: content.blocks.clone().unwrap_or_default(),
            attachments: content.attachments.clone().unwrap_or_default(),
            metadata: content.metadata.clone(),
        });
        return;
    }
    let shown = call.args.text("response_type").is_some_and(|kind| kind == "in_channel");
    let thread = call.args.text("thread_ts");
    put(call.world, channel, BOT_USER, thread, (!shown).then(|| user.to_owned()), content, false);
}

/// What an acknowledgement of a command says, as a message to the person.
pub fn from_ack(world: &mut World, channel: &str, user: &str, payload: &Value) -> Result<(), Fail> {
    let fields = payload.as_object().cloned().unwrap_or_default();
    let now = world.now();
    let mut call = Call { world, method: METHOD, now, args: Args::of(fields) };
    let content = Content::read(&mut call)?;
    if !content.is_empty() {
        answer(&mut call, channel, user, None, &content);
    }
    Ok(())
}
