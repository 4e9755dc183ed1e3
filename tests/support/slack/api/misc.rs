//! Who the app is, where it is installed, and where its sockets go.

use super::super::options::Install;
use super::super::world::{APP, BOT, BOT_NAME, BOT_USER, ENTERPRISE, TEAM, TEAM_DOMAIN, TEAM_NAME};
use super::{Call, Done};
use serde_json::{Value, json};

pub fn api_test(call: &mut Call<'_>) -> Done {
    Ok(json!({"args": call.args.value()}))
}

pub fn auth_test(call: &mut Call<'_>) -> Done {
    let organisation = call.world.options.install == Install::Organisation;
    let mut answer = json!({"url": format!("https://{TEAM_DOMAIN}.slack.com/"), "team": TEAM_NAME, "team_id": TEAM,
        "user": BOT_NAME, "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": organisation});
    if organisation {
        answer["enterprise_id"] = json!(ENTERPRISE);
    }
    Ok(answer)
}

pub fn bots_info(call: &mut Call<'_>) -> Done {
    match call.args.text("bot").as_deref() {
        Some(BOT) => Ok(json!({"bot": {"id": BOT, "deleted": false, "name": BOT_NAME, "updated": 1_700_000_000,
            "app_id": APP, "user_id": BOT_USER, "icons": {"image_36": "https://example.org/36.png"}}})),
        _ => Err("bot_not_found".into()),
    }
}

pub fn team_info(call: &mut Call<'_>) -> Done {
    let organisation = call.world.options.install == Install::Organisation;
    let enterprise = if organisation { json!(ENTERPRISE) } else { Value::Null };
    Ok(json!({"team": {"id": TEAM, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": "example.org",
        "icon": {"image_default": true}, "enterprise_id": enterprise}}))
}

pub fn connections_open(call: &mut Call<'_>) -> Done {
    if !matches!(call.world.options.mode, super::super::options::Mode::Socket) {
        return Err("forbidden_app".into());
    }
    let ticket = format!("test-ticket-{:06}", call.world.number());
    call.world.tickets.insert(ticket.clone());
    Ok(json!({"url": format!("{}/link/?ticket={ticket}&app_id={APP}", call.world.socket_origin)}))
}
