//! What can be wrong with `[alerts]`, as people see it.

use super::config_problems::{SOUND, load};

#[test]
fn alerts_that_cannot_be() {
    let text = SOUND.to_owned()
        + r#"
[severities.p1]
title = "bad"
respond = "15m"
update = "15m"

[alerts]
settle = "3d"
silencers = ["leed"]

[alerts.sources.prometheus]
format = "alertmanager"
secret = { env = "ALERTS_A" }

[alerts.sources.ci]
format = "github"

[alerts.sources.both]
format = "json"
token = { env = "ALERTS_B" }
secret = { env = "ALERTS_C" }

[alerts.sources.pigeon]
format = "carrier"

[[alerts.rules]]
source = "promethius"
labels = { severity = "critical" }
severity = "p9"
ladder = "none"

[[alerts.rules]]
labels = { alertname = "High*" }
severity = "p1"

[[alerts.rules]]
labels = { alertname = ["HighErrorRate", "HighLatency"], service = "shop" }
only = "line"

[[alerts.rules]]
drop = true
only = "line"

[[alerts.rules]]
title = "*disk*"

[[alerts.maintenance]]
name = "Never"

[[alerts.maintenance]]
name = "Half"
from = 2026-01-05
services = ["shp"]
"#;
    let report = load(&[("signalbox.toml", &text)]).unwrap_err();
    insta::assert_snapshot!(report.render(false));
}

#[test]
fn alerts_that_are_sound_and_rarely_meant() {
    let text = SOUND.to_owned()
        + r#"
[severities.p1]
title = "bad"
respond = "15m"
update = "15m"

[alerts.sources.prometheus]
format = "alertmanager"
token = { env = "ALERTS_A" }

[alerts.sources.ci]
format = "github"
secret = { env = "ALERTS_B" }

[[alerts.rules]]
source = "prom*"
severity = "p1"
"#;
    let loaded = load(&[("signalbox.toml", &text)]).unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(loaded.service.alerts.len(), 2);
    assert!(
        loaded.report.render(false).contains("no rule is about the source `ci`"),
        "{}",
        loaded.report.render(false)
    );
}
