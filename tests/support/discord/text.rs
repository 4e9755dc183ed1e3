//! What a person reads in a message, as plain text: Markdown's marks taken off and its escapes undone, people, roles and
//! channels by name, buttons as `( Label )`. Times are not written as Discord's client does, but as our own vocabulary
//! does (`10:05`, `Mon 4 Jan 10:05`, `Mon 4 Jan`), so that the platforms can be compared.

use super::check_message::LOADING;
use super::world::{Message, World};
use serde_json::Value;

/// Whether a file is the picture of an embed, which names it by its file or by its address.
fn is_shown(embed: &Value, file: &Value) -> bool {
    let url = embed["image"]["url"].as_str().unwrap_or_default();
    let name = file["filename"].as_str().unwrap_or_default();
    !name.is_empty() && (url == format!("attachment://{name}") || file["url"].as_str() == Some(url))
}

fn described(file: &Value) -> &str {
    file["description"].as_str().or_else(|| file["filename"].as_str()).unwrap_or_default()
}

/// The whole message, part by part, a line each.
pub fn plain(world: &World, message: &Message) -> String {
    let now = message.now();
    if now.flags & LOADING != 0 {
        return format!("{} is thinking…", world.users[&message.author].name);
    }
    let mut lines = Vec::new();
    let mut add = |value: &Value| {
        if let Some(text) = value.as_str().filter(|t| !t.is_empty()) {
            lines.push(markdown(world, text));
        }
    };
    add(&Value::String(now.content.clone()));
    for embed in &now.embeds {
        add(&embed["author"]["name"]);
        add(&embed["title"]);
        add(&embed["description"]);
        for field in embed["fields"].as_array().into_iter().flatten() {
            let (name, value) =
                (field["name"].as_str().unwrap_or_default(), field["value"].as_str().unwrap_or_default());
            // An invisible name stands for none.
            let name = name.trim_matches(['\u{200b}', ' ']);
            let line = if name.is_empty() { value.to_owned() } else { format!("{name}: {value}") };
            add(&Value::String(line));
        }
        // A picture stands below the fields of its embed.
        let inside = now.attachments.iter().find(|file| is_shown(embed, file));
        add(&Value::String(inside.map_or_else(String::new, |file| format!("[picture: {}]", described(file)))));
        add(&embed["footer"]["text"]);
    }
    for file in now.attachments.iter().filter(|file| !now.embeds.iter().any(|embed| is_shown(embed, file))) {
        lines.push(format!("[{}]", described(file)));
    }
    rows(world, &now.components, &mut lines);
    lines.join("\n")
}

fn rows(world: &World, list: &[Value], lines: &mut Vec<String>) {
    for row in list {
        let children = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        if row["type"] == 10 {
            lines.push(markdown(world, row["content"].as_str().unwrap_or_default()));
        }
        if row["type"] != 1 {
            rows(world, children, lines);
            continue;
        }
        let shown = children.iter().map(|child| {
            let text = |key: &str| child[key].as_str().unwrap_or_default();
            if child["type"] == 2 { format!("( {} )", text("label")) } else { format!("[ {} ]", text("placeholder")) }
        });
        lines.push(shown.collect::<Vec<_>>().join(" "));
    }
}

/// Markdown as it is read.
pub fn markdown(world: &World, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    inline(world, &chars, true, &mut out);
    out
}

fn inline(world: &World, chars: &[char], whole: bool, out: &mut String) {
    let mut i = 0;
    while i < chars.len() {
        let rest = &chars[i..];
        if whole && (i == 0 || chars[i - 1] == '\n') {
            let mark = [">>> ", "### ", "## ", "# ", "-# ", "> "].iter().find(|mark| starts(rest, mark));
            if let Some(mark) = mark {
                i += mark.len();
                // A second mark may follow: a small line in a quotation.
                if i < chars.len() && starts(&chars[i..], "-# ") {
                    i += 3;
                }
                continue;
            }
        }
        let used = match rest[0] {
            '\\' if rest.get(1).is_some_and(char::is_ascii_punctuation) => {
                out.push(rest[1]);
                Some(2)
            }
            '`' => code(rest, out),
            '<' => entity(world, rest, out),
            '[' => link(world, rest, out),
            '*' | '_' | '~' | '|' => marked(world, chars, i, out),
            _ => None,
        };
        i += used.unwrap_or_else(|| {
            out.push(rest[0]);
            1
        });
    }
}

fn starts(chars: &[char], text: &str) -> bool {
    let mut chars = chars.iter();
    text.chars().all(|c| chars.next() == Some(&c))
}

fn position(chars: &[char], from: usize, text: &str) -> Option<usize> {
    (from..chars.len()).find(|at| starts(&chars[*at..], text))
}

fn code(rest: &[char], out: &mut String) -> Option<usize> {
    let run = rest.iter().take_while(|c| **c == '`').count().min(3);
    let mark = "`".repeat(run);
    let end = position(rest, run, &mark)?;
    let inside: String = rest[run..end].iter().collect();
    let shown = match inside.split_once('\n') {
        // The first line of a block may name a language.
        Some((first, code)) if run == 3 && !first.contains(' ') => code,
        _ => &inside,
    };
    out.push_str(if run == 3 { shown.trim_end_matches('\n') } else { shown });
    Some(end + run)
}

fn entity(world: &World, rest: &[char], out: &mut String) -> Option<usize> {
    let end = rest.iter().position(|c| *c == '>')?;
    let inside: String = rest[1..end].iter().collect();
    let id = |text: &str| text.parse::<u64>().ok();
    let shown = if let Some(role) = inside.strip_prefix("@&") {
        format!("@{}", world.roles.get(&id(role)?)?.name)
    } else if let Some(user) = inside.strip_prefix("@!").or_else(|| inside.strip_prefix('@')) {
        format!("@{}", world.users.get(&id(user)?).map_or("unknown-user", |u| u.name.as_str()))
    } else if let Some(channel) = inside.strip_prefix('#') {
        format!("#{}", world.channels.get(&id(channel)?).map_or("unknown", |c| c.name.as_str()))
    } else if let Some(time) = inside.strip_prefix("t:") {
        moment(world, time)?
    } else if let Some(command) = inside.strip_prefix('/') {
        format!("/{}", command.rsplit_once(':')?.0)
    } else if inside.starts_with("https://") || inside.starts_with("http://") {
        inside
    } else {
        return None;
    };
    out.push_str(&shown);
    Some(end + 1)
}

fn moment(world: &World, time: &str) -> Option<String> {
    let (seconds, style) = time.split_once(':').unwrap_or((time, "f"));
    let at = jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?.to_zoned(world.options.zone.clone());
    let format = match style {
        "t" => "%H:%M",
        "T" => "%H:%M:%S",
        "d" | "D" => "%a %-d %b",
        "f" | "F" | "R" => "%a %-d %b %H:%M",
        _ => return None,
    };
    Some(at.strftime(format).to_string())
}

fn link(world: &World, rest: &[char], out: &mut String) -> Option<usize> {
    let middle = position(rest, 1, "](")?;
    let end = position(rest, middle + 2, ")")?;
    let url: String = rest[middle + 2..end].iter().collect();
    let known = url.trim_start_matches('<').starts_with("http");
    if !known || rest[1..middle].contains(&'\n') {
        return None;
    }
    inline(world, &rest[1..middle], false, out);
    // Whoever points at it reads where it leads.
    out.push_str(&format!(" ({})", url.trim_matches(['<', '>'])));
    Some(end + 1)
}

/// Bold, italic, underlined, struck and hidden text; a mark without its partner is shown.
fn marked(world: &World, chars: &[char], at: usize, out: &mut String) -> Option<usize> {
    let rest = &chars[at..];
    let mark = ["**", "__", "~~", "||", "*", "_"].into_iter().find(|mark| starts(rest, mark))?;
    let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let low = mark == "_";
    if low && at > 0 && word(chars.get(at - 1)) {
        return None;
    }
    let mut from = mark.len();
    loop {
        let end = position(rest, from, mark)?;
        let escaped = rest[end - 1] == '\\';
        let outside = low && word(rest.get(end + 1));
        let blank = mark.len() == 1 && (rest[1].is_whitespace() || rest[end - 1].is_whitespace());
        if end > mark.len() && !escaped && !outside && !blank {
            inline(world, &rest[mark.len()..end], false, out);
            return Some(end + mark.len());
        }
        from = end + 1;
    }
}
