//! The JSON schema of the config file, for editors.

use super::raw::Root;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Draft 07, which editors' TOML servers read best. Made from the very types that read the file.
#[must_use]
pub fn schema() -> Value {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Root>();
    let mut value = schema.to_value();
    without_null(&mut value);
    value
}

/// TOML has no null: what may be absent is absent.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(any)) = map.get_mut("anyOf") {
                any.retain(|s| s.get("type").is_none_or(|t| t != "null"));
                if let [one] = any.as_slice() {
                    // Draft 07 ignores what stands beside `$ref`, so a lone choice goes into `allOf`.
                    let one = one.clone();
                    map.remove("anyOf");
                    map.insert("allOf".to_owned(), Value::Array(vec![one]));
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            map.values_mut().for_each(without_null);
        }
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}
