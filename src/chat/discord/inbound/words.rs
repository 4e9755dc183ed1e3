//! What people typed, from Discord's way of writing back to theirs: `<@5>` was typed as a name, `<#7>` as a channel.

use crate::chat::discord::arrival::text;
use serde_json::Value;

/// How ids are called, where that is known.
pub struct Known<'a> {
    pub person: &'a dyn Fn(&str) -> Option<String>,
    pub channel: &'a dyn Fn(&str) -> Option<String>,
}

/// The command line in a message to us: what follows our name, or stands before it when nothing follows. Everything, in a
/// direct message that does not name us.
#[must_use]
pub fn line(event: &Value, me: &str, known: &Known) -> String {
    let content = event["content"].as_str().unwrap_or_default();
    let addressed = [format!("<@{me}>"), format!("<@!{me}>")];
    let cut = addressed.iter().filter(|_| !me.is_empty()).find_map(|a| content.split_once(a.as_str()));
    let said = match cut {
        Some((before, after)) if after.trim().is_empty() => before,
        Some((_, after)) => after,
        None => content,
    };
    plain(said.trim(), &|token| meaning(token, event, known)).trim().to_owned()
}

/// The whole of a message.
#[must_use]
pub fn content(message: &Value, known: &Known) -> String {
    plain(message["content"].as_str().unwrap_or_default(), &|token| meaning(token, message, known)).trim().to_owned()
}

/// Replaces each `<…>` that `meaning` knows.
fn plain(said: &str, meaning: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let known = from.find('>').and_then(|end| Some((meaning(&from[1..end])?, end)));
        match known {
            Some((words, end)) => {
                out.push_str(&words);
                rest = &from[end + 1..];
            }
            None => {
                out.push('<');
                rest = &from[1..];
            }
        }
    }
    out + rest
}

fn meaning(token: &str, event: &Value, known: &Known) -> Option<String> {
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    if let Some(id) = token.strip_prefix("@&").filter(|id| digits(id)) {
        return Some(format!("@{id}"));
    }
    if let Some(id) = token.strip_prefix('@').map(|id| id.trim_start_matches('!')).filter(|id| digits(id)) {
        let called = || {
            let mentions = event["mentions"].as_array()?;
            let one = mentions.iter().find(|m| text(&m["id"]).is_some_and(|m| m == id))?;
            text(&one["username"])
        };
        let name = (known.person)(id).or_else(called).unwrap_or_else(|| id.to_owned());
        return Some(format!("@{name}"));
    }
    if let Some(id) = token.strip_prefix('#').filter(|id| digits(id)) {
        return Some(format!("#{}", (known.channel)(id).unwrap_or_else(|| id.to_owned())));
    }
    // `</deploy status:12>` and `<a:party:12>`.
    if let Some((name, _)) = token.rsplit_once(':').filter(|(_, id)| digits(id)) {
        if name.starts_with('/') {
            return Some(name.to_owned());
        }
        return name.trim_start_matches('a').strip_prefix(':').map(|emoji| format!(":{emoji}:"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(content: &str) -> String {
        let event = json!({ "content": content, "mentions": [null, { "id": "6", "username": "kim" }] });
        let known = Known {
            person: &|id| (id == "4").then(|| "cto".into()),
            channel: &|id| (id == "7").then(|| "deployments".into()),
        };
        line(&event, "99", &known)
    }

    #[test]
    fn our_name_is_taken_off_and_the_rest_is_what_was_meant() {
        assert_eq!(read("<@99> deploy v1.2.0 to production"), "deploy v1.2.0 to production");
        assert_eq!(read("  <@!99>\n/why D-4 "), "/why D-4");
        assert_eq!(read("please <@99> approve D-4"), "approve D-4");
        assert_eq!(read("approve D-4 <@99>"), "approve D-4");
        assert_eq!(read("<@99>"), "");
        assert_eq!(read("reject D-4 <@6> said so in <#7>"), "reject D-4 @kim said so in #deployments");
        assert_eq!(
            read("reject D-4 1 < 2 > 0 <a:party:12> <:ok:3> </why:12>"),
            "reject D-4 1 < 2 > 0 :party: :ok: /why"
        );
        assert_eq!(read("<@4> <@5> <#8> <@&4> <t:1> <"), "@cto @5 #8 @4 <t:1> <");
    }
}
