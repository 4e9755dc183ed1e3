//! Checklists from Markdown, as people write it.

use signalbox::domain::policy::Phase;
use signalbox::limits;
use signalbox::runbook::{self, Weight};

fn items(text: &str) -> Vec<String> {
    let runbook = runbook::parse("lists/a.md", text);
    assert!(runbook.notes.is_empty(), "{:?}", runbook.notes);
    let line = |s: &signalbox::domain::policy::Section| {
        let title = s.title.clone();
        s.items
            .iter()
            .map(move |i| {
                let required = if i.required { "" } else { " ?" };
                let probe = i.probe.as_ref().map(|p| format!(" <{p}>")).unwrap_or_default();
                format!("{}| {title} | {}{required}{probe}", i.source.line, i.text)
            })
            .collect::<Vec<_>>()
    };
    runbook.checklist.sections.iter().flat_map(line).collect()
}

#[test]
fn sections_marks_nesting_and_lines() {
    let text = r#"---
phase: before
---
# Release

Words between are for people.

## First

- [ ] One {check: health} (optional)
- [ ] Two (Optional)
* [ ] Run `cargo test` and *look*
  twice

## Second

1. Announce:
   - [ ] in chat
   - [ ] on the page
- [ ] Workflows
  - [ ] couriers (optional) {check: couriers}

### Deep

- [ ] Below
- not a task
"#;
    assert_eq!(
        items(text),
        [
            "10| First | One ? <health>",
            "11| First | Two ?",
            "12| First | Run `cargo test` and look twice",
            "18| Second | Announce: in chat",
            "19| Second | Announce: on the page",
            "20| Second | Workflows",
            "21| Second | Workflows: couriers ? <couriers>",
            "25| Second: Deep | Below",
        ]
    );
}

#[test]
fn what_only_looks_like_a_task_is_none() {
    let text = "# T\n\n```\n- [ ] in a code block\n```\n\n- [ ] Real\n\n`- [ ] in code`\n\n    - [ ] indented code\n";
    assert_eq!(items(text), ["7| T | Real"]);
}

#[test]
fn braces_that_are_no_mark_stay_text() {
    assert_eq!(items("- [ ] Set {a} to `{\"x\": 1}`\n"), ["1| a | Set {a} to `{\"x\": 1}`"]);
}

#[test]
fn front_matter_binds() {
    let list = runbook::parse(
        "x/after-deploy.md",
        "---\ntitle: \"After\"\nphase: after 15m\nservice: api\nenvironments: [production, staging]\n---\n- [ ] x\n",
    )
    .checklist;
    assert_eq!((list.id.as_str(), list.title.as_str()), ("after-deploy", "After"));
    assert_eq!(list.phase, Phase::After(signalbox::domain::time::Span::mins(15)));
    assert_eq!(list.services.iter().map(|s| s.as_str()).collect::<Vec<_>>(), ["api"]);
    assert_eq!(list.environments.iter().map(|s| s.as_str()).collect::<Vec<_>>(), ["production", "staging"]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = "\u{feff}---\nphase: during\n---\n\n## S\n\n- [ ] x\n";
    let windows = runbook::parse("a.md", &text.replace('\n', "\r\n"));
    assert_eq!(windows.checklist, runbook::parse("a.md", text).checklist);
    assert_eq!(windows.checklist.phase, Phase::During);
    assert_eq!(windows.checklist.sections[0].items[0].source.line, 7);
}

fn errors(text: &str) -> usize {
    runbook::parse("a.md", text).notes.iter().filter(|n| n.weight == Weight::Error).count()
}

#[test]
fn bounds_hold_at_the_limit_and_one_past_it() {
    let tasks = |n: usize| (0..n).map(|i| format!("- [ ] task {i}\n")).collect::<String>();
    assert_eq!(errors(&tasks(limits::CHECKLIST_TASKS)), 0);
    let more = runbook::parse("a.md", &tasks(limits::CHECKLIST_TASKS + 1));
    assert_eq!(more.notes.len(), 1);
    assert_eq!(more.checklist.sections[0].items.len(), limits::CHECKLIST_TASKS);

    let long = |n: usize| format!("- [ ] {}\n", "x".repeat(n));
    assert_eq!(errors(&long(limits::CHECKLIST_TASK_CHARS)), 0);
    assert_eq!(errors(&long(limits::CHECKLIST_TASK_CHARS + 1)), 1);

    let padded = |n: usize| {
        let mut t = "- [ ] x\n".to_owned();
        t.push_str(&"\n".repeat(n - t.len()));
        t
    };
    assert_eq!(errors(&padded(limits::CHECKLIST_BYTES)), 0);
    assert_eq!(errors(&padded(limits::CHECKLIST_BYTES + 1)), 1);

    let nested = |n: usize| format!("{}- [ ] x\n", "> ".repeat(n));
    let found = |n: usize| runbook::parse("a.md", &nested(n)).checklist.sections.len();
    assert_eq!((found(limits::CHECKLIST_DEPTH - 1), found(limits::CHECKLIST_DEPTH)), (1, 0));
}

#[test]
fn control_characters_do_not_get_through() {
    assert_eq!(items("- [ ] bell\u{7} and \u{1b}[31mred\n"), ["1| a | bell and [31mred"]);
}
