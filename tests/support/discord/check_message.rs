//! Whether Discord would take a message body, and what it makes of it.

use super::check_components::components;
use super::error::{self, ApiError, Form};
use super::multipart::Upload;
use super::world::Version;
use serde_json::{Value, json};

pub const EPHEMERAL: u64 = 1 << 6;
pub const LOADING: u64 = 1 << 7;
pub const COMPONENTS_V2: u64 = 1 << 15;
pub const HAS_THREAD: u64 = 1 << 5;
const SUPPRESS_EMBEDS: u64 = 1 << 2;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// Flags that may be set on a message.
const SETTABLE: u64 = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2 | EPHEMERAL;

const CONTENT: usize = 2_000;
const EMBEDS: usize = 10;
const EMBED_CHARS: usize = 6_000;
const FILES: usize = 10;
const FILE_BYTES: usize = 10 << 20;

/// The version that a create (`before` is none) or an edit leaves. `base` is where the body stands in the request.
pub fn message(
    body: &Value,
    files: &[Upload],
    before: Option<&Version>,
    base: &str,
    fresh: &mut dyn FnMut() -> u64,
) -> Result<Version, ApiError> {
    let mut form = Form::default();
    let path = |name: &str| if base.is_empty() { name.to_owned() } else { format!("{base}.{name}") };
    if !body.is_object() {
        form.add(base, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        form.done()?;
        return Ok(Version::default());
    }
    let mut version = before.cloned().unwrap_or_default();
    if let Some(content) = body.get("content") {
        form.text(&path("content"), content, 0, CONTENT);
        version.content = content.as_str().unwrap_or_default().trim().to_owned();
    }
    if let Some(flags) = body.get("flags").filter(|f| !f.is_null()) {
        match flags.as_u64() {
            Some(flags) => version.flags = (version.flags & !SETTABLE) | (flags & SETTABLE),
            None => form.add(&path("flags"), "NUMBER_TYPE_COERCE", "Value is not int."),
        }
    }
    if let Some(list) = body.get("embeds") {
        version.embeds = embeds(&mut form, &path("embeds"), list);
    }
    let v2 = version.flags & COMPONENTS_V2 != 0;
    if let Some(list) = body.get("components") {
        version.components = components(&mut form, &path("components"), list, v2);
    }
    if v2 && (!version.content.is_empty() || !version.embeds.is_empty()) {
        let text = "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2";
        form.add(&path("content"), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text);
    }
    allowed_mentions(&mut form, &path("allowed_mentions"), &body["allowed_mentions"]);
    attachments(&mut form, &path("attachments"), body, files, &mut version, fresh);
    form.done()?;
    if version.attachments.len() > FILES {
        return Err(error::too_many_files());
    }
    if files.iter().any(|file| file.bytes.len() > FILE_BYTES) {
        return Err(error::entity_too_large());
    }
    let bare = version.content.is_empty() && version.embeds.is_empty() && version.attachments.is_empty();
    if bare && version.components.is_empty() {
        return Err(error::empty_message());
    }
    Ok(version)
}

fn embeds(form: &mut Form, path: &str, list: &Value) -> Vec<Value> {
    let mut all = 0;
    let mut kept = Vec::new();
    for (n, embed) in form.list(path, list, 0, EMBEDS).iter().enumerate() {
        let at = |name: &str| format!("{path}.{n}.{name}");
        let before = all;
        all += form.text(&at("title"), &embed["title"], 0, 256);
        all += form.text(&at("description"), &embed["description"], 0, 4096);
        all += form.text(&at("footer.text"), &embed["footer"]["text"], usize::from(embed["footer"].is_object()), 2048);
        all += form.text(&at("author.name"), &embed["author"]["name"], usize::from(embed["author"].is_object()), 256);
        let fields = form.list(&at("fields"), &embed["fields"], 0, 25);
        for (i, field) in fields.iter().enumerate() {
            all += form.text(&at(&format!("fields.{i}.name")), &field["name"], 1, 256);
            all += form.text(&at(&format!("fields.{i}.value")), &field["value"], 1, 1024);
        }
        form.number(&at("color"), &embed["color"], 0, 0xFF_FFFF);
        for name in ["url", "image.url", "thumbnail.url", "author.url", "author.icon_url", "footer.icon_url"] {
            let value = name.split('.').fold(embed, |value, part| &value[part]);
            url(form, &at(name), value, name.contains("image") || name.contains("icon") || name.contains("thumb"));
        }
        if let Some(stamp) = embed["timestamp"].as_str()
            && stamp.parse::<jiff::Timestamp>().is_err()
        {
            form.add(&at("timestamp"), "DATE_TIME_TYPE_PARSE", &format!("Could not parse {stamp}. Should be ISO8601."));
        }
        let pictures = ["image", "thumbnail"].iter().any(|name| embed[*name].is_object());
        if all == before && !pictures {
            form.required(&at("description"));
        }
        let mut embed = embed.clone();
        embed["type"] = json!("rich");
        if let Some(fields) = embed["fields"].as_array_mut() {
            for field in fields {
                field["inline"] = json!(field["inline"].as_bool().unwrap_or(false));
            }
        }
        kept.push(embed);
    }
    if all > EMBED_CHARS {
        form.add(path, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
    }
    kept
}

fn url(form: &mut Form, path: &str, value: &Value, files: bool) {
    let Some(url) = value.as_str() else { return };
    if url.chars().count() > 2048 {
        form.length(path, url.chars().count(), 0, 2048);
    }
    let known = url.starts_with("https://") || url.starts_with("http://") || files && url.starts_with("attachment://");
    if !known {
        let text = "Scheme must be one of ('http', 'https').";
        form.add(path, "URL_TYPE_INVALID_SCHEME", text);
    }
}

fn allowed_mentions(form: &mut Form, path: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    let parse = form.list(&format!("{path}.parse"), &value["parse"], 0, 3);
    for (n, kind) in parse.iter().enumerate() {
        if !["users", "roles", "everyone"].iter().any(|known| kind == known) {
            form.choices(&format!("{path}.parse.{n}"), "'users', 'roles', 'everyone'");
        }
    }
    for kind in ["users", "roles"] {
        let ids = form.list(&format!("{path}.{kind}"), &value[kind], 0, 100);
        for (n, id) in ids.iter().enumerate() {
            if id.as_str().is_none_or(|id| id.parse::<u64>().is_err()) {
                form.add(&format!("{path}.{kind}.{n}"), "NUMBER_TYPE_COERCE", "Value is not snowflake.");
            }
        }
        if !ids.is_empty() && parse.iter().any(|parsed| parsed == kind) {
            let text = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            form.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &text);
        }
    }
}

/// Files are added; an edit keeps the old ones that `attachments` names, or all when it names none at all.
fn attachments(
    form: &mut Form,
    path: &str,
    body: &Value,
    files: &[Upload],
    version: &mut Version,
    fresh: &mut dyn FnMut() -> u64,
) {
    let listed = form.list(path, &body["attachments"], 0, usize::MAX);
    let id_of = |value: &Value| {
        value["id"].as_str().and_then(|id| id.parse().ok()).or_else(|| value["id"].as_u64()).unwrap_or(u64::MAX)
    };
    if body.get("attachments").is_some() {
        version.attachments.retain(|old| listed.iter().any(|entry| id_of(entry) == id_of(old)));
    }
    for file in files {
        let entry = listed.iter().find(|entry| id_of(entry) == u64::from(file.number));
        let name = entry.and_then(|e| e["filename"].as_str()).unwrap_or(&file.name).to_owned();
        let id = fresh();
        let url = format!("http://127.0.0.1/attachments/{id}/{name}");
        version.attachments.push(json!({
            "id": id.to_string(), "filename": name, "size": file.bytes.len(), "url": url, "proxy_url": url,
            "content_type": file.kind, "description": entry.map_or(Value::Null, |e| e["description"].clone()),
        }));
    }
    for (n, entry) in listed.iter().enumerate() {
        let id = id_of(entry);
        let known = files.iter().any(|file| u64::from(file.number) == id)
            || version.attachments.iter().any(|kept| id_of(kept) == id);
        if !known {
            let text = format!("Attachment data for id {} not found", entry["id"]);
            form.add(&format!("{path}.{n}.id"), "ATTACHMENT_NOT_FOUND", &text);
        }
    }
}
