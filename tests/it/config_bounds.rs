//! The config's bounds, at the limit and one past it, and files made to hurt.

use super::config_problems::{Files, SOUND, load};
use signalbox::config::{self, Given};
use signalbox::limits;
use std::collections::BTreeMap;

/// The codes of the errors, none when it loads.
fn errors(files: &[(&str, &str)]) -> Vec<String> {
    load(files).err().map_or_else(Vec::new, |r| r.problems.iter().map(|p| p.code.to_string()).collect())
}

fn padded(text: &str, bytes: usize) -> String {
    format!("{text}{}", "\n".repeat(bytes - text.len()))
}

#[test]
fn files_have_a_size() {
    assert!(errors(&[("signalbox.toml", &padded(SOUND, limits::CONFIG_BYTES))]).is_empty());
    assert_eq!(errors(&[("signalbox.toml", &padded(SOUND, limits::CONFIG_BYTES + 1))]), ["unreadable"]);
}

#[test]
fn names_have_a_length() {
    let with = |n: usize| format!("{SOUND}\n[environments.{}]\n", "e".repeat(n));
    assert!(errors(&[("signalbox.toml", &with(limits::CONFIG_NAME_BYTES))]).is_empty());
    assert!(errors(&[("signalbox.toml", &with(limits::CONFIG_NAME_BYTES + 1))]).contains(&"bad-name".to_owned()));
}

#[test]
fn checklists_have_a_number() {
    let config = format!("checklists = [\"lists\"]\n{SOUND}");
    let with = |n: usize| {
        let mut files: BTreeMap<String, String> =
            (0..n).map(|i| (format!("lists/list-{i:04}.md"), "- [ ] x\n".to_owned())).collect();
        files.insert("signalbox.toml".to_owned(), config.clone());
        config::load_from(&Files(files), "signalbox.toml", "", &Given::default())
    };
    assert_eq!(with(limits::CHECKLISTS).unwrap().policy.checklists.len(), limits::CHECKLISTS);
    assert_eq!(with(limits::CHECKLISTS + 1).unwrap_err().errors(), 1);
}

#[test]
fn holidays_have_a_number() {
    let config = format!("calendars = [\"days.ics\"]\n{SOUND}");
    let with = |n: usize| {
        let event = "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260101\r\nEND:VEVENT\r\n";
        let days = format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", event.repeat(n));
        errors(&[("signalbox.toml", &config), ("days.ics", &days)])
    };
    assert!(with(limits::HOLIDAYS).is_empty());
    assert_eq!(with(limits::HOLIDAYS + 1), ["bad-calendar"]);
}

#[test]
fn a_rule_without_end_ends() {
    let config = format!("calendars = [\"days.ics\"]\n{SOUND}");
    for rule in
        ["FREQ=YEARLY;INTERVAL=1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"]
    {
        let days = format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        let holidays = load(&[("signalbox.toml", &config), ("days.ics", &days)]).unwrap().policy.calendar.holidays;
        assert!(holidays.len() <= usize::from(limits::CALENDAR_REPETITIONS), "{rule}: {}", holidays.len());
    }
}

#[test]
fn deep_nesting_is_an_answer_and_no_crash() {
    let deep = 20_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{ a = ".repeat(deep)),
        format!("{} = 1", vec!["a"; deep].join(".")),
        format!("[{}]", vec!["a"; deep].join(".")),
    ] {
        assert!(!errors(&[("signalbox.toml", &text)]).is_empty());
    }
    let lists: String = (0..1_000).map(|n| format!("{}- [ ] x\n", "  ".repeat(n % 100))).collect();
    for text in ["> ".repeat(deep) + "- [ ] x", "- ".repeat(deep) + "[ ] x", "*".repeat(deep), "[".repeat(deep), lists]
    {
        let runbook = signalbox::runbook::parse("deep.md", &text);
        assert!(runbook.checklist.sections.len() < 2);
    }
}

#[test]
fn a_missing_file_and_one_that_is_not_text_are_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signalbox.toml");
    let report = config::load(&path).unwrap_err();
    assert_eq!(report.problems[0].code.to_string(), "unreadable");
    assert!(report.render(false).contains("signalbox.toml"), "{report}");
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert!(config::load(&path).unwrap_err().render(false).contains("not UTF-8"), "a folder stands for its config");
    std::fs::write(&path, SOUND).unwrap();
    assert_eq!(config::load(folder.path()).unwrap().policy.name, "Test", "a folder stands for its config");
}

#[test]
fn secrets_are_fetched_when_asked_for_and_never_shown() {
    use signalbox::config::Secret;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("url"), "postgres://u:p@h/d\n").unwrap();
    let env = |name: &str| match name {
        "URL" => Some("from-env".to_owned()),
        "CREDENTIALS_DIRECTORY" => Some(folder.path().to_string_lossy().into_owned()),
        _ => None,
    };
    assert_eq!(Secret::Env("URL".into()).resolve(&env).unwrap(), "from-env");
    assert_eq!(Secret::File(folder.path().join("url")).resolve(&env).unwrap(), "postgres://u:p@h/d");
    assert_eq!(Secret::Credential("url".into()).resolve(&env).unwrap(), "postgres://u:p@h/d");
    assert!(Secret::Env("NONE".into()).resolve(&env).is_err());
    assert!(Secret::File(folder.path().join("none")).resolve(&env).is_err());
    assert!(Secret::Credential("url".into()).resolve(&|_| None).is_err());
    assert_eq!(format!("{:?}", Secret::Plain("hush".into())), "Plain(..)");
}
