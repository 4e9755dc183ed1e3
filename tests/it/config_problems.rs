//! Every kind of problem, all of a config at once, as people see them. The pictures are in `snapshots/`; to accept changed
//! ones run the tests with `INSTA_UPDATE=always` and read the difference.

use signalbox::config::{self, Folder, Given, Report};
use std::collections::{BTreeMap, BTreeSet};

/// A folder in memory.
pub struct Files(pub BTreeMap<String, String>);

impl Folder for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let prefix = format!("{path}/");
        let names: Vec<String> = self.0.keys().filter_map(|k| k.strip_prefix(&prefix)).map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    }
}

/// A setup without a problem, on which the cases build.
pub const SOUND: &str = r#"
name = "Test"
zone = "+03:00"

[channels]
deployments = "deployments"
incidents = "incidents"
engineering = "engineering"

[roles]
engineer = { title = "Engineer" }
lead = { title = "Lead" }

[people]
ada = { name = "Ada", roles = ["engineer"] }
bob = { name = "Bob", roles = ["lead"] }
cleo = { name = "Cleo", roles = ["lead"] }

[probes.health]
ask = "executor"
what = "health"

[probes.counters]
ask = "executor"
what = "counters"

[strategies.plain]
steps = [{ step = "deploy" }, { step = "traffic", weight = 100 }, { step = "verify", probes = ["health"] }]
rollback = [{ step = "restore" }]

[strategies.careful]
steps = [
  { step = "deploy" },
  { step = "traffic", weight = 10, bake = "5m", counters = "counters", error_budget = 5 },
  { step = "traffic", weight = 100 },
]
rollback = [{ step = "restore" }]

[services.api]
executor = "fleet"
strategies = { staging = "plain", production = "careful" }

[environments.staging]
keys = ["lead"]

[environments.production]
after = "staging"
windows = [{ days = "mon-thu", from = "10:00", to = "14:00" }]
keys = ["lead"]
"#;

pub fn load(files: &[(&str, &str)]) -> Result<config::Loaded, Report> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    config::load_from(&Files(files), "signalbox.toml", "", &Given::default())
}

fn report(files: &[(&str, &str)]) -> Report {
    match load(files) {
        Ok(loaded) => loaded.report,
        Err(report) => report,
    }
}

/// The sound setup with replacements, each of which must hit.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(SOUND.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the setup");
        text.replacen(from, to, 1)
    })
}

fn codes(report: &Report) -> Vec<String> {
    report.problems.iter().map(|p| p.code.to_string()).collect()
}

#[test]
fn the_sound_setup_is_sound() {
    let loaded = load(&[("signalbox.toml", SOUND)]).unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(loaded.report.summary(), "no problems", "{}", loaded.report);
}

const KEYS_AND_TYPES: &str = r##"
name = 7
zone = "Asia/Riyad"
chanels = {}
calendars = "holidays.ics"

[channels]
deployments = "Deploy Ments"
incidents = "#incidents"

[roles.Lead]
title = true

[people.ada]
name = "Ada"
roles = ["leed"]
phone = "1"

[environments.production]
windows = [
  { days = "mon-thur, friday-mondy", from = "10am", to = "25:00", zone = "UTC+25" },
  { days = [], from = 10, to = "12:00" },
  { from = "10:00" },
]
overrun = "stop"
key_expiry = "4 hours"
jitter = 30
watch = ["30m"]
keys = [{ optional = true }, 5]

[[freezes]]
name = "Launch"
from = 2026-12-24T18:00:00Z
to = "Christmas"

[[holidays]]
name = "Backwards"
from = 2026-12-26
to = 2026-12-25

[probes.slow]
ask = "http"
url = "staging.example.com/health"
healthy = ["latency_ms < fast", "latency_ms => 3", "< 3"]
expect_status = 70000

[probes.odd]
ask = "prometheus"

[probes.none]
url = "https://example.com"

[server]
listen = "localhost"

[store]
url = "mysql://db/signalbox"

[log]
format = "xml"
"##;

#[test]
fn keys_types_and_small_words() {
    insta::assert_snapshot!(report(&[("signalbox.toml", KEYS_AND_TYPES)]).render(false));
}

#[test]
fn syntax_errors_are_all_reported_and_the_rest_is_still_read() {
    let text = changed(&[
        ("zone = \"+03:00\"", "zone = \"+03:00\nextra = = 3"),
        ("[roles]", "[roles\n[roles]"),
        ("keys = [\"lead\"]\n\n", "keys = [\"lead\"]\nkeys = [\"lead\"]\nwatchh = \"5m\"\n\n"),
    ]);
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn names_that_lead_nowhere() {
    let text = changed(&[
        ("roles = [\"engineer\"]", "roles = [\"enginer\"]"),
        ("counters = \"counters\", error_budget = 5", "counters = \"conters\", error_budget = 5, probes = [\"helth\"]"),
        ("executor = \"fleet\"", "executor = \"flet\"\nlive_probe = \"version\""),
        ("strategies = { staging = \"plain\"", "strategies = { stagin = \"plane\", staging = \"plain\""),
        ("after = \"staging\"", "after = \"stagging\"\noperators = [\"boss\"]\nhotfix = { keys = [\"cto\"] }"),
    ]) + r#"
[[freezes]]
name = "Launch"
from = 2026-12-24
to = 2026-12-25
environments = ["prod"]
services = ["apis"]
pass = ["ceo"]
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn too_few_holders() {
    let nobody = changed(&[
        ("lead = { title = \"Lead\" }", "lead = { title = \"Lead\" }\ncto = { title = \"CTO\" }"),
        (
            "keys = [\"lead\"]\n\n[environments.production]",
            "keys = [\"cto\"]\noperators = [\"cto\"]\n\n[environments.production]",
        ),
    ]);
    let only_one = changed(&[(
        "cleo = { name = \"Cleo\", roles = [\"lead\"] }",
        "cleo = { name = \"Cleo\", roles = [\"engineer\"] }",
    )]);
    let one_person_two_keys = changed(&[
        ("cleo = { name = \"Cleo\", roles = [\"lead\"] }", "cleo = { name = \"Cleo\", roles = [\"engineer\"] }"),
        ("bob = { name = \"Bob\", roles = [\"lead\"] }", "bob = { name = \"Bob\", roles = [\"lead\", \"engineer\"] }"),
        ("keys = [\"lead\"]\n\n[environments.production]", "\n[environments.production]"),
        ("to = \"14:00\" }]\nkeys = [\"lead\"]", "to = \"14:00\" }]\nkeys = [\"lead\", \"lead\"]"),
    ]);
    let all: Vec<String> = [nobody, only_one, one_person_two_keys]
        .iter()
        .map(|text| report(&[("signalbox.toml", text)]).render(false))
        .collect();
    insta::assert_snapshot!(all.join("\n────\n\n"));
}

#[test]
fn a_single_hotfix_key_may_have_a_single_holder() {
    let text = changed(&[
        ("lead = { title = \"Lead\" }", "lead = { title = \"Lead\" }\ncto = { title = \"CTO\" }"),
        (
            "ada = { name = \"Ada\", roles = [\"engineer\"] }",
            "ada = { name = \"Ada\", roles = [\"cto\", \"engineer\"] }",
        ),
        ("after = \"staging\"", "after = \"staging\"\nhotfix = { keys = [\"cto\"] }"),
    ]);
    assert_eq!(report(&[("signalbox.toml", &text)]).summary(), "no problems");
}

#[test]
fn windows_that_never_open_or_are_too_short() {
    let never = changed(&[(
        "windows = [{ days = \"mon-thu\", from = \"10:00\", to = \"14:00\" }]",
        r#"windows = [
  { days = "mon", from = "10:00", to = "14:00" },
  { days = "tue", from = "10:00", to = "10:00" },
  { days = "wed", from = "24:00" },
]"#,
    )]) + r#"
[[freezes]]
name = "For ever"
from = 2019-01-01
to = 2045-01-01
environments = ["production"]
"#;
    let short = changed(&[("bake = \"5m\"", "bake = \"3h\""), ("to = \"14:00\"", "to = \"12:30\"")]);
    let warned = changed(&[
        ("bake = \"5m\"", "bake = \"3h\""),
        ("to = \"14:00\"", "to = \"12:30\""),
        ("after = \"staging\"", "after = \"staging\"\non_short_window = \"warn\""),
    ]);
    let one = changed(&[
        ("bake = \"5m\"", "bake = \"3h\""),
        (
            "to = \"14:00\" }]",
            r#"to = "14:00" },
  { days = "fri", from = "10:00", to = "12:00" },
  { days = "sat", from = "22:00" },
  { days = "sun", from = "00:00", to = "02:00" },
]"#,
        ),
    ]);
    let all: Vec<String> =
        [never, short, warned, one].iter().map(|text| report(&[("signalbox.toml", text)]).render(false)).collect();
    insta::assert_snapshot!(all.join("\n────\n\n"));
}

#[test]
fn a_freeze_that_somebody_may_pass_or_that_ends_leaves_the_window_reachable() {
    let freeze =
        |rest: &str| format!("{SOUND}\n[[freezes]]\nname = \"Long\"\nfrom = 2019-01-01\nto = 2045-01-01\n{rest}\n");
    assert_eq!(codes(&report(&[("signalbox.toml", &freeze(""))])), ["unreachable-window"]);
    for rest in ["pass = [\"lead\"]", "environments = [\"staging\"]", "services = [\"api\"]"] {
        assert_eq!(codes(&report(&[("signalbox.toml", &freeze(rest))])), Vec::<String>::new(), "{rest}");
    }
    let ends = SOUND.to_owned() + "\n[[freezes]]\nname = \"Long\"\nfrom = 2019-01-01\nto = 2040-12-26\n";
    assert_eq!(codes(&report(&[("signalbox.toml", &ends)])), Vec::<String>::new());
    let files = BTreeMap::from([("signalbox.toml".to_owned(), ends)]);
    let now = "2030-01-01T00:00:00Z".parse().ok();
    let from_now = config::load_from(&Files(files), "signalbox.toml", "", &Given { now, ..Given::default() });
    assert_eq!(codes(&from_now.unwrap_err()), ["unreachable-window"], "within two years of now it never opens");
}

#[test]
fn strategies_that_cannot_work() {
    let text = changed(&[
        (
            r#"steps = [{ step = "deploy" }, { step = "traffic", weight = 100 }, { step = "verify", probes = ["health"] }]
rollback = [{ step = "restore" }]"#,
            r#"steps = [
  { step = "traffic", weight = 50, bake = "5m" },
  { step = "deploy", name = "Go" },
  { step = "traffic", name = "Go", weight = 50, error_budget = 3, every = "0s", unhealthy_after = 0, counters = "health" },
  { step = "traffic", weight = 0 },
  { step = "traffic", weight = 90, wieght = 3 },
  { step = "restore" },
  { step = "verify", tries = 0, probes = ["health"] },
  { step = "http", url = "nowhere", method = "FETCH" },
  { step = "command", argv = [] },
  { step = "command", argv = ["{service}", "{versoin}"], recovery = "sometimes" },
  { step = "command", argv = ["/bin/echo", "{\"json\": {\"a\": 1}}", "{}"] },
  { step = "fly" },
  { weight = 3 },
]
rollback = [{ step = "deploy" }]
full_rollback = [{ step = "restore" }]
emergency_rollback = [{ step = "restore" }]"#,
        ),
        (
            "  { step = \"traffic\", weight = 100 },\n]\nrollback = [{ step = \"restore\" }]",
            "  { step = \"traffic\", weight = 100 },\n]",
        ),
        (
            "strategies = { staging = \"plain\", production = \"careful\" }",
            "strategies = { staging = \"plain\", production = \"careful\", spare = \"empty\" }",
        ),
    ]) + r#"
[strategies.empty]
steps = []

[environments.spare]
after = "staging"

[services.web]
executor = "command"
strategies = { production = "plain" }
releases = { from = "command", argv = ["/usr/bin/git", "rev-parse", "{revision}"] }
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn templates_that_do_not_work_and_severities_that_there_are_not() {
    let text = changed(&[("after = \"staging\"", "after = \"staging\"\nrollback_opens = \"p9\"")]);
    let text = text
        + "\n[severities.p1]\ntitle = \"bad\"\nrespond = \"15m\"\nupdate = \"30m\"\n\n[templates]\npost_mortem = \"mortem.md\"\n";
    let broken = "# {{ title }}\n\n{{ subject }}\n";
    insta::assert_snapshot!(report(&[("signalbox.toml", &text), ("mortem.md", broken)]).render(false));
    let (open, endless) = ("{% for a in actions %}", "{% for a in range(10000000) %}x{% endfor %}");
    for template in [open, endless] {
        let shown = report(&[("signalbox.toml", &text), ("mortem.md", template)]).render(false);
        assert!(shown.contains("bad-template"), "{shown}");
    }
}

#[test]
fn ladders_that_reach_nobody() {
    let text = changed(&[])
        + r#"
[severities.p0]
title = "full outage"
respond = "15m"
update = "1m"
ladder = "critcal"

[ladders.critical]
levels = [
  { after = "30m", people = ["oma"], roles = ["ld"] },
  { after = "15m" },
]

[ladders.none]
levels = []
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn people_who_cannot_be_paged_so() {
    let text = changed(&[(
        "ada = { name = \"Ada\", roles = [\"engineer\"] }",
        r#"ada = { name = "Ada", roles = ["engineer"], contact = { email = "ada", ntfy = "a topic", fax = "1" } }
eli = { name = "Eli", page = ["chat+pigeon", "webhook", "chat"], page_urgent = [] }
dan = { name = "Dan", page = ["email+ntfy"], page_urgent = ["pagerduty"] }"#,
    )]) + r#"
[paging]
night = { from = "22:00", to = "22:00" }
link = "here"
email = { host = "mail.example", tls = "none", user = "signalbox", from = "nobody" }
ntfy = { base_url = "http://push.example" }

[paging.pagerduty]
routing_keys.eve = { env = "PAGERDUTY_EVE" }
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn circles_and_doubles() {
    let text = changed(&[
        ("[environments.staging]\n", "[environments.staging]\nafter = \"production\"\n"),
        (
            "ada = { name = \"Ada\", roles = [\"engineer\"] }",
            "ada = { name = \"Ada\", roles = [\"engineer\", \"engineer\"], accounts = { slack = \"U1\", teams = \"x\" } }",
        ),
        ("bob = { name = \"Bob\"", "bob = { accounts = { slack = \"U1\" }, name = \"Bob\""),
        ("executor = \"fleet\"", "executor = \"fleet\"\ndefault = true"),
    ]) + r#"
[environments.mirror]
after = "mirror"

[services.web]
executor = "fleet"
default = true
strategies = { staging = "plain", mirror = "plain" }

[[freezes]]
name = "Launch"
from = 2026-12-24
to = 2026-12-25

[[freezes]]
name = "Launch"
from = 2026-12-28
to = 2026-12-27
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn secrets_in_plain() {
    let text = changed(&[(
        "executor = \"fleet\"",
        "executor = \"fleet\"\nsettings = { api_token = \"abc123\", region = \"eu\" }",
    )]) + r#"
[store]
url = "postgres://signalbox:hunter2@db.example/signalbox"

[strategies.plain.extra]

[probes.metrics]
ask = "command"
argv = ["/usr/bin/curl", "--password=hunter2", "Authorization: Bearer ghp_0123456789abcdef"]
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn references_to_secrets_are_fine_and_plain_addresses_without_a_password_too() {
    for url in [
        "{ env = \"DATABASE_URL\" }",
        "{ file = \"/run/secrets/database-url\" }",
        "{ credential = \"database-url\" }",
        "\"sqlite:signalbox.db\"",
        "\"postgres://signalbox@db.example/signalbox\"",
    ] {
        let text = format!("{SOUND}\n[store]\nurl = {url}\n");
        assert_eq!(report(&[("signalbox.toml", &text)]).summary(), "no problems", "{url}");
    }
    for url in
        ["{}", "{ env = \"A\", file = \"b\" }", "{ vault = \"x\" }", "{ env = \"\" }", "{ credential = \"../x\" }", "5"]
    {
        let text = format!("{SOUND}\n[store]\nurl = {url}\n");
        assert_eq!(report(&[("signalbox.toml", &text)]).errors(), 1, "{url}");
    }
}

#[test]
fn chat_platforms() {
    let text = format!(
        "{SOUND}\n{}",
        r#"
[slack]
mode = "http"
bot_token = "plain"
listen = "everywhere"
base_url = "http://chat.example/api"
channels = { deploymnts = "C1" }
groups = { S1 = "led" }

[discord]
token = { env = "TOKEN" }
guild = "ours"
base_url = "chat.example"
roles = { 1 = "lead" }
"#
    );
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn checklists_and_calendars() {
    let text = r#"calendars = ["days.ics", "gone.ics", "notes.ics", "../up.ics"]
checklists = ["lists", "nowhere.md"]
"#
    .to_owned()
        + SOUND;
    let list = r#"---
phase: afterwards
service: apis
environments: [production, prod]
colour: red
no colon here
---

# Title

## Section

- [ ] The new release is well {check: helth}
- [x] Ticked in the file
- [ ] {check: health}
- [ ] Two {check: health} {check: counters}
- [ ] Odd {chek: health}
- [ ] Same
- [ ] Same
"#;
    let open = "---\ntitle: Never closed\n- [ ] x\n";
    let empty = "# Nothing to do\n";
    let days = "BEGIN:VCALENDAR\r\n\
BEGIN:VEVENT\r\n\
DTSTART:20261225T090000Z\r\n\
SUMMARY:Party\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\n\
DTSTART;VALUE=DATE:20261399\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\n\
DTSTART;VALUE=DATE:20261225\r\n\
DTEND;VALUE=DATE:20261225\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\n\
DTSTART;VALUE=DATE:20261225\r\n\
RRULE:FREQ=DAILY\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\n\
SUMMARY:No day\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\n\
DTSTART;VALUE=DATE:20261225\r\n\
DURATION:PT3H\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\n\
DTSTART;VALUE=DATE:20261225\r\n\
END:VCALENDAR\r\n";
    let report = report(&[
        ("signalbox.toml", &text),
        ("days.ics", days),
        ("notes.ics", "Not a calendar.\n"),
        ("lists/before.md", list),
        ("lists/empty.md", empty),
        ("lists/open.md", open),
    ]);
    insta::assert_snapshot!(report.render(false));
}

#[test]
fn what_nothing_refers_to() {
    let text = changed(&[
        ("lead = { title = \"Lead\" }", "lead = { title = \"Lead\" }\nghost = { title = \"Ghost\" }"),
        ("to = \"14:00\" }]\nkeys = [\"lead\"]", "to = \"14:00\" }]"),
    ]) + r#"
[environments.attic]

[strategies.forgotten]
steps = [{ step = "deploy" }, { step = "traffic", weight = 100, bake = "1m" }]

[probes.lonely]
ask = "executor"
what = "version"
"#;
    let report = report(&[("signalbox.toml", &text)]);
    assert!(!report.has_errors());
    insta::assert_snapshot!(report.render(false));
}

#[test]
fn rosters_that_cannot_be() {
    let text = SOUND.to_owned()
        + r#"
[severities.p0]
title = "out"
respond = "15m"
update = "15m"
ladder = "all"

[ladders.all]
levels = [{ after = "0s", rosters = ["primary", "primry"] }]

[rosters.primary]
zone = "Mars/Olympus"
channel = "nowhere"
managers = ["leed"]
layers = [
  { people = ["ada", "bop"], from = 2026-01-05T10:00, turn = "36h" },
  { people = [], from = "soon" },
  { people = ["bob"], from = 2026-01-05, only = [{ days = "mon-fri", from = "24:00" }] },
]

[rosters.empty]
layers = []

[rosters.bare]
"#;
    insta::assert_snapshot!(report(&[("signalbox.toml", &text)]).render(false));
}

#[test]
fn overrides_reach_the_process_and_nothing_else() {
    let files = || Files(BTreeMap::from([("signalbox.toml".to_owned(), SOUND.to_owned())]));
    let with = |env: &[(&str, &str)]| {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        config::load_from(&files(), "signalbox.toml", "", &Given { env, now: None })
    };
    let loaded = with(&[
        ("SIGNALBOX__SERVER__LISTEN", "0.0.0.0:9000"),
        ("SIGNALBOX__CONSOLE__ENABLED", "true"),
        ("SIGNALBOX__CONSOLE__PORT", "0"),
        ("SIGNALBOX__LOG__FORMAT", "json"),
        ("SIGNALBOX__STORE__URL", "postgres://signalbox:hunter2@db/signalbox"),
        ("SIGNALBOX_SETUP", "not ours"),
    ]);
    let loaded = loaded.unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(loaded.service.listen.to_string(), "0.0.0.0:9000");
    assert_eq!((loaded.service.console.enabled, loaded.service.console.port), (true, 0));
    assert_eq!(loaded.service.log, config::LogFormat::Json);
    assert_eq!(loaded.service.store.unwrap().resolve(&|_| None).unwrap(), "postgres://signalbox:hunter2@db/signalbox");
    let refused = with(&[
        ("SIGNALBOX__CONSOLE__PORT", "many"),
        ("SIGNALBOX__SERVER__LISTN", "x"),
        ("SIGNALBOX__ENVIRONMENTS__PRODUCTION", "open"),
        ("SIGNALBOX__STORE__URL", "mysql://root:hunter2@db"),
    ]);
    let refused = refused.unwrap_err().render(false);
    assert!(!refused.contains("hunter2"), "a value from the environment is never shown");
    insta::assert_snapshot!(refused);
}

#[test]
fn scripts_read_the_same_as_people() {
    let text = changed(&[("after = \"staging\"", "after = \"stagin\"")]);
    let json = report(&[("signalbox.toml", &text)]).to_json();
    assert_eq!(json["errors"], 2);
    let first = json["problems"].as_array().unwrap().iter().find(|p| p["code"] == "unknown-environment").unwrap();
    assert_eq!(first["severity"], "error");
    assert_eq!((first["file"].as_str(), first["column"].as_u64()), (Some("signalbox.toml"), Some(9)));
    let line = 1 + text.lines().position(|l| l.starts_with("after")).unwrap();
    assert_eq!(first["line"], line);
    assert_eq!(first["hint"], "did you mean `staging`?");
}

#[test]
fn a_flood_of_problems_is_cut_and_counted() {
    let flood: String = (0..600).map(|n| format!("key{n} = 1\n")).collect();
    let report = report(&[("signalbox.toml", &(flood + SOUND))]);
    assert_eq!(report.problems.len(), signalbox::limits::CONFIG_PROBLEMS);
    assert_eq!(report.errors(), 600);
    let exact: String = (0..signalbox::limits::CONFIG_PROBLEMS).map(|n| format!("key{n} = 1\n")).collect();
    assert_eq!(self::report(&[("signalbox.toml", &(exact + SOUND))]).left_out, 0);
}

#[test]
fn every_code_is_seen_somewhere() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let mut shown = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        shown.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let source = include_str!("../../src/config/problem.rs");
    let body = source.split("pub enum Code {").nth(1).unwrap().split("\n}").next().unwrap();
    let unseen: BTreeSet<String> = body
        .lines()
        .map(str::trim)
        .filter(|l| !l.starts_with("//") && !l.is_empty())
        .map(|l| {
            let name = l.trim_end_matches(',');
            let mut kebab = String::new();
            for (i, c) in name.char_indices() {
                if c.is_ascii_uppercase() && i > 0 {
                    kebab.push('-');
                }
                kebab.push(c.to_ascii_lowercase());
            }
            kebab
        })
        .filter(|code| !shown.contains(&format!("[{code}]")))
        .collect();
    assert_eq!(unseen, BTreeSet::new(), "no test shows these");
}
