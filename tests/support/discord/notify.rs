//! Who is notified by a message: named in its text, and allowed by `allowed_mentions`.

use super::payload::mentions;
use super::permissions as p;
use super::world::{Message, World};
use serde_json::Value;

impl World {
    /// Without `allowed_mentions` everything in the text counts. Embeds and edits never notify anybody.
    pub fn notify(&self, message: &mut Message, allowed: &Value) {
        let content = message.now().content.clone();
        let parses = |kind: &str| {
            allowed.is_null() || allowed["parse"].as_array().is_some_and(|list| list.iter().any(|k| k == kind))
        };
        let listed = |kind: &str, id: u64| {
            allowed[kind].as_array().is_some_and(|list| list.iter().any(|v| v.as_str() == Some(&id.to_string())))
        };
        let named = mentions(&content).into_iter().filter(|id| self.users.contains_key(id));
        message.notified = named.filter(|id| parses("users") || listed("users", *id)).collect();
        for role in self.roles.keys().filter(|id| content.contains(&format!("<@&{id}>"))) {
            if parses("roles") || listed("roles", *role) {
                message.notified.extend(self.users.values().filter(|u| u.roles.contains(role)).map(|u| u.id));
            }
        }
        let calls = content.contains("@everyone") || content.contains("@here");
        let may = self.allowed(message.channel) & p::MENTION_EVERYONE != 0;
        message.notified_all = calls && may && parses("everyone");
    }
}
