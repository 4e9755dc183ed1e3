//! Every method the workspace knows: its tier, its scopes, its token, and what carries it out.

use super::super::rates::Tier;
use super::{Run, chat, conversations, files, lists, misc, post, reactions, views};

pub struct Spec {
    pub name: &'static str,
    pub tier: Tier,
    /// Any one of them is enough.
    pub scopes: &'static [&'static str],
    /// It takes the app-level token, not the bot's.
    pub app_token: bool,
    /// Slack documents JSON bodies for it.
    json: bool,
    pub run: Run,
}

const fn row(name: &'static str, tier: Tier, scopes: &'static [&'static str], json: bool, run: Run) -> Spec {
    Spec { name, tier, scopes, app_token: false, json, run }
}

const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const MANAGE: &[&str] = &["channels:manage"];
const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history", "mpim:history"];

static METHODS: &[Spec] = &[
    row("api.test", Tier::Four, &[], true, misc::api_test),
    row("auth.test", Tier::Special, &[], true, misc::auth_test),
    Spec {
        app_token: true,
        ..row("apps.connections.open", Tier::One, &["connections:write"], true, misc::connections_open)
    },
    row("bots.info", Tier::Three, &["users:read"], false, misc::bots_info),
    row("team.info", Tier::Three, &["team:read"], false, misc::team_info),
    row("chat.postMessage", Tier::Post, &["chat:write"], true, post::message),
    row("chat.postEphemeral", Tier::Four, &["chat:write"], true, post::ephemeral),
    row("chat.update", Tier::Three, &["chat:write"], true, chat::update),
    row("chat.delete", Tier::Three, &["chat:write"], true, chat::delete),
    row("chat.getPermalink", Tier::Special, &[], false, chat::permalink),
    row("conversations.list", Tier::Two, READ, false, lists::channels),
    row("users.conversations", Tier::Three, READ, false, lists::users_conversations),
    row("conversations.info", Tier::Three, READ, false, conversations::info),
    row("conversations.members", Tier::Four, READ, false, lists::members),
    row("conversations.history", Tier::Three, HISTORY, false, conversations::history),
    row("conversations.replies", Tier::Three, HISTORY, false, conversations::replies),
    row("conversations.join", Tier::Three, &["channels:join"], true, conversations::join),
    row("conversations.open", Tier::Three, &["im:write", "mpim:write"], true, conversations::open),
    row("conversations.create", Tier::Two, MANAGE, true, conversations::create),
    row("conversations.invite", Tier::Three, MANAGE, true, conversations::invite),
    row("conversations.archive", Tier::Two, MANAGE, true, conversations::archive),
    row("conversations.setTopic", Tier::Two, MANAGE, true, conversations::set_topic),
    row("users.info", Tier::Four, &["users:read"], false, lists::user),
    row("users.list", Tier::Two, &["users:read"], false, lists::users),
    row("usergroups.list", Tier::Two, &["usergroups:read"], false, lists::groups),
    row("usergroups.users.list", Tier::Two, &["usergroups:read"], false, lists::group_users),
    row("reactions.get", Tier::Three, &["reactions:read"], false, reactions::get),
    row("reactions.add", Tier::Three, &["reactions:write"], true, reactions::add),
    row("reactions.remove", Tier::Two, &["reactions:write"], true, reactions::remove),
    row("views.open", Tier::Four, &[], true, views::open),
    row("views.push", Tier::Four, &[], true, views::push),
    row("views.update", Tier::Four, &[], true, views::update),
    row("views.publish", Tier::Four, &[], true, views::publish),
    row("files.getUploadURLExternal", Tier::Four, &["files:write"], false, files::get_upload_url),
    row("files.completeUploadExternal", Tier::Four, &["files:write"], true, files::complete),
];

pub fn spec(name: &str) -> Option<&'static Spec> {
    METHODS.iter().find(|spec| spec.name == name)
}

pub fn takes_json(name: &str) -> bool {
    spec(name).is_none_or(|spec| spec.json)
}
