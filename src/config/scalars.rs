//! The small words of the config: durations, zones, weekdays, times, conditions. Each reads itself, says what is wrong in
//! its own terms, and has a schema.

use super::context::{Context, did_you_mean, similar};
use super::problem::Code;
use super::read::{Read, shorten, wrong};
use super::tree::{Node, Value};
use crate::domain::policy::{Comparison, Condition};
use crate::domain::time::Span;
use crate::domain::window::{parse_weekday, zone};
use jiff::civil::{Date, DateTime, Time, Weekday};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

fn text<'a>(node: &'a Node, wanted: &str, cx: &mut Context) -> Option<&'a str> {
    match &node.value {
        Value::Text(t) => Some(t),
        _ => wrong(node, wanted, cx),
    }
}

impl Read for String {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        text(node, "a string", cx).map(str::to_owned)
    }
}

impl Read for bool {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        match node.value {
            Value::Bool(b) => Some(b),
            _ => wrong(node, "true or false", cx),
        }
    }
}

macro_rules! whole_number {
    ($($Int:ty),*) => {$(
        impl Read for $Int {
            fn read(node: &Node, cx: &mut Context) -> Option<Self> {
                let Value::Integer(n) = node.value else { return wrong(node, "a whole number", cx) };
                let read = <$Int>::try_from(n).ok();
                if read.is_none() {
                    cx.error(Code::BadValue, &node.place, format!("{n} is out of range"))
                        .hint(format!("from {} to {}", <$Int>::MIN, <$Int>::MAX));
                }
                read
            }
        }
    )*};
}
whole_number!(u8, u16, u32, u64);

/// Implements `JsonSchema` for a type that is written as a string.
macro_rules! string_schema {
    ($Type:ty, $name:literal, $description:literal, $pattern:literal) => {
        impl JsonSchema for $Type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description, "pattern": $pattern })
            }
        }
    };
}

/// A length of time, such as `90s`.
#[derive(Clone, Copy, Debug)]
pub struct Length(pub Span);
string_schema!(Length, "Length", "A length of time: 90s, 15m, 1h30m, 2d.", "^([0-9]+ *(ms|s|sec|m|min|h|d|w) *)+$");

impl Read for Length {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let written = match &node.value {
            Value::Text(t) => t,
            Value::Integer(n) => {
                cx.error(Code::BadDuration, &node.place, format!("{n} of what?"))
                    .hint("write the unit, in quotes: \"90s\", \"15m\", \"1h30m\", \"2d\"");
                return None;
            }
            _ => return wrong(node, "a length of time such as \"15m\"", cx),
        };
        match Span::parse(written) {
            Ok(span) => Some(Self(span)),
            Err(_) => {
                cx.error(Code::BadDuration, &node.place, format!("`{}` is not a length of time", shorten(written)))
                    .hint("write it like 90s, 15m, 1h30m or 2d, at most ten years");
                None
            }
        }
    }
}

/// An IANA zone or a fixed offset.
#[derive(Clone, Debug)]
pub struct Zone(pub String);
string_schema!(
    Zone,
    "Zone",
    "An IANA zone (Asia/Riyadh) or a fixed offset (+03:00).",
    "^([+-][0-9]{2}:[0-9]{2}|[A-Za-z0-9_+/-]+)$"
);

impl Read for Zone {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let written = text(node, "a zone such as \"+03:00\"", cx)?;
        if zone(written).is_some() {
            return Some(Self(written.to_owned()));
        }
        let names: Vec<String> = jiff::tz::TimeZoneDatabase::bundled().available().map(|n| n.to_string()).collect();
        let hint = match similar(written, names.iter().map(String::as_str)) {
            Some(k) => format!("did you mean `{k}`?"),
            None => "write an IANA name such as Asia/Riyadh, or a fixed offset such as +03:00".to_owned(),
        };
        cx.error(Code::BadZone, &node.place, format!("`{}` is not a zone", shorten(written))).hint(hint);
        None
    }
}

/// Weekdays in week order: `mon-thu`, `fri`, `mon-wed, fri`, or a list of such.
#[derive(Clone, Debug)]
pub struct Days(pub Vec<Weekday>);

impl JsonSchema for Days {
    fn schema_name() -> Cow<'static, str> {
        "Days".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Weekdays and ranges of them: \"mon-thu\", \"mon-wed, fri\", [\"mon\", \"fri\"].",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}

impl Read for Days {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let parts: Vec<&Node> = match &node.value {
            Value::Text(_) => vec![node],
            Value::List(list) => list.iter().collect(),
            _ => return wrong(node, "weekdays such as \"mon-thu\"", cx),
        };
        let mut set = [false; 7];
        let mut wrong_before = false;
        for part in parts {
            let Some(written) = text(part, "a weekday such as \"mon\"", cx) else {
                wrong_before = true;
                continue;
            };
            for range in written.split(',').map(str::trim).filter(|r| !r.is_empty()) {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let (Some(from), Some(to)) = (parse_weekday(from), parse_weekday(to)) else {
                    cx.error(Code::BadDays, &part.place, format!("`{}` is not a weekday", shorten(range)))
                        .hint("write mon, tue, wed, thu, fri, sat, sun, or a range such as mon-thu");
                    wrong_before = true;
                    continue;
                };
                let (mut day, last) = (from.to_monday_zero_offset(), to.to_monday_zero_offset());
                loop {
                    set[usize::from(day.unsigned_abs())] = true;
                    if day == last {
                        break;
                    }
                    day = (day + 1) % 7;
                }
            }
        }
        let days: Vec<Weekday> = (0..7i8)
            .filter(|d| set[usize::from(d.unsigned_abs())])
            .filter_map(|d| Weekday::from_monday_zero_offset(d).ok())
            .collect();
        if days.is_empty() {
            if !wrong_before {
                cx.error(Code::EmptyWindow, &node.place, "no weekday is named, so this never opens")
                    .hint("name at least one day, or remove the window");
            }
            return None;
        }
        Some(Self(days))
    }
}

/// A time of day: `10:00`. `24:00` is the day's end.
#[derive(Clone, Copy, Debug)]
pub struct DayTime(pub Option<Time>);
string_schema!(DayTime, "DayTime", "A time of day, 00:00 to 24:00.", "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$");

impl Read for DayTime {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let (Value::Text(written) | Value::Date(written)) = &node.value else {
            return wrong(node, "a time such as \"10:00\"", cx);
        };
        if written == "24:00" {
            return Some(Self(None));
        }
        let mut parts =
            written.split(':').map(|p| p.parse::<i8>().ok().filter(|_| p.len() <= 2 && !p.starts_with('+')));
        let read = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(h)), Some(Some(m)), None, None) => Time::new(h, m, 0, 0).ok(),
            (Some(Some(h)), Some(Some(m)), Some(Some(s)), None) => Time::new(h, m, s, 0).ok(),
            _ => None,
        };
        if read.is_none() {
            cx.error(Code::BadTime, &node.place, format!("`{}` is not a time of day", shorten(written)))
                .hint("write it like 10:00; 24:00 is the day's end");
        }
        read.map(|t| Self(Some(t)))
    }
}

/// A day: `2026-12-25`, with or without quotes.
#[derive(Clone, Copy, Debug)]
pub struct Day(pub Date);
string_schema!(Day, "Day", "A day: 2026-12-25.", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

impl Read for Day {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let (Value::Text(written) | Value::Date(written)) = &node.value else {
            return wrong(node, "a day such as 2026-12-25", cx);
        };
        let read = (written.len() == 10).then(|| written.parse::<Date>().ok()).flatten();
        if read.is_none() {
            cx.error(Code::BadDate, &node.place, format!("`{}` is not a day", shorten(written)))
                .hint("write it like 2026-12-25");
        }
        read.map(Self)
    }
}

/// A local date and time, or a whole day.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    At(DateTime),
    Day(Date),
}
string_schema!(
    Moment,
    "Moment",
    "A local time, 2026-12-24T18:00, or a whole day, 2026-12-24.",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$"
);

impl Read for Moment {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let (Value::Text(written) | Value::Date(written)) = &node.value else {
            return wrong(node, "a time such as 2026-12-24T18:00", cx);
        };
        let zoned = written.len() > 19 || written.ends_with(['Z', 'z']);
        let read = match written.len() {
            10 => written.parse().ok().map(Self::Day),
            16 | 19 => written.parse().ok().map(Self::At),
            _ => None,
        };
        if read.is_none() || zoned {
            let hint = if zoned {
                "leave the offset out; `zone` says where it is"
            } else {
                "write it like 2026-12-24T18:00 or 2026-12-24"
            };
            cx.error(Code::BadDate, &node.place, format!("`{}` is not a local time", shorten(written))).hint(hint);
            return None;
        }
        read
    }
}

/// `latency_ms < 300`.
#[derive(Clone, Debug)]
pub struct Rule(pub Condition);
string_schema!(
    Rule,
    "Rule",
    "A value's name, a comparison and a number: latency_ms < 300.",
    "^[a-z_][a-z0-9_]* *(<|<=|>|>=|==) *-?[0-9]+([.][0-9]+)?$"
);

impl Read for Rule {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let written = text(node, "a condition such as \"latency_ms < 300\"", cx)?;
        let read = condition(written);
        if read.is_none() {
            cx.error(Code::BadCondition, &node.place, format!("`{}` is not a condition", shorten(written)))
                .hint("write a value, one of < <= > >= == and a number: latency_ms < 300");
        }
        read.map(Self)
    }
}

fn condition(written: &str) -> Option<Condition> {
    let at = written.find(['<', '>', '='])?;
    let (value, rest) = (written[..at].trim(), &written[at..]);
    let ops = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("==", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::More),
    ];
    let (sign, op) = ops.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
    let limit: f64 = rest[sign.len()..].trim().parse().ok().filter(|n: &f64| n.is_finite())?;
    let named = value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    named.then(|| Condition { value: value.to_owned(), op, limit })
}

/// One of a closed set of words.
#[derive(Clone, Copy, Debug)]
pub struct Choice<T>(pub T);

/// The words of a closed set.
pub trait Choices: Sized + Copy + 'static {
    const NAME: &'static str;
    const ALL: &'static [(&'static str, Self)];
}

impl<T: Choices> Read for Choice<T> {
    fn read(node: &Node, cx: &mut Context) -> Option<Self> {
        let written = text(node, "a string", cx)?;
        let found = T::ALL.iter().find(|(word, _)| *word == written);
        if found.is_none() {
            cx.error(Code::BadValue, &node.place, format!("`{}` is not one of the choices", shorten(written)))
                .hint(did_you_mean(written, T::ALL.iter().map(|(word, _)| *word)));
        }
        found.map(|(_, choice)| Self(*choice))
    }
}

impl<T: Choices> JsonSchema for Choice<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::ALL.iter().map(|(word, _)| *word).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}
