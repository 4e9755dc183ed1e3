//! Uploads in three steps: ask for an address, send the bytes there, and share the file.

use super::super::FakeSlack;
use super::super::message::{Message, Version};
use super::super::world::{BOT_USER, File};
use super::{Call, Done, Fail};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub fn get_upload_url(call: &mut Call<'_>) -> Done {
    let name = call.args.text("filename").ok_or_else(|| missing("filename"))?;
    let length = call.args.number("length").filter(|length| *length > 0).ok_or_else(|| missing("length"))?;
    let id = call.world.id("F");
    let file = File {
        id: id.clone(),
        title: name.clone(),
        name,
        length: length.unsigned_abs(),
        alt_text: call.args.text("alt_txt").unwrap_or_default(),
        bytes: vec![],
        uploaded: false,
        completed: false,
        channel: None,
        thread_ts: None,
    };
    let url = format!("{}/upload/{id}", call.world.origin);
    call.world.files.insert(id.clone(), file);
    Ok(json!({"upload_url": url, "file_id": id}))
}

fn missing(field: &str) -> Fail {
    Fail::because("invalid_arguments", vec![format!("missing required field: {field}")])
}

/// The bytes: as they are, or as a form with one file.
pub async fn upload(
    State(fake): State<FakeSlack>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bytes = match kind.split_once("boundary=") {
        Some((_, boundary)) if kind.starts_with("multipart/form-data") => part(&body, boundary.trim_matches('"')),
        _ => body.to_vec(),
    };
    fake.with(|world| {
        let length = bytes.len();
        let Some(file) = world.files.get_mut(&id).filter(|file| !file.uploaded) else {
            world.refuse("upload", "not_found", vec![]);
            return (StatusCode::NOT_FOUND, "not found".into());
        };
        if file.length != length as u64 {
            let said = file.length;
            world.refuse("upload", "length", vec![format!("{length} bytes came, {said} were announced")]);
            return (StatusCode::BAD_REQUEST, "length mismatch".into());
        }
        (file.bytes, file.uploaded) = (bytes, true);
        (StatusCode::OK, format!("OK - {length}"))
    })
}

/// The content of the first part of a multipart body.
fn part(body: &[u8], boundary: &str) -> Vec<u8> {
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    let Some(start) = find(body, b"\r\n\r\n") else { return vec![] };
    let rest = &body[start + 4..];
    let end = find(rest, format!("\r\n--{boundary}").as_bytes()).unwrap_or(rest.len());
    rest[..end].to_vec()
}

pub fn complete(call: &mut Call<'_>) -> Done {
    let files = match call.args.json("files") {
        Some(Ok(Value::Array(files))) if !files.is_empty() => files,
        _ => return Err(missing("files")),
    };
    let channel = call.args.text("channel_id").or_else(|| call.args.text("channels"));
    if let Some(channel) = &channel
        && !call.world.channels.get(channel).is_some_and(|found| found.members.contains(BOT_USER))
    {
        return Err("channel_not_found".into());
    }
    let thread_ts = call.args.text("thread_ts");
    let mut done = Vec::new();
    for entry in &files {
        let id = entry["id"].as_str().unwrap_or_default();
        let file = call.world.files.get_mut(id).filter(|file| !file.completed).ok_or("file_not_found")?;
        if !file.uploaded {
            return Err("file_not_found".into());
        }
        file.completed = true;
        (file.channel, file.thread_ts) = (channel.clone(), thread_ts.clone());
        if let Some(title) = entry["title"].as_str() {
            file.title = title.into();
        }
        done.push(json!({"id": id, "title": file.title, "name": file.name, "size": file.length, "user": BOT_USER}));
    }
    if let Some(channel) = channel {
        let ids = files.iter().filter_map(|entry| entry["id"].as_str()).map(str::to_owned).collect();
        share(call, &channel, thread_ts, ids)?;
    }
    Ok(json!({"files": done}))
}

fn share(call: &mut Call<'_>, channel: &str, thread_ts: Option<String>, files: Vec<String>) -> Result<(), Fail> {
    let text = call.args.text("initial_comment").unwrap_or_default();
    let ts = call.world.ts();
    let version = Version { at_ms: call.now, text, blocks: vec![], attachments: vec![], metadata: None };
    let message = Message {
        ts,
        user: BOT_USER.into(),
        thread_ts,
        broadcast: false,
        only_for: None,
        deleted: false,
        versions: vec![version],
        reactions: BTreeMap::new(),
        files,
    };
    call.world.channels.get_mut(channel).ok_or("channel_not_found")?.messages.push(message);
    Ok(())
}
