//! Each format's documented example, written anew, good and damaged.

use super::*;

fn one(format: &str, body: &str) -> Alert {
    let mut read = read(format, body);
    assert_eq!((read.alerts.len(), &read.damaged), (1, &Vec::new()), "{body}");
    read.alerts.remove(0)
}

fn label<'a>(alert: &'a Alert, name: &str) -> &'a str {
    alert.labels.get(name).map_or("", String::as_str)
}

const ALERTMANAGER: &str = r#"{"version":"4","groupKey":"{}:{alertname=\"HighErrorRate\"}","truncatedAlerts":0,"status":"firing",
    "receiver":"signalbox","groupLabels":{"alertname":"HighErrorRate"},"commonLabels":{},"commonAnnotations":{},
    "externalURL":"http://am.test:9093","alerts":[
    {"status":"firing","labels":{"alertname":"HighErrorRate","service":"api","severity":"critical"},
     "annotations":{"summary":"7 % of requests fail","description":"for five minutes"},
     "startsAt":"2026-01-05T07:00:00.123Z","endsAt":"0001-01-01T00:00:00Z",
     "generatorURL":"http://prom.test/graph?g0.expr=x","fingerprint":"c0ffee0123456789"},
    {"status":"resolved","labels":{"alertname":"HighErrorRate","service":"frontend"},"annotations":{},
     "startsAt":"2026-01-05T06:00:00Z","endsAt":"2026-01-05T07:01:00Z","generatorURL":""}]}"#;

#[test]
fn alertmanager_as_it_documents_it() {
    let read = read("alertmanager", ALERTMANAGER);
    let [firing, resolved] = read.alerts.as_slice() else { panic!("{read:?}") };
    assert_eq!((firing.id.as_str(), firing.firing), ("c0ffee0123456789", true));
    assert_eq!((firing.title.as_str(), firing.text.as_str()), ("7 % of requests fail", "for five minutes"));
    assert_eq!(firing.start, Some("2026-01-05T07:00:00.123Z".parse().unwrap()));
    assert_eq!(firing.link.as_deref(), Some("http://prom.test/graph?g0.expr=x"));
    assert_eq!(label(firing, "group_key"), "{}:{alertname=\"HighErrorRate\"}");
    assert_eq!((resolved.firing, resolved.title.as_str()), (false, "HighErrorRate"));
    assert_eq!(resolved.id.len(), 32, "its labels are its fingerprint");
    assert_eq!(resolved.link.as_deref(), Some("http://am.test:9093"));
}

#[test]
fn a_damaged_item_does_not_take_the_others_with_it() {
    let body = r#"{"version":"4","truncatedAlerts":3,"alerts":[
        {"status":"firing","labels":{"alertname":"A"},"fingerprint":"1"}, 7, {"status":"firing"},
        {"status":"maybe","labels":{"alertname":"B"}}, {"labels":{"alertname":"C"}},
        {"status":"resolved","labels":{"alertname":"D"},"startsAt":"yesterday","fingerprint":"2"}]}"#;
    let read = read("alertmanager", body);
    assert_eq!(read.alerts.iter().map(|a| a.title.as_str()).collect::<Vec<_>>(), ["A", "D"]);
    let damaged: Vec<(&str, u64)> = read.damaged.iter().map(|d| (d.what, d.count)).collect();
    assert_eq!(damaged, [("no status", 3), ("no labels", 1), ("cut off by the sender", 3)]);
}

#[test]
fn whatever_is_no_body_of_its_format_is_counted_and_nothing_else() {
    for format in Format::ALL {
        for body in ["", "{", "null", "7", "[]", "{}", "\"x\"", "{\"alerts\":7}", "{\"incident\":{}}", "{\"event\":{}}"]
        {
            let read = read(format.name(), body);
            assert!(read.alerts.is_empty(), "{format:?} {body}: {read:?}");
        }
    }
    assert_eq!(read("carrier-pigeon", "{}").damaged[0].what, "unknown format");
}

#[test]
fn grafana_brings_numbers_and_its_panel() {
    let body = r#"{"receiver":"signalbox","status":"firing","orgId":1,"alerts":[
        {"status":"firing","labels":{"alertname":"P95 high","grafana_folder":"api"},"annotations":{"summary":"slow"},
         "startsAt":"2026-01-05T10:00:00+03:00","endsAt":"0001-01-01T00:00:00Z","values":{"B":2.4,"C":1},
         "valueString":"[ var='B' value=2.4 ]","generatorURL":"https://g.test/alerting/1","fingerprint":"ab12",
         "silenceURL":"https://g.test/s","dashboardURL":"https://g.test/d/1","panelURL":"https://g.test/d/1?viewPanel=2"}],
        "groupKey":"{}/{}:{}","truncatedAlerts":0,"title":"[FIRING:1]","state":"alerting","message":"m"}"#;
    let alert = one("grafana", body);
    assert_eq!((alert.text.as_str(), alert.link.as_deref()), ("B=2.4, C=1", Some("https://g.test/d/1?viewPanel=2")));
    assert_eq!(alert.start, Some("2026-01-05T07:00:00Z".parse().unwrap()));
}

#[test]
fn google_says_what_it_saw_and_what_it_allows() {
    let body = r#"{"incident":{"incident_id":"0.abc","scoping_project_id":"barq","url":"https://console.test/i/0.abc",
        "severity":"CRITICAL","started_at":1767596400,"ended_at":null,"state":"open","summary":"CPU is high",
        "observed_value":"0.93","threshold_value":"0.85","resource":{"type":"cloudsql_database","labels":{"region":"me"}},
        "resource_display_name":"db-1","metric":{"type":"t","displayName":"CPU","labels":{"state":"used"}},
        "metadata":{"system_labels":{},"user_labels":{"service":"platform"}},
        "policy_name":"Database CPU","policy_user_labels":{"team":"data"},"condition_name":"over 85 %",
        "documentation":{"content":"c","mime_type":"text/markdown"}},"version":"1.2"}"#;
    let alert = one("google", body);
    assert_eq!((alert.id.as_str(), alert.title.as_str()), ("0.abc", "Database CPU"));
    assert_eq!(alert.text, "CPU is high · 0.93, of 0.85 allowed");
    assert_eq!(
        (label(&alert, "severity"), label(&alert, "service"), label(&alert, "resource")),
        ("critical", "platform", "db-1")
    );
    assert_eq!(alert.start, Some("2026-01-05T07:00:00Z".parse().unwrap()));
    let closed = body.replace("\"open\"", "\"closed\"").replace("\"ended_at\":null", "\"ended_at\":1767600000");
    assert!(!one("google", &closed).firing);
}

const PAGERDUTY: &str = r#"{"event":{"id":"01BB","event_type":"incident.triggered","resource_type":"incident",
    "occurred_at":"2026-01-05T07:00:01.169Z","agent":null,"client":null,"data":{"id":"PGR0VU2","type":"incident",
    "self":"https://api.test/incidents/PGR0VU2","html_url":"https://acme.test/incidents/PGR0VU2","number":2,
    "status":"triggered","incident_key":"d3640fbd","created_at":"2026-01-05T07:00:00Z","title":"A bump in the road",
    "service":{"id":"P1","summary":"API Service"},"priority":{"id":"X","summary":"P1"},"urgency":"high"}}}"#;

#[test]
fn pagerduty_is_heard_but_not_about_our_own_pages() {
    let alert = one("pagerduty", PAGERDUTY);
    assert_eq!((alert.id.as_str(), alert.firing, alert.title.as_str()), ("PGR0VU2", true, "A bump in the road"));
    assert_eq!((label(&alert, "severity"), label(&alert, "service")), ("P1", "API Service"));
    assert_eq!(alert.said, Some("2026-01-05T07:00:01.169Z".parse().unwrap()));
    assert!(!one("pagerduty", &PAGERDUTY.replace("\"triggered\"", "\"resolved\"")).firing);
    let nothing = |body: &str| assert_eq!(read("pagerduty", body), ReadAlerts::default(), "{body}");
    nothing(&PAGERDUTY.replace("d3640fbd", "signalbox/INC-7/1/lina"));
    nothing(r#"{"event":{"id":"1","event_type":"pagey.ping","resource_type":"pagey","data":{"type":"ping"}}}"#);
    nothing(&PAGERDUTY.replace("\"type\":\"incident\"", "\"type\":\"incident_note\""));
}

#[test]
fn github_fails_and_succeeds_and_everything_else_says_nothing() {
    let run = |conclusion: &str| {
        format!(
            r#"{{"action":"completed","workflow_run":{{"id":1,"name":"CI","head_branch":"main","workflow_id":9,
            "run_attempt":2,"conclusion":{conclusion},"html_url":"https://github.test/r/1","updated_at":"2026-01-05T07:00:00Z"}},
            "workflow":{{"name":"CI"}},"repository":{{"full_name":"barq/api"}}}}"#
        )
    };
    let failed = one("github", &run("\"failure\""));
    assert_eq!((failed.id.as_str(), failed.firing), ("barq/api/run/9@main", true));
    assert_eq!((failed.title.as_str(), failed.text.as_str()), ("CI fails in barq/api on main", "attempt 2"));
    assert_eq!((label(&failed, "service"), label(&failed, "branch")), ("api", "main"));
    let fine = one("github", &run("\"success\""));
    assert_eq!((fine.id, fine.firing), (failed.id, false), "of the same matter");
    for nothing in ["\"cancelled\"", "\"skipped\"", "null"] {
        assert_eq!(read("github", &run(nothing)), ReadAlerts::default(), "{nothing}");
    }
    let status = |state: &str| {
        format!(
            r#"{{"deployment_status":{{"state":"{state}","environment":"production","description":"d","log_url":"https://ci.test/1",
            "updated_at":"2026-01-05T07:00:00Z"}},"deployment":{{"ref":"main"}},"repository":{{"full_name":"barq/api"}}}}"#
        )
    };
    let broken = one("github", &status("error"));
    assert_eq!((label(&broken, "environment"), broken.link.as_deref()), ("production", Some("https://ci.test/1")));
    assert!(!one("github", &status("success")).firing);
    assert_eq!(read("github", &status("in_progress")), ReadAlerts::default());
    assert_eq!(read("github", r#"{"zen":"Design for failure.","hook_id":1}"#), ReadAlerts::default());
    assert_eq!(read("github", r#"{"issue":{}}"#).damaged[0].what, "another event");
}

#[test]
fn our_own_format_is_one_alert_or_many() {
    let alert = one(
        "json",
        r#"{"key":"disk","status":"firing","title":"the disk is full","severity":"critical",
        "service":"api","labels":{"host":"h1","n":7},"start":1767596400,"link":"javascript:alert(1)"}"#,
    );
    assert_eq!((label(&alert, "alertname"), label(&alert, "n"), &alert.link), ("disk", "7", &None));
    let many = r#"{"alerts":[{"key":"a","status":"firing"},{"key":"b","status":"resolved"},{"status":"firing"}]}"#;
    let many = read("json", many);
    assert_eq!((many.alerts.len(), many.damaged[0]), (2, Damage { what: "no key", count: 1 }));
    assert_eq!(read("json", r#"[{"key":"a","status":"ok"}]"#).alerts.len(), 1);
}

#[test]
fn what_is_kept_of_an_alert_has_its_bounds() {
    let labels: Vec<String> = (0..99).map(|n| format!(r#""l{n:02}":"{}""#, "x".repeat(999))).collect();
    let body = format!(
        r#"{{"key":"k","status":"firing","title":"{}","severity":"critical","labels":{{{}}}}}"#,
        "t\\u0007".repeat(500),
        labels.join(",")
    );
    let alert = one("json", &body);
    assert_eq!(alert.labels.len(), limits::ALERT_LABELS);
    assert_eq!(label(&alert, "severity"), "critical", "what rules ask for stays");
    assert!(alert.labels.values().all(|v| v.chars().count() <= limits::ALERT_LABEL_CHARS));
    assert_eq!(alert.title.chars().count(), limits::ALERT_TITLE_CHARS);
    assert!(!alert.title.contains('\u{7}'));
    let items = vec![r#"{"key":"a","status":"firing"}"#; limits::ALERTS_READ + 1].join(",");
    let many = read("json", &format!("[{items}]"));
    assert_eq!((many.alerts.len(), many.damaged[0].what), (limits::ALERTS_READ, "too many"));
}
