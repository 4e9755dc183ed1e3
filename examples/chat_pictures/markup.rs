//! Both platforms' markup as HTML, as far as signalbox uses it.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use std::fmt::Write as _;

/// Text that HTML shows as it is.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Slack's, in which `&<>` are escaped already.
pub fn of_slack(text: &str) -> String {
    let (mut out, mut bold, mut rest) = (String::new(), false, text);
    while let Some(c) = rest.chars().next() {
        let used = match c {
            '<' => rest.find('>').map(|end| {
                let (what, shown) = rest[1..end].split_once('|').unwrap_or((&rest[1..end], ""));
                let _ = match what.strip_prefix('@') {
                    Some(person) => write!(out, "<span class=mention>@{}</span>", name(person)),
                    None => write!(out, "{}", escaped(shown)),
                };
                end + 1
            }),
            '`' => rest[1..].find('`').map(|end| {
                let _ = write!(out, "<code>{}</code>", &rest[1..=end]);
                end + 2
            }),
            '*' => {
                bold = !bold;
                out.push_str(if bold { "<b>" } else { "</b>" });
                Some(1)
            }
            '\n' => {
                out.push_str("<br>");
                Some(1)
            }
            _ => None,
        };
        if used.is_none() {
            out.push(c);
        }
        rest = &rest[used.unwrap_or(c.len_utf8())..];
    }
    out
}

/// Slack's accounts here are made of people's ids.
fn name(account: &str) -> String {
    let id = account.trim_start_matches("U0").to_lowercase();
    id[..1].to_uppercase() + &id[1..]
}

/// Discord's.
pub fn of_discord(text: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join("")
}

fn line(text: &str) -> String {
    let (class, text) = text.strip_prefix("-# ").map_or(("", text), |small| (" class=small", small));
    let (mut out, mut bold, mut rest) = (format!("<div{class}>"), false, text);
    while let Some(c) = rest.chars().next() {
        let used = match c {
            '\\' => rest[1..].chars().next().map(|next| {
                out.push_str(&escaped(&next.to_string()));
                1 + next.len_utf8()
            }),
            '*' if rest.starts_with("**") => {
                bold = !bold;
                out.push_str(if bold { "<b>" } else { "</b>" });
                Some(2)
            }
            '`' => rest[1..].find('`').map(|end| {
                let _ = write!(out, "<code>{}</code>", escaped(&rest[1..=end]));
                end + 2
            }),
            '<' => rest.find('>').map(|end| {
                out.push_str(&moment(&rest[1..end]));
                end + 1
            }),
            _ => None,
        };
        if used.is_none() {
            out.push_str(&escaped(&c.to_string()));
        }
        rest = &rest[used.unwrap_or(c.len_utf8())..];
    }
    out + "</div>"
}

/// `t:1767596700:t`, in the example's zone.
fn moment(inside: &str) -> String {
    let mut parts = inside.split(':').skip(1);
    let seconds = parts.next().and_then(|s| s.parse().ok()).unwrap_or_default();
    let at = Timestamp::from_second(seconds).unwrap().to_zoned(TimeZone::fixed(Offset::constant(3)));
    let format = if parts.next() == Some("t") { "%H:%M" } else { "%-d %B %Y %H:%M" };
    format!("<span class=time>{}</span>", at.strftime(format))
}
