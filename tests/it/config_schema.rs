//! The schema: fresh, and agreeing with the reader about what is a config.

use serde_json::Value;
use signalbox::config;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// To refresh it: `signalbox schema > examples/barq/signalbox.schema.json`, or this test with `UPDATE_SCHEMA=1`.
#[test]
fn the_shipped_schema_is_fresh() {
    let path = root().join("examples/barq/signalbox.schema.json");
    let fresh = format!("{}\n", serde_json::to_string_pretty(&config::schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let shipped = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(shipped == fresh, "run `signalbox schema > examples/barq/signalbox.schema.json`");
}

#[test]
fn the_example_fits_the_schema() {
    let text = std::fs::read_to_string(root().join("examples/barq/signalbox.toml")).unwrap();
    assert_eq!(misfits(&text), Vec::<String>::new());
}

#[test]
fn what_the_reader_refuses_by_shape_the_schema_refuses_too() {
    let sound = super::config_problems::SOUND;
    assert_eq!(misfits(sound), Vec::<String>::new());
    for (from, to) in [
        ("name = \"Test\"", "name = 7"),
        ("zone = \"+03:00\"\n", ""),
        ("ask = \"executor\"\nwhat = \"health\"", "ask = \"executor\"\nwhat = \"mood\""),
        ("ask = \"executor\"\nwhat = \"health\"", "ask = \"executor\"\nurl = \"https://example.com\""),
        ("weight = 10,", "weight = 10, wieght = 11,"),
        ("bake = \"5m\"", "bake = \"5 minutes\""),
        ("{ step = \"deploy\" }", "{ step = \"fly\" }"),
        ("after = \"staging\"", "after = \"staging\"\noverrun = \"stop\""),
        ("executor = \"fleet\"\n", ""),
        ("keys = [\"lead\"]", "keys = [7]"),
    ] {
        assert!(sound.contains(from), "{from}");
        let text = sound.replacen(from, to, 1);
        let schema = misfits(&text);
        let reader = super::config_problems::load(&[("signalbox.toml", &text)]);
        assert!(!schema.is_empty() && reader.is_err(), "`{to}`: schema {schema:?}, reader {}", reader.is_err());
    }
}

const KEYS_BEGIN: &str = "## Every key\n";

/// To refresh them: run this test with `UPDATE_SCHEMA=1`.
#[test]
fn the_documented_keys_are_those_of_the_schema() {
    let path = root().join("docs/CONFIG.md");
    let docs = std::fs::read_to_string(&path).unwrap();
    let (head, shipped) = docs.split_once(KEYS_BEGIN).unwrap();
    let fresh = reference(&config::schema());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, format!("{head}{KEYS_BEGIN}{fresh}")).unwrap();
        return;
    }
    assert!(shipped == fresh, "run this test with UPDATE_SCHEMA=1, then read the difference of docs/CONFIG.md");
}

#[test]
fn the_documented_example_is_sound() {
    let docs = std::fs::read_to_string(root().join("docs/CONFIG.md")).unwrap();
    let toml = docs.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let list = docs.split("```markdown\n").nth(1).unwrap().split("```").next().unwrap();
    let list = list.replace("api, frontend", "shop").replace(" {check: live-health}", "");
    let loaded = super::config_problems::load(&[("signalbox.toml", toml), ("checklists/before.md", &list)]);
    assert_eq!(loaded.unwrap_or_else(|r| panic!("{r}")).report.summary(), "no problems");
}

/// One table for each section, in the order of the file.
fn reference(schema: &Value) -> String {
    let sections = [
        ("The file itself", ""),
        ("`[channels]`", "Channels"),
        ("`[roles.NAME]`", "RoleEntry"),
        ("`[people.NAME]`", "PersonEntry"),
        ("`[environments.NAME]`", "EnvironmentEntry"),
        ("Each of `windows`", "WindowEntry"),
        ("Each of `keys`, as a table", "SlotTable"),
        ("`[environments.NAME.hotfix]`", "HotfixEntry"),
        ("`[environments.NAME.rollback]`", "RollbackEntry"),
        ("`[services.NAME]`", "ServiceEntry"),
        ("`releases` of a service", "ReleasesEntry"),
        ("`[strategies.NAME]`", "StrategyEntry"),
        ("Each step", "StepEntry"),
        ("`[probes.NAME]`", "ProbeEntry"),
        ("`[severities.NAME]`", "SeverityEntry"),
        ("`[ladders.NAME]`", "LadderEntry"),
        ("Each of `levels`", "LevelEntry"),
        ("`[incidents]`", "IncidentsEntry"),
        ("`[templates]`", "TemplatesEntry"),
        ("`[paging]`", "PagingEntry"),
        ("`night`", "NightEntry"),
        ("`[paging.email]`", "EmailEntry"),
        ("`[paging.pagerduty]`", "PagerdutyEntry"),
        ("`[paging.webhook]`", "WebhookEntry"),
        ("`[paging.ntfy]`", "NtfyEntry"),
        ("`[status_page]`", "StatusPageEntry"),
        ("`[status_page.statuspage]`", "StatuspageEntry"),
        ("`[rosters.NAME]`", "RosterEntry"),
        ("Each of `layers`", "LayerEntry"),
        ("`[digests.NAME]`", "DigestEntry"),
        ("`[maintenance.NAME]`", "MaintenanceEntry"),
        ("`[objectives.NAME]`", "ObjectiveEntry"),
        ("`[alerts]`", "AlertsEntry"),
        ("`[alerts.sources.NAME]`", "AlertSourceEntry"),
        ("`[[alerts.rules]]`", "AlertRuleEntry"),
        ("`[[alerts.maintenance]]`", "QuietEntry"),
        ("`[[freezes]]`", "FreezeEntry"),
        ("`[[holidays]]`", "HolidayEntry"),
        ("`[demo]`", "DemoEntry"),
        ("`[store]`", "StoreEntry"),
        ("`[server]`", "ServerEntry"),
        ("`[console]`", "ConsoleEntry"),
        ("`[slack]`", "SlackEntry"),
        ("`[discord]`", "DiscordEntry"),
        ("`[log]`", "LogEntry"),
    ];
    let mut left: std::collections::BTreeSet<&str> =
        schema["definitions"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut out = String::new();
    for (title, name) in sections {
        let section = if name.is_empty() { schema } else { &schema["definitions"][name] };
        left.remove(name);
        out.push_str(&format!("\n### {title}\n\n{}\n", section["description"].as_str().unwrap_or_default()));
        match section.get("oneOf") {
            Some(variants) => variants.as_array().unwrap().iter().for_each(|v| table(v, &mut out)),
            None => table(section, &mut out),
        }
    }
    left.retain(|name| schema["definitions"][*name].get("properties").is_some());
    assert!(left.is_empty(), "no table shows {left:?}");
    out
}

fn table(section: &Value, out: &mut String) {
    let required: Vec<&str> = section["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = section["properties"].as_object().unwrap();
    if let Some((tag, value)) = properties.iter().find_map(|(k, v)| v.get("const").map(|c| (k, c))) {
        let about = section["description"].as_str().unwrap_or_default();
        out.push_str(&format!("\n**`{tag} = {value}`**: {about}\n"));
    }
    let mut rows = String::new();
    for (key, value) in properties.iter().filter(|(_, v)| v.get("const").is_none()) {
        let must = if required.contains(&key.as_str()) { " (required)" } else { "" };
        let about = value["description"].as_str().unwrap_or_default().replace('|', "\\|").replace('\n', " ");
        rows.push_str(&format!("| `{key}` | {}{must} | {about} |\n", kind(value)));
    }
    if !rows.is_empty() {
        out.push_str(&format!("\n| key | type | meaning |\n|---|---|---|\n{rows}"));
    }
}

fn kind(value: &Value) -> String {
    let inner = value["allOf"][0].get("$ref").or_else(|| value.get("$ref")).and_then(Value::as_str);
    if let Some(name) = inner {
        return match name.rsplit('/').next().unwrap() {
            "Length" => "length of time",
            "Zone" => "zone",
            "Days" => "weekdays",
            "DayTime" => "time of day",
            "Day" => "day",
            "Moment" => "time or day",
            "Rule" => "condition",
            "Secret" => "text or reference",
            "Slot" => "key",
            "OneOrMore" => "text or list of texts",
            "Over" | "Only" | "AlertFormat" | "Overrun" | "OnShortWindow" | "RecoveryKind" | "What" | "LogFormat" => {
                "choice"
            }
            _ => "table",
        }
        .to_owned();
    }
    match value["type"].as_str() {
        Some("array") => format!("list of {}", plural(&kind(&value["items"]))),
        Some("string") => "text".to_owned(),
        Some("integer") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        _ => "table".to_owned(),
    }
}

fn plural(kind: &str) -> String {
    if kind == "text" { "texts".to_owned() } else { format!("{kind}s") }
}

fn misfits(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    let value = serde_json::to_value(plain(&toml::Value::Table(table))).unwrap();
    let schema = config::schema();
    let mut out = Vec::new();
    fit(&value, &schema, &schema, "", &mut out);
    out
}

/// Dates as the strings that editors' validators see.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(d) => Value::String(d.to_string()),
        toml::Value::Table(t) => Value::Object(t.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        toml::Value::Array(a) => Value::Array(a.iter().map(plain).collect()),
        toml::Value::String(s) => Value::String(s.clone()),
        toml::Value::Integer(n) => Value::from(*n),
        toml::Value::Float(f) => Value::from(*f),
        toml::Value::Boolean(b) => Value::Bool(*b),
    }
}

/// The part of draft 07 that the schema uses; an unknown keyword fails the test, so that this cannot grow blind.
fn fit(value: &Value, schema: &Value, root: &Value, at: &str, out: &mut Vec<String>) {
    let Value::Object(map) = schema else {
        assert_eq!(schema, &Value::Bool(true), "{at}");
        return;
    };
    for (keyword, rule) in map {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" | "default" | "format" => {}
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/definitions/").unwrap();
                fit(value, &root["definitions"][name], root, at, out);
            }
            "allOf" => rule.as_array().unwrap().iter().for_each(|s| fit(value, s, root, at, out)),
            "anyOf" | "oneOf" => {
                let fits = |s: &&Value| {
                    let mut inner = Vec::new();
                    fit(value, s, root, at, &mut inner);
                    inner.is_empty()
                };
                if rule.as_array().unwrap().iter().filter(fits).count() == 0 {
                    out.push(format!("{at}: none of the choices fits"));
                }
            }
            "type" => {
                let ok = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    other => panic!("type {other}"),
                };
                if !ok {
                    out.push(format!("{at}: {value} is no {rule}"));
                }
            }
            "const" if rule != value => out.push(format!("{at}: {value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => out.push(format!("{at}: {value} is not in {rule}")),
            "const" | "enum" => {}
            "minimum" | "maximum" => {
                let (n, limit) = (value.as_f64().unwrap_or(0.0), rule.as_f64().unwrap());
                if (keyword == "minimum" && n < limit) || (keyword == "maximum" && n > limit) {
                    out.push(format!("{at}: {n} is out of range"));
                }
            }
            "pattern" => {
                let Value::String(text) = value else { continue };
                if !matches(rule.as_str().unwrap(), text) {
                    out.push(format!("{at}: {text} does not match {rule}"));
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    if value.is_object() && value.get(key.as_str().unwrap()).is_none() {
                        out.push(format!("{at}: {key} is missing"));
                    }
                }
            }
            "properties" => {
                for (key, sub) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(key) {
                        fit(inner, sub, root, &format!("{at}.{key}"), out);
                    }
                }
            }
            "additionalProperties" => {
                let known = |k: &String| map.get("properties").is_some_and(|p| p.get(k).is_some());
                for (key, inner) in value.as_object().into_iter().flatten().filter(|(k, _)| !known(k)) {
                    if rule == &Value::Bool(false) {
                        out.push(format!("{at}: {key} is unknown"));
                    } else {
                        fit(inner, rule, root, &format!("{at}.{key}"), out);
                    }
                }
            }
            "items" => {
                for (n, inner) in value.as_array().into_iter().flatten().enumerate() {
                    fit(inner, rule, root, &format!("{at}[{n}]"), out);
                }
            }
            "minProperties" | "maxProperties" => {}
            other => panic!("the schema uses `{other}`, which this test does not know"),
        }
    }
}

/// Only lengths of time need checking here; the other patterns are for editors.
fn matches(pattern: &str, text: &str) -> bool {
    !pattern.contains("ms|s|sec") || signalbox::domain::time::Span::parse(text).is_ok()
}
