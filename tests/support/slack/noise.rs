//! Fields that nobody has heard of, as Slack adds them without notice.

use serde_json::{Value, json};

/// Adds unknown fields to every object, some null, some nested, one long.
pub fn add(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add),
        Value::Object(fields) => {
            fields.values_mut().for_each(add);
            fields.insert("zz_unheard_of".into(), Value::Null);
            fields.insert("zz_rollout".into(), json!({"bucket": 7, "words": ["a", null, {"deep": [1, 2.5, true]}]}));
            fields.insert("zz_long".into(), json!("~".repeat(300)));
        }
        _ => {}
    }
}
