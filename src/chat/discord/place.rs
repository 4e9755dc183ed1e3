//! Where a call counts: Discord's limits go by kind of call and by the channel, server or webhook it is about.

/// A kind of call and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Method and path, without ids: `PATCH channels/messages`.
    pub kind: String,
    /// The channel, server or webhook: buckets of the same name are apart for each.
    pub top: String,
    /// Answers to interactions carry their own token and are outside the bot's global limit.
    pub interaction: bool,
}

impl Place {
    /// Reads the path of a route: `/api/v10/channels/1/messages/2`.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Self {
        let mut words = path.split('/').filter(|w| !w.is_empty() && *w != "api" && *w != "v10");
        let first = words.next().unwrap_or_default();
        let ids = match first {
            "channels" | "guilds" => 1,
            "webhooks" => 2,
            _ => 0,
        };
        let top: Vec<&str> = words.by_ref().take(ids).collect();
        let mut kind = format!("{method} {first}");
        // Behind an interaction's id stands its token, and behind `reactions` an emoji: neither names a kind.
        let named = words.filter(|w| *w == "@me" || !w.contains(|c: char| !c.is_ascii_lowercase() && c != '-'));
        let deep = if first == "interactions" { 0 } else { 4 };
        for word in named.take(deep) {
            kind.push('/');
            kind.push_str(word);
        }
        Self { kind, top: top.join("/"), interaction: matches!(first, "interactions" | "webhooks") }
    }
}

impl Place {
    /// The first response to an interaction: once each, so no count of them says anything about the next.
    #[must_use]
    pub fn callback(&self) -> bool {
        self.interaction && self.top.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tokens_and_emoji_name_no_kind() {
        let kind = |path: &str| {
            let place = Place::of("GET", path);
            format!("{} of {}{}", place.kind, place.top, if place.interaction { "!" } else { "" })
        };
        assert_eq!(kind("/api/v10/channels/1/messages/2"), "GET channels/messages of 1");
        assert_eq!(kind("/api/v10/channels/1/messages/2/threads"), "GET channels/messages/threads of 1");
        assert_eq!(kind("/api/v10/channels/1/messages/2/reactions/%E2%9C%85"), "GET channels/messages/reactions of 1");
        assert_eq!(kind("/api/v10/guilds/3/members/4"), "GET guilds/members of 3");
        assert_eq!(kind("/api/v10/users/@me"), "GET users/@me of ");
        assert_eq!(kind("/api/v10/interactions/5/aBc/callback"), "GET interactions of !");
        assert_eq!(kind("/api/v10/webhooks/6/aBc/messages/@original"), "GET webhooks/messages of 6/aBc!");
        assert_eq!(kind("/api/v10/applications/6/guilds/3/commands"), "GET applications/guilds/commands of ");
    }
}
