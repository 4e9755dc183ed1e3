//! What people typed, from Slack's way of writing back to theirs: `&lt;` was `<`, `<@U1|kim>` was a name, `<https://a.b|a.b>`
//! was `a.b`.
//!
//! Slack escapes every `<` that people type, so each bare one begins a mark of its own; one that does not end is text.

/// How ids are called, where that is known.
pub struct Known<'a> {
    pub person: &'a dyn Fn(&str) -> Option<String>,
    pub channel: &'a dyn Fn(&str) -> Option<String>,
}

/// The text as it was typed.
#[must_use]
pub fn typed(text: &str, known: &Known) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&unescaped(before));
        match after.split_once('>') {
            Some((mark, after)) => {
                out.push_str(&meaning(mark, known));
                rest = after;
            }
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(&unescaped(rest));
    out
}

/// What follows our name, or stands before it when nothing follows. Without our name: everything behind a leading mark, since
/// the message would not be here if that were not us.
#[must_use]
pub fn addressed<'a>(text: &'a str, me: Option<&str>) -> &'a str {
    let text = text.trim();
    let named = me.and_then(|me| {
        let (before, after) = text.split_once(&format!("<@{me}"))?;
        let (label, after) = after.split_once('>')?;
        (label.is_empty() || label.starts_with('|')).then(|| (before.trim(), after.trim()))
    });
    match named {
        Some((before, "")) => before,
        Some((_, after)) => after,
        None if text.starts_with("<@") => text.split_once('>').map_or(text, |(_, after)| after.trim()),
        None => text,
    }
}

fn unescaped(text: &str) -> String {
    // The ampersand last, so that `&amp;lt;` is the `&lt;` that was typed.
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn meaning(mark: &str, known: &Known) -> String {
    let (target, label) = match mark.split_once('|') {
        Some((target, label)) => (target, Some(unescaped(label)).filter(|l| !l.is_empty())),
        None => (mark, None),
    };
    if let Some(id) = target.strip_prefix('@') {
        return format!("@{}", (known.person)(id).or(label).unwrap_or_else(|| id.to_owned()));
    }
    if let Some(id) = target.strip_prefix('#') {
        return format!("#{}", (known.channel)(id).or(label).unwrap_or_else(|| id.to_owned()));
    }
    match (target.strip_prefix('!'), label) {
        (Some(special), Some(label)) if special.starts_with("date^") => label,
        // Groups, `here` and `everyone`: their label has the sign already.
        (Some(_), Some(label)) => format!("@{}", label.trim_start_matches('@')),
        (Some(special), None) => format!("@{}", special.trim_start_matches("subteam^")),
        (None, Some(label)) => label,
        (None, None) => unescaped(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let known = Known {
            person: &|id| (id == "U1").then(|| "sara".into()),
            channel: &|id| (id == "C1").then(|| "deployments".into()),
        };
        typed(text, &known)
    }

    #[test]
    fn marks_and_escapes_become_what_was_typed() {
        let all = [
            ("v1 &amp; v2 &lt;b&gt; &amp;lt;", "v1 & v2 <b> &lt;"),
            ("<@U1|kim> <@U2|kim> <@U3>", "@sara @kim @U3"),
            ("<#C1> <#C2|ops> <#C3>", "#deployments #ops #C3"),
            ("<https://a.b|a.b> <https://a.b/?x=1&amp;y> <mailto:a@b.c|a@b.c>", "a.b https://a.b/?x=1&y a@b.c"),
            ("<!here> <!subteam^S1|@leads> <!subteam^S1> <!date^1^{date}|1 Jan>", "@here @leads @S1 1 Jan"),
            ("a < b <@U1", "a < b <@U1"),
            ("<> <|>", " "),
        ];
        for (text, typed) in all {
            assert_eq!(read(text), typed);
        }
    }

    #[test]
    fn our_name_is_taken_off() {
        let me = Some("U9");
        assert_eq!(addressed(" <@U9> deploy v1 ", me), "deploy v1");
        assert_eq!(addressed("please <@U9|signalbox>\napprove D-4", me), "approve D-4");
        assert_eq!(addressed("approve D-4 <@U9>", me), "approve D-4");
        assert_eq!(addressed("<@U9>", me), "");
        assert_eq!(addressed("<@U99> approve", me), "approve", "a longer id is another one");
        assert_eq!(addressed("<@U9> why", None), "why");
        assert_eq!(addressed("why D-4", None), "why D-4");
    }
}
