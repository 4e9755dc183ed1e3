//! What people type, as Slack hands it on: escaped, with names and addresses marked.

use super::world::World;

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text of a message: names always become marks.
pub fn message(world: &World, text: &str) -> String {
    words(text, |word| name(world, word, false).or_else(|| address(world, word)))
}

/// The text of a command: names become marks when the app asked for it.
pub fn command(world: &World, text: &str) -> String {
    words(text, |word| {
        let name = world.options.escape_names.then(|| name(world, word, true)).flatten();
        name.or_else(|| address(world, word))
    })
}

fn words(text: &str, mark: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        out.push_str(&mark(word).unwrap_or_else(|| escaped(word)));
        out.push_str(&piece[word.len()..]);
    }
    out
}

fn name(world: &World, word: &str, with_label: bool) -> Option<String> {
    let (id, name, sign) = if let Some(name) = word.strip_prefix('@') {
        if let Some(group) = world.groups.values().find(|group| group.handle == name) {
            return Some(format!("<!subteam^{}>", group.id));
        }
        let user = world.users.values().find(|user| user.name == name)?;
        (&user.id, &user.name, '@')
    } else {
        let channel = world.channel_named(word.strip_prefix('#')?)?;
        (&channel.id, &channel.name, '#')
    };
    Some(if with_label { format!("<{sign}{id}|{name}>") } else { format!("<{sign}{id}>") })
}

fn address(world: &World, word: &str) -> Option<String> {
    let link = world.options.auto_link && (word.starts_with("https://") || word.starts_with("http://"));
    link.then(|| format!("<{}>", escaped(word)))
}
