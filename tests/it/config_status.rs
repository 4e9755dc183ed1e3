//! What is wrong with status posts and the status page, as people see it; and what a sound setup means.

use super::config_problems::{SOUND, load};
use signalbox::domain::ids::ChannelName;
use signalbox::domain::status::Template;

const SEVERITIES: &str = r#"
[severities.p0]
title = "full outage"
respond = "15m"
update = "15m"
"#;

fn problems(rest: &str, files: &[(&str, &str)]) -> String {
    let text = format!("{SOUND}{SEVERITIES}{rest}");
    let all: Vec<(&str, &str)> = [("signalbox.toml", text.as_str())].into_iter().chain(files.iter().copied()).collect();
    match load(&all) {
        Ok(loaded) => loaded.report,
        Err(report) => report,
    }
    .render(false)
}

#[test]
fn status_posts_that_cannot_be() {
    let rest = r#"announce = ["engineering", "enginering", "engineering"]
email = ["leadership@barq.test", "ada", "nobody", "a@b@c"]
publish = true

[status_page]
roles = ["led"]
services = { apy = "Payments" }
rollbacks = true

[templates]
declared = "declared.j2"
public_resolved = "over.j2"
email = "gone.j2"
"#;
    let files = [("declared.j2", "{{ id }}\n{{ titel }}\n"), ("over.j2", "It is over.\n\nWhy: {{ cause }}\n")];
    insta::assert_snapshot!(problems(rest, &files));
}

#[test]
fn customers_cannot_be_told_nowhere_and_a_token_does_not_go_in_plain() {
    let alone = problems("publish = true\n", &[]);
    assert!(alone.contains("`[status_page]` is missing"), "{alone}");
    let plain = problems(
        "[status_page.statuspage]\npage = \"p\"\ntoken = { env = \"T\" }\nbase_url = \"http://status.example\"\n",
        &[],
    );
    assert!(plain.contains("the token would go there in plain"), "{plain}");
}

#[test]
fn a_sound_setup_says_who_hears_of_it() {
    let text = SOUND
        .replace("ada = { name = \"Ada\",", "ada = { name = \"Ada\", contact = { email = \"ada@barq.test\" },")
        + SEVERITIES
        + r#"announce = ["engineering"]
email = ["leadership@barq.test", "ada"]
publish = true

[paging.email]
host = "mail.barq.test"
from = "signalbox <signalbox@barq.test>"

[status_page]
roles = ["lead"]
services = { api = "Payments" }

[status_page.webhook]
url = "https://status.barq.test/hook"
secret = { env = "STATUS_SECRET" }

[templates]
public_update = "quiet.j2"
"#;
    let loaded = load(&[("signalbox.toml", &text), ("quiet.j2", "")]).unwrap_or_else(|r| panic!("{r}"));
    let status = &loaded.policy.response.status;
    assert_eq!(status.announce["P0"], [ChannelName::new("engineering")]);
    let to: Vec<_> = status.email["P0"].iter().map(|r| (r.name.as_str(), r.address.as_str())).collect();
    assert_eq!(to, [("", "leadership@barq.test"), ("Ada", "ada@barq.test")]);
    assert!(status.publish.contains("P0") && status.templates.contains_key(&Template::PublicUpdate));
    let page = status.page.as_ref().unwrap();
    assert_eq!((page.places.as_slice(), page.rollbacks), (["webhook".to_owned()].as_slice(), false));
}
