//! Fields that nobody has heard of, as Slack adds them without notice.

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
