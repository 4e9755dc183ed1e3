//! TOML as a tree in which everything knows its place. Parsing goes on after an error, so that all syntax errors of a file
//! are reported together and what could be read is still checked.

use super::context::Context;
use super::place::Place;
use super::problem::Code;
use toml::de::{DeTable, DeValue};

#[derive(Clone, Debug)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    Integer(i64),
    /// No key takes one so far; kept so that the message can name it.
    Float,
    Bool(bool),
    /// A TOML date or time, as written.
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
}

impl Value {
    /// With an article, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Float => "a number",
            Self::Bool(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Parses one file that is already among the context's files.
pub fn parse(file: usize, cx: &mut Context) -> Node {
    let text = cx.files.get(file).map(|f| f.text.clone()).unwrap_or_default();
    let (root, errors) = DeTable::parse_recoverable(&text);
    for error in &errors {
        let place = Place::new(file, error.span().unwrap_or(0..0));
        let message = error.message().replace('\n', "; ");
        cx.error(Code::Syntax, &place, message);
    }
    let place = Place::new(file, 0..0);
    Node { place, value: Value::Table(table(file, root.get_ref(), cx)) }
}

fn table(file: usize, from: &DeTable<'_>, cx: &mut Context) -> Vec<Entry> {
    let mut entries: Vec<Entry> = from
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_place: Place::new(file, key.span()),
            node: node(file, value.get_ref(), Place::new(file, value.span()), cx),
        })
        .collect();
    // The parser keeps keys sorted; people think in the order they wrote.
    entries.sort_by_key(|e| e.key_place.start);
    entries
}

fn node(file: usize, from: &DeValue<'_>, place: Place, cx: &mut Context) -> Node {
    let value = match from {
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Value::Integer(n),
            Err(_) => {
                cx.error(Code::BadValue, &place, "this number is too large");
                Value::Integer(0)
            }
        },
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(d) => Value::Date(d.to_string()),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|v| node(file, v.get_ref(), Place::new(file, v.span()), cx)).collect())
        }
        DeValue::Table(t) => Value::Table(table(file, t, cx)),
    };
    Node { place, value }
}
