//! From tree to raw types. The same declaration gives the reader and the JSON schema, so the two cannot drift.
//!
//! Reading never gives up: a wrong value is reported and left out, and its neighbours are still read and checked.

use super::context::{Context, did_you_mean};
use super::place::{At, Place};
use super::problem::Code;
use super::tree::{Entry, Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;

/// Reads itself from one value; `None` after reporting why not.
pub trait Read: Sized {
    fn read(node: &Node, cx: &mut Context) -> Option<Self>;
}

/// A key of a section: required ([`Req`]) or not (`Option`).
pub trait Field: Sized {
    fn field(entry: Option<&Entry>, owner: &Place, key: &str, cx: &mut Context) -> Self;
}

/// A set of keys, declared by `section!`.
pub trait Section: Sized {
    const KEYS: &'static [&'static str];
    fn fields(entries: &[Entry], owner: &Place, cx: &mut Context) -> Self;
}

/// A required value. It is `None` only when a problem was reported.
#[derive(Clone, Debug)]
pub struct Req<T>(pub Option<T>);

impl<T: Read> Field for Req<T> {
    fn field(entry: Option<&Entry>, owner: &Place, key: &str, cx: &mut Context) -> Self {
        if entry.is_none() {
            cx.error(Code::MissingKey, owner, format!("`{key}` is missing"));
        }
        Self(entry.and_then(|e| T::read(&e.node, cx)))
    }
}

impl<T: Read> Field for Option<T> {
    fn field(entry: Option<&Entry>, _: &Place, _: &str, cx: &mut Context) -> Self {
        entry.and_then(|e| T::read(&e.node, cx))
    }
}

/// Named tables in the order written: `[people.omar]`.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(At<String>, T)>);

impl<T> Named<T> {
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.value.as_str()).collect()
    }

    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(n, _)| n.value == name).map(|(_, t)| t)
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Read> Read for Named<T> {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let Value::Table(entries) = &node.value else { return wrong(node, "a table", cx) };
        let mut out = Vec::new();
        for e in entries {
            let ok = e.key.len() <= crate::limits::CONFIG_NAME_BYTES
                && e.key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && e.key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c));
            if !ok {
                cx.error(Code::BadName, &e.key_place, format!("`{}` is not a name", shorten(&e.key))).hint(
                    "names are written in chat: lower-case letters, digits, `-`, `_` and `.`, at most 64 of them",
                );
            }
            if let Some(value) = T::read(&e.node, cx) {
                out.push((At { value: e.key.clone(), place: e.key_place.clone() }, value));
            }
        }
        Some(Self(out))
    }
}

impl<T: Read> Field for Named<T> {
    fn field(entry: Option<&Entry>, _: &Place, _: &str, cx: &mut Context) -> Self {
        entry.and_then(|e| Self::read(&e.node, cx)).unwrap_or_default()
    }
}

impl<T: Read> Read for At<T> {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        T::read(node, cx).map(|value| Self { value, place: node.place.clone() })
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let Value::List(list) = &node.value else { return wrong(node, "a list", cx) };
        Some(list.iter().filter_map(|n| T::read(n, cx)).collect())
    }
}

/// Reads a declared section from a table.
pub fn read_section<T: Section>(node: &Node, cx: &mut Context) -> Option<T> {
    let Value::Table(entries) = &node.value else { return wrong(node, "a table", cx) };
    unknown_keys(entries, T::KEYS, &[], cx);
    Some(T::fields(entries, &node.place, cx))
}

/// Reports a value of the wrong type.
pub fn wrong<T>(node: &Node, wanted: &str, cx: &mut Context) -> Option<T> {
    cx.error(Code::WrongType, &node.place, format!("expected {wanted}, found {}", node.value.kind()));
    None
}

/// Reports the keys that are in neither list.
pub fn unknown_keys(entries: &[Entry], keys: &[&str], more: &[&str], cx: &mut Context) {
    for e in entries {
        if !keys.contains(&e.key.as_str()) && !more.contains(&e.key.as_str()) {
            let known: Vec<&str> = more.iter().chain(keys).copied().collect();
            cx.error(Code::UnknownKey, &e.key_place, format!("`{}` is not a key here", shorten(&e.key)))
                .hint(did_you_mean(&e.key, known));
        }
    }
}

/// What people wrote, fit for one line of a message.
pub fn shorten(text: &str) -> String {
    let mut out: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

/// Schemas pass through the wrappers.
macro_rules! transparent_schema {
    ($Wrapper:ident) => {
        impl<T: JsonSchema> JsonSchema for $Wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    };
}
transparent_schema!(At);
transparent_schema!(Req);

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        std::collections::BTreeMap::<String, T>::json_schema(generator)
    }
}

/// Declares a section: the struct, its keys, its reader and its schema. Doc comments become the schema's descriptions.
macro_rules! section {
    ($(#[$meta:meta])* $Name:ident { $($(#[$field_meta:meta])* $field:ident: $Type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $Name {
            $($(#[$field_meta])* pub $field: $Type,)*
        }

        impl $crate::config::read::Read for $Name {
            fn read(
                node: &$crate::config::tree::Node,
                cx: &mut $crate::config::context::Context,
            ) -> Option<Self> {
                $crate::config::read::read_section(node, cx)
            }
        }

        impl $crate::config::read::Section for $Name {
            const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn fields(
                entries: &[$crate::config::tree::Entry],
                owner: &$crate::config::place::Place,
                cx: &mut $crate::config::context::Context,
            ) -> Self {
                // A section without keys uses none of them.
                let _ = (entries, owner, &cx);
                Self {
                    $($field: $crate::config::read::Field::field(
                        entries.iter().find(|e| e.key == stringify!($field)), owner, stringify!($field), cx,
                    ),)*
                }
            }
        }
    };
}
pub(crate) use section;

/// Declares a table whose keys depend on one of them: `step = "traffic"`.
macro_rules! variants {
    ($(#[$meta:meta])* $Name:ident by $tag:literal {
        $($(#[$variant_meta:meta])* $text:literal => $Variant:ident($Keys:ident),)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(tag = $tag, deny_unknown_fields)]
        pub enum $Name {
            $($(#[$variant_meta])* #[schemars(rename = $text)] $Variant($Keys),)*
        }

        impl $crate::config::read::Read for $Name {
            fn read(
                node: &$crate::config::tree::Node,
                cx: &mut $crate::config::context::Context,
            ) -> Option<Self> {
                use $crate::config::read::{Section, tagged, unknown_keys};
                let (entries, tag) = tagged(node, $tag, &[$($text),*], cx)?;
                $(if tag == $text {
                    unknown_keys(entries, <$Keys as Section>::KEYS, &[$tag], cx);
                    return Some(Self::$Variant(<$Keys as Section>::fields(entries, &node.place, cx)));
                })*
                None
            }
        }
    };
}
pub(crate) use variants;

/// The table's entries and the text of its tag, when the tag is one of `known`.
pub fn tagged<'a>(node: &'a Node, tag: &str, known: &[&str], cx: &mut Context) -> Option<(&'a [Entry], &'a str)> {
    let Value::Table(entries) = &node.value else { return wrong(node, "a table", cx) };
    let Some(entry) = entries.iter().find(|e| e.key == tag) else {
        cx.error(Code::MissingKey, &node.place, format!("`{tag}` is missing"))
            .hint(format!("one of: {}", known.join(", ")));
        return None;
    };
    let Value::Text(text) = &entry.node.value else { return wrong(&entry.node, "a string", cx) };
    if !known.contains(&text.as_str()) {
        cx.error(Code::BadValue, &entry.node.place, format!("`{}` is no {tag}", shorten(text)))
            .hint(did_you_mean(text, known.iter().copied()));
        return None;
    }
    Some((entries, text))
}
