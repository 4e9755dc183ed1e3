//! Calendars: which days a file closes.

use super::config_problems::{SOUND, load};

/// The days of every holiday, as `from..to`, by name.
fn days(ics: &str) -> Vec<String> {
    let config = format!("calendars = [\"days.ics\"]\n{SOUND}");
    let loaded = load(&[("signalbox.toml", &config), ("days.ics", ics)]).unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(loaded.report.summary(), "no problems", "{}", loaded.report);
    let shown = loaded.policy.calendar.holidays.iter().map(|h| format!("{} {}..{} {}", h.name, h.from, h.to, h.zone));
    shown.collect()
}

fn calendar(events: &[&str]) -> String {
    let events: String = events.iter().map(|e| format!("BEGIN:VEVENT\r\n{e}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

#[test]
fn the_end_is_excluded() {
    let three = "SUMMARY:Feast\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227";
    assert_eq!(days(&calendar(&[three])), ["Feast 2026-12-24..2026-12-26 +03:00"]);
}

#[test]
fn one_day_without_an_end_and_days_by_duration() {
    let one = "SUMMARY:One\r\nDTSTART;VALUE=DATE:20260101";
    let week = "SUMMARY:Week\r\nDTSTART;VALUE=DATE:20260201\r\nDURATION:P1W";
    assert_eq!(
        days(&calendar(&[one, week])),
        ["One 2026-01-01..2026-01-01 +03:00", "Week 2026-02-01..2026-02-07 +03:00"]
    );
}

#[test]
fn yearly_days_are_expanded_over_the_years_that_count() {
    let all = days(&calendar(&["SUMMARY:Day\r\nDTSTART;VALUE=DATE:19900501\r\nRRULE:FREQ=YEARLY"]));
    assert_eq!(all.len(), 21);
    assert_eq!(all.first().unwrap(), "Day 2020-05-01..2020-05-01 +03:00");
    assert_eq!(all.last().unwrap(), "Day 2040-05-01..2040-05-01 +03:00");
}

#[test]
fn yearly_rules_with_count_end_exceptions_and_weekdays() {
    let count = "SUMMARY:C\r\nDTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;COUNT=2";
    assert_eq!(days(&calendar(&[count])), ["C 2026-05-01..2026-05-01 +03:00", "C 2027-05-01..2027-05-01 +03:00"]);
    let until =
        "SUMMARY:U\r\nDTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;UNTIL=20270501\r\nEXDATE;VALUE=DATE:20260501";
    assert_eq!(days(&calendar(&[until])), ["U 2027-05-01..2027-05-01 +03:00"]);
    let fourth_thursday = "SUMMARY:T\r\nDTSTART;VALUE=DATE:20261126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2";
    assert_eq!(
        days(&calendar(&[fourth_thursday])),
        ["T 2026-11-26..2026-11-26 +03:00", "T 2027-11-25..2027-11-25 +03:00"]
    );
}

#[test]
fn the_29th_of_february_comes_in_leap_years() {
    let leap = days(&calendar(&["SUMMARY:Leap\r\nDTSTART;VALUE=DATE:20200229\r\nRRULE:FREQ=YEARLY"]));
    assert_eq!(leap.len(), 6, "{leap:?}");
}

#[test]
fn folded_lines_commas_and_other_components_are_read() {
    let text = "BEGIN:VCALENDAR\r\n\
BEGIN:VTODO\r\n\
SUMMARY:Not a day\r\n\
END:VTODO\r\n\
BEGIN:VEVENT\r\n\
SUMMARY:Rest\\, and\r\n\
\x20 more rest\r\n\
DTSTART;VALUE=DATE:20260101\r\n\
BEGIN:VALARM\r\n\
TRIGGER:-PT1H\r\n\
END:VALARM\r\n\
END:VEVENT\r\n\
END:VCALENDAR\r\n";
    assert_eq!(days(text), ["Rest, and more rest 2026-01-01..2026-01-01 +03:00"]);
    assert_eq!(days(&text.replace("\r\n", "\n")), days(text), "line ends do not matter");
}
