//! Keys, and free tables of strings.

use crate::config::context::Context;
use crate::config::place::At;
use crate::config::problem::Code;
use crate::config::read::{Read, read_section, section, wrong};
use crate::config::tree::{Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

section! {
    /// A key with more to say than its role.
    SlotTable {
        /// The role whose holders may turn it.
        role: Option<At<String>>,
        /// Instead of `role`: any of these.
        roles: Option<Vec<At<String>>>,
        /// Shown, but not waited for. Default false.
        optional: Option<At<bool>>,
    }
}

/// `"tech-lead"`, or a table.
#[derive(Clone, Debug)]
pub struct SlotEntry {
    pub roles: Vec<At<String>>,
    pub optional: bool,
}

impl Read for SlotEntry {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        match &node.value {
            Value::Text(role) => {
                Some(Self { roles: vec![At { value: role.clone(), place: node.place.clone() }], optional: false })
            }
            Value::Table(_) => {
                let table: SlotTable = read_section(node, cx)?;
                let mut roles = table.roles.unwrap_or_default();
                roles.extend(table.role);
                if roles.is_empty() {
                    cx.error(Code::MissingKey, &node.place, "`role` is missing")
                        .hint("a key is `\"tech-lead\"` or `{ role = \"tech-lead\", optional = true }`");
                }
                Some(Self { roles, optional: table.optional.is_some_and(|o| o.value) })
            }
            _ => wrong(node, "a role or a table", cx),
        }
    }
}

impl JsonSchema for SlotEntry {
    fn schema_name() -> Cow<'static, str> {
        "Slot".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<SlotTable>();
        json_schema!({
            "description": "A key: a role's name, or a table.",
            "anyOf": [{ "type": "string" }, table]
        })
    }
}

/// A table of strings with free names.
#[derive(Clone, Debug, Default)]
pub struct Pairs(pub Vec<(At<String>, At<String>)>);

impl Read for Pairs {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let Value::Table(entries) = &node.value else { return wrong(node, "a table", cx) };
        let pairs = entries.iter().filter_map(|e| {
            let value = At::<String>::read(&e.node, cx)?;
            Some((At { value: e.key.clone(), place: e.key_place.clone() }, value))
        });
        Some(Self(pairs.collect()))
    }
}

impl JsonSchema for Pairs {
    fn schema_name() -> Cow<'static, str> {
        "Pairs".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}
