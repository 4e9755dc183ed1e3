//! What a client must bear: fields nobody has documented yet, and nulls where nothing was before.

use serde_json::{Value, json};

/// How payloads of events are made strange.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noise {
    /// Objects get fields that are not documented.
    pub unknown_fields: bool,
    /// Optional fields that are usually left out are null.
    pub nulls: bool,
    /// What small emulators leave out is left out; REST answers name no bucket.
    pub sparse: bool,
}

/// What a server that speaks the documented API may leave out.
const SPARE: &[&str] = &[
    "app_permissions",
    "attachment_size_limit",
    "authorizing_integration_owners",
    "avatar",
    "context",
    "discriminator",
    "entitlements",
    "global_name",
    "guild_locale",
    "locale",
    "message_author_id",
    "nonce",
    "permissions",
    "public_flags",
    "resume_gateway_url",
    "session_type",
];

const OPTIONAL: &[&str] = &[
    "guild_locale",
    "locale",
    "member",
    "user",
    "message",
    "guild",
    "nonce",
    "thread",
    "resolved",
    "options",
    "values",
];

impl Noise {
    pub fn applied(self, value: &Value) -> Value {
        let mut value = value.clone();
        if self.sparse {
            spare(&mut value);
        }
        if self.unknown_fields {
            strange(&mut value);
        }
        if self.nulls && value.is_object() {
            for name in OPTIONAL {
                if value.get(*name).is_none() {
                    value[*name] = Value::Null;
                }
            }
            if value["data"].is_object() {
                for name in ["resolved", "target_id", "guild_id"] {
                    if value["data"].get(name).is_none() {
                        value["data"][name] = Value::Null;
                    }
                }
            }
        }
        value
    }
}

fn spare(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !SPARE.contains(&key.as_str()));
            object.values_mut().for_each(spare);
        }
        Value::Array(list) => list.iter_mut().for_each(spare),
        _ => {}
    }
}

fn strange(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                match inner {
                    // Maps by id hold nothing else.
                    Value::Object(maps) if key == "resolved" => {
                        maps.values_mut()
                            .filter_map(Value::as_object_mut)
                            .flat_map(|m| m.values_mut())
                            .for_each(strange);
                    }
                    _ if key == "authorizing_integration_owners" => {}
                    _ => strange(inner),
                }
            }
            object.insert("not_documented_yet".into(), json!({ "since": 2027, "list": [1, "two", null] }));
        }
        Value::Array(list) => list.iter_mut().for_each(strange),
        _ => {}
    }
}
