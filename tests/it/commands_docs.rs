//! What is written from the catalogue is what the catalogue says today. `BLESS=1 cargo test commands_docs` writes it anew.

use signalbox::command::{Catalogue, Extra, SlackManifest, discord_manifest, docs, slack_manifest};

fn is_fresh(file: &str, page: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "{file} is old; run `BLESS=1 cargo test commands_docs`");
}

fn catalogue() -> Catalogue {
    Catalogue::embedded().unwrap()
}

#[test]
fn the_page_is_fresh() {
    is_fresh("docs/COMMANDS.md", &docs(&catalogue()));
}

#[test]
fn the_manifests_are_fresh() {
    let slack = |url: Option<&str>| {
        slack_manifest(&catalogue(), &SlackManifest { url: url.map(str::to_owned), extras: Vec::new() })
    };
    is_fresh("deploy/slack-socket.yaml", &slack(None));
    is_fresh("deploy/slack-http.yaml", &slack(Some("https://bot.example/slack")));
    is_fresh("deploy/discord.yaml", &discord_manifest(&catalogue(), None, false));
}

/// What Slack takes: a name of at most 32 characters, a description and a hint of bounded length, at most 50 commands.
#[test]
fn the_slack_manifest_is_within_its_limits() {
    let (url, extras) = (Some("https://bot.example/s".into()), vec![Extra::Groups, Extra::Rooms]);
    let page = slack_manifest(&catalogue(), &SlackManifest { url, extras });
    let values = |key: &str| -> Vec<String> {
        let rest = page.lines().filter_map(|l| l.trim().trim_start_matches("- ").strip_prefix(key));
        rest.map(|v| v.trim().trim_matches('"').to_owned()).collect()
    };
    let names = values("command:");
    assert!((10..=50).contains(&names.len()), "{names:?}");
    assert!(names.iter().all(|n| n.starts_with('/') && n.len() <= 32 && *n == n.to_lowercase()));
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    assert!(values("description:").iter().all(|d| (1..=100).contains(&d.chars().count())));
    assert!(values("usage_hint:").iter().all(|d| d.chars().count() <= 1000));
    assert_eq!(values("url:").len(), names.len());
    assert_eq!(values("request_url:").len(), 2);
    assert!(page.contains("socket_mode_enabled: false") && page.contains("usergroups:read"));
    assert!(page.contains("channels:manage"));
    assert!(discord_manifest(&catalogue(), None, true).contains("Manage Channels"));
}
