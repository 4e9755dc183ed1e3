//! Fields that nobody has heard of, as Slack adds them without notice; and those that need not be there, left out.

use serde_json::{Value, json};

/// Adds unknown fields to every object, some null, some nested, one long.
pub fn add(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add),
        Value::Object(fields) => {
            // What the app or a person chose the keys of stays as it is.
            let own = ["values", "event_payload", "metadata", "errors"];
            fields.iter_mut().filter(|(key, _)| !own.contains(&key.as_str())).for_each(|(_, value)| add(value));
            fields.insert("zz_unheard_of".into(), Value::Null);
            fields.insert("zz_rollout".into(), json!({"bucket": 7, "words": ["a", null, {"deep": [1, 2.5, true]}]}));
            fields.insert("zz_long".into(), json!("~".repeat(300)));
        }
        _ => {}
    }
}

/// What a server that speaks the documented API may leave out.
const OPTIONAL: &[&str] = &[
    "api_app_id",
    "app_id",
    "authorizations",
    "bot_profile",
    "channel_name",
    "client_msg_id",
    "context_enterprise_id",
    "context_team_id",
    "enterprise",
    "enterprise_id",
    "enterprise_name",
    "event_context",
    "is_enterprise_install",
    "is_ext_shared_channel",
    "retry_attempt",
    "retry_reason",
    "source_team",
    "team_domain",
    "token",
    "user_name",
    "user_team",
    "username",
];

/// Leaves out what is optional, on every level.
pub fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(fields) => {
            fields.retain(|key, _| !OPTIONAL.contains(&key.as_str()));
            fields.values_mut().for_each(strip);
        }
        _ => {}
    }
}

impl super::options::Noise {
    /// A payload, or an answer of the Web API, as this workspace sends it.
    pub fn apply(self, value: &mut Value) {
        match self {
            Self::None => {}
            Self::Fields => add(value),
            Self::Sparse => strip(value),
        }
    }
}
