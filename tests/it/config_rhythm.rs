//! What is wrong with a config's digests, maintenance and objectives, and what to write instead.

use crate::config_problems::{SOUND, load};

const LIST: &str = "---\ntitle: Weekly\n---\n\n- [ ] Look\n- [ ] Read the number {check: version}\n";

#[test]
fn schedules_owners_and_objectives_that_cannot_be() {
    let text = SOUND.to_owned()
        + r#"
[digests.morning]
cron = "0 9 * * 1-5"
sections = ["health", "incidents", "incidents", "helth"]
probes = ["nothing"]

[digests.often]
cron = "*/5 * * * *"
sections = ["health"]

[digests.never]
cron = "0 9 30 feb *"
channel = "nowhere"
sections = []

[digests.both]
cron = "0 9 1 * mon"
sections = ["backups"]

[objectives.error-rate]
probe = "nothing"
target = "error_rate"
environments = ["mars"]

[maintenance.weekly]
cron = "@weekly"
checklist = "weekly.md"
roles = ["nobody"]
rosters = ["primary"]
remind = ["2d", "1d", "5m"]

[maintenance.lost]
cron = "0 10 * * tue"
checklist = "lost.md"
people = ["ada"]
"#;
    let report = load(&[("signalbox.toml", &text), ("weekly.md", LIST)]).unwrap_err();
    insta::assert_snapshot!(report.render(false));
}

#[test]
fn what_is_right_is_read() {
    let text = SOUND.to_owned()
        + r#"
[digests.morning]
cron = "0 9 * * mon-fri"
zone = "Europe/Berlin"
sections = ["incidents"]

[maintenance.weekly]
cron = "0 10 * * tue"
checklist = "weekly.md"
people = ["ada"]
"#;
    let list = LIST.replace(" {check: version}", "");
    let loaded = load(&[("signalbox.toml", &text), ("weekly.md", &list)]).unwrap_or_else(|r| panic!("{r}"));
    let rhythm = &loaded.policy.rhythm;
    assert_eq!(rhythm.digests["morning"].cron.to_string(), "0 9 * * mon-fri (Europe/Berlin)");
    assert_eq!(rhythm.digests["morning"].title, "Morning");
    assert_eq!(rhythm.maintenance["weekly"].checklist.sections[0].items.len(), 2);
    assert!(loaded.policy.checklists.is_empty(), "it belongs to no deployment");
}
