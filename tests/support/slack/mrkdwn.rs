//! Slack's markup as people read it.

use super::see::unescaped;
use super::world::World;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// mrkdwn as plain text: marks are gone, names are names, dates are in `zone`. Code keeps its backticks, and blocks of code
/// are indented by four.
pub fn plain(world: &World, text: &str, zone: &TimeZone) -> String {
    let mut out = String::new();
    for (number, piece) in text.split("```").enumerate() {
        if number % 2 == 1 {
            let lines = angles(world, piece.trim_matches('\n'), zone);
            let indented: Vec<_> = lines.split('\n').map(|line| format!("    {line}")).collect();
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(&unescaped(&indented.join("\n")));
        } else if number == 0 || !piece.is_empty() {
            for (number, part) in piece.split('`').enumerate() {
                if number % 2 == 1 {
                    out.push_str(&format!("`{}`", unescaped(&angles(world, part, zone))));
                } else {
                    out.push_str(&unescaped(&angles(world, &unmarked(part), zone)));
                }
            }
        }
    }
    out
}

/// Without the signs of bold, italic and struck text, where they are such.
fn unmarked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut drop = vec![false; chars.len()];
    for sign in ['*', '_', '~'] {
        let mut start: Option<usize> = None;
        let mut depth = 0_usize;
        for (at, c) in chars.iter().enumerate() {
            match c {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                '\n' => start = None,
                c if *c == sign && depth == 0 => match start {
                    Some(from) if at > from + 1 && !chars[at - 1].is_whitespace() && edge(chars.get(at + 1)) => {
                        (drop[from], drop[at], start) = (true, true, None);
                    }
                    _ if edge(at.checked_sub(1).and_then(|before| chars.get(before)))
                        && chars.get(at + 1).is_some_and(|next| !next.is_whitespace()) =>
                    {
                        start = Some(at);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
    chars.iter().zip(drop).filter(|(_, drop)| !drop).map(|(c, _)| c).collect()
}

/// A sign counts only next to what is no letter or digit.
fn edge(next: Option<&char>) -> bool {
    next.is_none_or(|c| !c.is_alphanumeric())
}

/// `<…>` as people see it; entities are left for later.
fn angles(world: &World, text: &str, zone: &TimeZone) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let Some(end) = rest[start..].find('>').map(|end| start + end) else { break };
        out.push_str(&rest[..start]);
        out.push_str(&angle(world, &rest[start + 1..end], zone));
        rest = &rest[end + 1..];
    }
    out + rest
}

fn angle(world: &World, inside: &str, zone: &TimeZone) -> String {
    let (what, label) = inside.split_once('|').map_or((inside, None), |(what, label)| (what, Some(label)));
    if let Some(id) = what.strip_prefix('@') {
        let name = world.users.get(id).map(|user| user.real_name.clone());
        return format!("@{}", name.or(label.map(str::to_owned)).unwrap_or_else(|| id.to_owned()));
    }
    if let Some(id) = what.strip_prefix('#') {
        let name = world.channels.get(id).map(|channel| channel.name.clone());
        return format!("#{}", name.or(label.map(str::to_owned)).unwrap_or_else(|| id.to_owned()));
    }
    if let Some(id) = what.strip_prefix("!subteam^") {
        let name = world.groups.get(id).map(|group| group.handle.clone());
        return format!("@{}", name.or(label.map(str::to_owned)).unwrap_or_else(|| id.to_owned()));
    }
    if let Some(date) = what.strip_prefix("!date^") {
        return date_text(date, zone).or(label.map(str::to_owned)).unwrap_or_default();
    }
    if let Some(word) = what.strip_prefix('!') {
        return format!("@{word}");
    }
    let what = what.strip_prefix("mailto:").unwrap_or(what);
    match label {
        Some(label) if label != what => format!("{label} ({what})"),
        _ => what.to_owned(),
    }
}

/// `1392734382^{date_short} at {time}` and perhaps a link.
fn date_text(date: &str, zone: &TimeZone) -> Option<String> {
    let mut parts = date.split('^');
    let at = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?.to_zoned(zone.clone());
    let mut text = parts.next()?.to_owned();
    let formats = [
        ("{date_num}", "%Y-%m-%d"),
        ("{date_slash}", "%d/%m/%Y"),
        ("{date_short}", "%b %-d, %Y"),
        ("{date_short_pretty}", "%b %-d, %Y"),
        ("{date_long}", "%A, %B %-d, %Y"),
        ("{date_long_pretty}", "%A, %B %-d, %Y"),
        ("{date_pretty}", "%B %-d, %Y"),
        ("{date}", "%B %-d, %Y"),
        ("{date_long_full}", "%A, %B %-d, %Y"),
        ("{day_divider_pretty}", "%A, %B %-d"),
        ("{time}", "%H:%M"),
        ("{time_secs}", "%H:%M:%S"),
        ("{ago}", "%Y-%m-%d %H:%M"),
    ];
    for (mark, format) in formats {
        text = text.replace(mark, &at.strftime(format).to_string());
    }
    // A mark that Slack does not know leaves the fallback.
    (!text.contains('{')).then_some(text)
}
