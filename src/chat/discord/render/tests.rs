//! Held to Discord's limits, by a judge that knows nothing of how messages are made.

use super::*;
use crate::chat::text::clean;
use crate::domain::message::{
    Action, Button, FieldKind, Form, FormField, Line, Mark, Picture, Piece, Progress, Text, TimeStyle, bold, code,
    mention, person, plain,
};
use crate::domain::policy::{Channels, Person, Source};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

fn policy() -> Policy {
    let known = |(id, name, account): (&str, &str, Option<&str>)| Person {
        id: PersonId::new(id),
        name: name.into(),
        roles: BTreeSet::new(),
        accounts: account.map(|a| ("discord".to_owned(), a.to_owned())).into_iter().collect(),
        contact: BTreeMap::new(),
        ways: Default::default(),
        source: Source::default(),
    };
    let people = [("sara", "Sara *Lind*", Some("1001")), ("omar", "@everyone", None)].map(known);
    let channel = ChannelName::new("deployments");
    Policy {
        runbooks: BTreeMap::new(),
        name: String::new(),
        zone: "UTC".into(),
        pace: 1,
        channels: Channels {
            deployments: channel.clone(),
            incidents: channel.clone(),
            engineering: channel,
            alerts: None,
        },
        people: people.into_iter().map(|p| (p.id.clone(), p)).collect(),
        roles: BTreeMap::new(),
        services: BTreeMap::new(),
        environments: BTreeMap::new(),
        strategies: BTreeMap::new(),
        probes: BTreeMap::new(),
        checklists: Vec::new(),
        calendar: Default::default(),
        response: crate::domain::response::Response::default(),
        rhythm: crate::domain::rhythm::Rhythm::default(),
        alerts: Default::default(),
        hash: String::new(),
    }
}

fn rendered(message: &Message) -> Rendered {
    let channels = BTreeMap::from([(ChannelName::new("deployments"), "2001".to_owned())]);
    super::message(message, &Names { policy: &policy(), channels: &channels }, Some("card:D-42"))
}

fn shown(text: Text) -> String {
    let made = rendered(&Message::line(Tone::Good, "t").text(text));
    made.embeds[0]["description"].as_str().unwrap().to_owned()
}

fn button(label: &str, command: &str) -> Button {
    let action = Action::new(command, &[("deployment", "D-42")]);
    Button { label: label.into(), style: ButtonStyle::Plain, action, confirm: None, form: None }
}

/// Discord's rules for a message, counted both ways that a character can be counted.
fn judge(made: &Rendered) {
    let body = made.body();
    let length = |v: &Value| v.as_str().map_or(0, |t| t.chars().count().max(t.encode_utf16().count()));
    let blank = |v: &Value| v.as_str().is_none_or(|t| t.trim().is_empty());
    assert!(length(&body["content"]) <= 2000);
    let embeds = body["embeds"].as_array().unwrap();
    assert!(embeds.len() <= 10);
    let mut all = 0;
    for embed in embeds {
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        assert!(fields.len() <= 25, "{}", fields.len());
        assert!(length(&embed["description"]) <= 4096);
        all += length(&embed["description"]);
        for field in &fields {
            assert!(!blank(&field["name"]) && !blank(&field["value"]), "{field}");
            assert!(length(&field["name"]) <= 256 && length(&field["value"]) <= 1024, "{field}");
            all += length(&field["name"]) + length(&field["value"]);
        }
        assert!(!blank(&embed["description"]) || !fields.is_empty() || embed["image"].is_object(), "{embed}");
        if let Some(name) = embed["image"]["url"].as_str().and_then(|u| u.strip_prefix("attachment://")) {
            assert!(made.files.iter().any(|f| f.name == name));
        }
    }
    assert!(all <= 6000, "{all}");
    assert!(!blank(&body["content"]) || !embeds.is_empty());
    let mut ids = BTreeSet::new();
    let rows = body["components"].as_array().unwrap();
    assert!(rows.len() <= 5);
    for row in rows {
        let inside = row["components"].as_array().unwrap();
        assert!((1..=5).contains(&inside.len()));
        for button in inside {
            assert!((1..=100).contains(&button["custom_id"].as_str().unwrap().chars().count()));
            assert!((1..=80).contains(&length(&button["label"])) && !blank(&button["label"]), "{button}");
            assert!(ids.insert(button["custom_id"].to_string()), "twice: {button}");
        }
    }
    assert!(made.files.len() <= 10 && made.files.len() == made.attachments.len());
    assert_eq!(body["allowed_mentions"]["parse"], json!([]));
    assert!(made.mentions.iter().all(|m| m == "1001"), "{:?}", made.mentions);
}

/// What Discord's Markdown makes of a text: literal words, and `{..}` for everything that is more than words.
fn read(markdown: &str) -> String {
    let mut out = String::new();
    let mut rest = markdown;
    let mut line_start = true;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let next = after.chars().next();
        let escaped = c == '\\' && next.is_some_and(|n| !n.is_alphanumeric() && !n.is_whitespace());
        if escaped {
            out.extend(next);
            rest = &after[next.map_or(0, char::len_utf8)..];
            line_start = false;
            continue;
        }
        let listed = || {
            let digits = rest.trim_start_matches(|d: char| d.is_ascii_digit());
            digits.len() < rest.len() && (digits.starts_with('.') || digits.starts_with(')'))
        };
        // Emoji and addresses go on behind their colon; one that ends a word begins neither.
        let ends = next.is_some_and(|n| n.is_whitespace() || n == '…');
        let active = matches!(c, '*' | '_' | '~' | '`' | '|' | '[' | '<' | '@')
            || c == ':' && !ends
            || line_start && (matches!(c, '#' | '>' | '-' | '+') || listed());
        if active {
            out.push_str("{!}");
        }
        out.push(c);
        line_start = c == '\n' || line_start && c.is_whitespace();
        rest = after;
    }
    out
}

fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        r"[\\*_~`|>#+\-\[\]():@<.!&a-c0-9 \n🚀é]{0,40}",
        Just("@everyone <@1001> <@&5> <#7> :smile: https://evil.example <t:1:R> </deploy:1>".to_owned()),
        Just("```\n``` # x\n> y\n- z\n1. a\n-# b".to_owned()),
        ".{0,600}",
        "(é|🚀){0,1200}",
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let piece = prop_oneof![
        typed().prop_map(plain),
        typed().prop_map(bold),
        typed().prop_map(code),
        ("sara|omar|nobody", any::<bool>()).prop_map(|(id, mention)| Piece::Person { id: PersonId::new(&id), mention }),
        "deployments|elsewhere".prop_map(|name| Piece::Channel(ChannelName::new(&name))),
        (typed(), typed()).prop_map(|(text, url)| Piece::Link { text, url: format!("https://x.example/{url}") }),
        Just(Piece::Time { at: Timestamp::UNIX_EPOCH, style: TimeStyle::Day }),
    ];
    vec(piece, 0..6)
}

fn block() -> impl Strategy<Value = Block> {
    let line = text().prop_map(|text| Line { mark: Mark::Key, text });
    let bar = (typed(), typed(), any::<u32>(), any::<u32>());
    prop_oneof![
        text().prop_map(Block::Text),
        text().prop_map(Block::Quote),
        text().prop_map(Block::Context),
        vec((typed(), text()), 0..30).prop_map(Block::Fields),
        vec(line, 0..30).prop_map(Block::List),
        typed().prop_map(Block::Code),
        bar.prop_map(|(label, note, done, of)| Block::Progress(Progress { label, done, of, note, budget: false })),
        typed().prop_map(|alt| Block::Picture(Picture { name: alt.clone(), alt, png: "iVBORw==".into() })),
        Just(Block::Divider),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    let made = (typed(), "[a-z ]{1,20}", typed(), any::<bool>()).prop_map(|(label, command, value, ask)| Button {
        action: Action::new(&command, &[("deployment", &value)]),
        confirm: ask.then(|| value.clone()),
        ..button(&label, "x")
    });
    (text(), vec(block(), 0..14), vec(made, 0..30)).prop_map(|(title, blocks, buttons)| Message {
        tone: Tone::Bad,
        title,
        blocks,
        buttons,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_is_one_that_discord_takes_and_always_the_same(message in any_message()) {
        let made = rendered(&message);
        judge(&made);
        prop_assert_eq!(&made, &rendered(&message));
        prop_assert_eq!(&made.embeds[0]["url"], &json!(address("card:D-42")));
    }

    #[test]
    fn a_block_keeps_to_its_room(block in block(), breaks in 0_usize..400, most in 60_usize..4096) {
        let names = Names { policy: &policy(), channels: &BTreeMap::new() };
        let longer = |text: &Text| text.iter().cloned().chain([plain("a\n".repeat(breaks))]).collect();
        let block = match block {
            Block::Quote(text) => Block::Quote(longer(&text)),
            Block::List(lines) => {
                Block::List(lines.into_iter().map(|l| Line { text: longer(&l.text), ..l }).collect())
            }
            other => other,
        };
        let made = blocks::part(&block, most, "; /checklist 7 shows all", &names);
        prop_assert!(made.size() <= most, "{} in {most}", made.size());
    }

    #[test]
    fn what_is_typed_shows_as_typed(words in typed()) {
        let words = clean(&words);
        let names = Names { policy: &policy(), channels: &BTreeMap::new() };
        prop_assert_eq!(read(&text::escape(&words, usize::MAX, &names)), words);
    }

    #[test]
    fn cut_text_stays_whole_markdown(words in typed(), most in 0_usize..200) {
        let names = Names { policy: &policy(), channels: &BTreeMap::new() };
        let cut = text::escape(&words, most, &names);
        prop_assert!(text::units(&cut) <= most);
        let (shown, words) = (read(&cut), clean(&words));
        prop_assert!(shown == words || words.starts_with(shown.trim_end_matches('…')), "{} of {}", shown, words);
    }

    #[test]
    fn no_code_ends_before_its_end(words in typed()) {
        let made = rendered(&Message::line(Tone::Good, "t").block(Block::Code(words.clone())));
        let inside = made.embeds[0]["description"].as_str().unwrap_or_default();
        if let Some(inside) = inside.strip_prefix("```\n").and_then(|t| t.split("\n```").next().map(|_| t)) {
            let body = inside.strip_suffix("\n```").unwrap();
            prop_assert!(!body.contains("```"), "{}", body);
        }
    }

    #[test]
    fn custom_ids_come_back_as_they_went(value in "[ -~é]{0,150}", ask in any::<bool>(), nth in 1_usize..30) {
        let mut button = button("x", "deploy");
        button.action.args.insert("version".into(), value.clone());
        button.confirm = ask.then(|| "Really?".to_owned());
        if let Some(id) = custom::pack(&button, nth) {
            prop_assert!(id.chars().count() <= custom::CUSTOM_ID);
            let back = custom::unpack(&id).unwrap();
            prop_assert!(back.ask.is_none() || back.ask == button.confirm);
            let carried = custom::Carried { action: crate::chat::wire(&button), ask_first: ask, ask: back.ask.clone() };
            prop_assert_eq!(back, carried);
        } else {
            prop_assert!(crate::chat::wire(&button).len() > 160);
        }
    }
}

#[test]
fn each_piece_has_its_markdown() {
    let link = |text: &str, url: &str| Piece::Link { text: text.into(), url: url.into() };
    let all = vec![
        plain("1. *a* "),
        bold("b"),
        bold("**"),
        plain(" "),
        code("x`y"),
        code("z"),
        plain(" "),
        mention(&PersonId::new("sara")),
        plain(" "),
        person(&PersonId::new("sara")),
        plain(" "),
        mention(&PersonId::new("omar")),
        plain(" "),
        Piece::Channel(ChannelName::new("deployments")),
        plain(" "),
        Piece::Time { at: Timestamp::UNIX_EPOCH, style: TimeStyle::Moment },
        plain(" "),
        link("log [1]", "https://x.example/a_(b)"),
        link(" https://x.example", "https://x.example"),
        link("js", "javascript:alert(1)"),
    ];
    assert_eq!(
        shown(all).replace('\u{200b}', "{gap}"),
        "1\\. \\*a\\* **b\\*\\*** `` x`y ``{gap}`z` <@1001> Sara \\*Lind\\* \\@\\@everyone <#2001> <t:0:f> \
         [log \\[1\\]](https://x.example/a%5F%28b%29) https\\://x.example <https://x.example>js (javascript\\:alert(1))"
    );
}

#[test]
fn spaces_stand_outside_of_bold_and_a_colon_that_ends_a_word_is_bare() {
    assert_eq!(shown(vec![bold("Now, "), plain("it runs: yes")]), "**Now,** it runs: yes");
    assert_eq!(shown(vec![bold(" a "), bold("b "), bold(" "), plain("c")]), " **a b**  c");
    assert_eq!(shown(vec![bold("a "), code("b")]), "**a** `b`");
}

#[test]
fn only_who_is_meant_is_notified_and_in_the_content() {
    let card = Message::line(Tone::Waiting, "D-42").text(vec![mention(&PersonId::new("sara")), plain(" @everyone")]);
    let made = rendered(&card);
    assert_eq!((made.content.as_str(), made.mentions.clone()), ("**D-42** <@1001>", vec!["1001".to_owned()]));
    assert_eq!(made.embeds[0]["description"], json!("<@1001> \\@everyone"));
    let quiet = rendered(&Message::line(Tone::Waiting, "D-42").text(vec![person(&PersonId::new("sara"))]));
    assert_eq!((quiet.content.as_str(), quiet.mentions.len()), ("**D-42**", 0));
    let alone = rendered(&Message::new(Tone::Good, vec![mention(&PersonId::new("sara")), plain(" go")]));
    assert_eq!((alone.content.as_str(), alone.mentions.len()), ("<@1001>", 1));
}

#[test]
fn what_is_cut_says_so() {
    let lines =
        |n: usize| (0..n).map(|i| Line { mark: Mark::Open, text: vec![plain(format!("{i} {}", "x".repeat(90)))] });
    let log = "error\n".repeat(2000);
    let card = Message::line(Tone::Bad, "D-42")
        .block(Block::List(lines(100).collect()))
        .block(Block::Code(log))
        .text(vec![plain("Sara turned her key")])
        .button(button("Approve", "approve"));
    let made = rendered(&card);
    judge(&made);
    let all = made.embeds.iter().filter_map(|e| e["description"].as_str()).collect::<Vec<_>>().join("\n");
    assert!(all.contains("more lines; /checklist D-42 shows all"), "{all}");
    assert!(all.contains("more lines; /deploy-status D-42 shows all\n```"), "{all}");
    assert!(all.ends_with("Sara turned her key"), "{all}");
    let many = (0..27).fold(Message::line(Tone::Good, "t"), |m, _| m.button(button("Go", "approve")));
    let made = rendered(&many);
    judge(&made);
    assert!(made.embeds[0]["description"].as_str().unwrap().contains("… 2 more buttons"));
}

/// A block that shows more within less room once made a message too long.
#[test]
fn many_short_lines_are_cut_where_the_room_ends() {
    let breaks = || vec![plain("a\n".repeat(1500))];
    let listed =
        Block::List(vec![Line { mark: Mark::Open, text: breaks() }, Line { mark: Mark::Done, text: breaks() }]);
    for block in [Block::Quote(breaks()), Block::Context(breaks()), listed] {
        let alone = rendered(&Message::line(Tone::Good, "t").block(block.clone()));
        judge(&alone);
        let shown = alone.embeds[0]["description"].as_str().map_or(0, text::units);
        assert!(shown > 3900, "{shown} of 4096");
        let long = || Block::Text(vec![plain("x".repeat(5000))]);
        judge(&rendered(&Message::line(Tone::Good, "t").block(block.clone()).block(block).block(long()).block(long())));
    }
}

#[test]
fn every_limit_holds_at_it_below_it_and_above_it() {
    for letter in ["x", "é", "🚀"] {
        let word = |limit: usize| letter.repeat(limit / letter.encode_utf16().count());
        let around = |limit: usize| [limit - 2, limit - 1, limit, limit + 1, limit + 2];
        for n in around(2000 - 4) {
            let made = rendered(&Message::line(Tone::Good, word(n)).text(vec![plain("b")]));
            judge(&made);
            assert_eq!(made.content.contains('…'), text::units(&word(n)) > 1996, "content {letter} {n}");
        }
        for n in around(4096 - 1) {
            let made = rendered(&Message::line(Tone::Good, "t").text(vec![plain(word(n))]));
            judge(&made);
            assert_eq!(made.embeds[0].to_string().contains('…'), text::units(&word(n)) > 4095, "text {letter} {n}");
        }
        for n in around(256) {
            let made =
                rendered(&Message::line(Tone::Good, "t").block(Block::Fields(vec![(word(n), vec![plain("v")])])));
            judge(&made);
            assert_eq!(made.embeds[0].to_string().contains('…'), text::units(&word(n)) > 256, "name {letter} {n}");
        }
        for n in around(1024) {
            let made = rendered(
                &Message::line(Tone::Good, "t").block(Block::Fields(vec![("n".into(), vec![plain(word(n))])])),
            );
            judge(&made);
            assert_eq!(made.embeds[0].to_string().contains('…'), text::units(&word(n)) > 1024, "value {letter} {n}");
        }
        for n in around(80) {
            let made = rendered(&Message::line(Tone::Good, "t").button(button(&word(n), "approve")));
            judge(&made);
            assert_eq!(made.components[0].to_string().contains('…'), text::units(&word(n)) > 80, "label {letter} {n}");
        }
        for n in around(1900) {
            let blocks = (0..3).fold(Message::line(Tone::Good, "t"), |m, _| m.text(vec![plain(word(n))]));
            judge(&rendered(&blocks));
        }
    }
    for n in [24, 25, 26, 49, 50, 51, 300] {
        let fields = (0..n).map(|i| (format!("f{i}"), vec![plain("v")])).collect();
        judge(&rendered(&Message::line(Tone::Good, "t").block(Block::Fields(fields))));
        let many = (0..n).fold(Message::line(Tone::Good, "t"), |m, i| m.button(button("Go", &format!("go {i}"))));
        let made = rendered(&many);
        judge(&made);
        assert_eq!(made.embeds[0].to_string().contains("more buttons"), n > 25);
    }
    let broken = Block::Picture(Picture { name: "a.png".into(), alt: "x".repeat(500), png: "?".into() });
    judge(&rendered(&(0..60).fold(Message::line(Tone::Good, "t"), |m, _| m.block(broken.clone()))));
    for n in [9, 10, 11, 60, 61] {
        let picture = Block::Picture(Picture { name: "a.png".into(), alt: "A".into(), png: "iVBORw==".into() });
        let made = rendered(&(0..n).fold(Message::line(Tone::Good, "t"), |m, _| m.block(picture.clone())));
        judge(&made);
        assert!(made.files.len() <= n);
    }
}

#[test]
fn a_form_is_a_modal_within_its_limits() {
    let field = |n: usize, required: bool| FormField {
        name: format!("f{n}"),
        label: "é".repeat(44 + n),
        kind: if n == 0 { FieldKind::Line } else { FieldKind::Choice(options(n, 99 + n % 2)) },
        required,
        help: "h".repeat(40 * n),
    };
    for n in [4, 5, 6] {
        let fields = (0..n).map(|i| field(i, i + 1 == n)).collect();
        let made =
            modal("lock?environment=production", &Form { title: "é".repeat(40 + n), submit: "Lock".into(), fields });
        let made = made.unwrap();
        assert!(made["title"].as_str().unwrap().chars().count() <= 45);
        let labels = made["components"].as_array().unwrap();
        assert_eq!(labels.len(), n.min(5));
        for label in labels {
            assert_eq!(label["type"], json!(18));
            assert!(label["label"].as_str().unwrap().chars().count() <= 45);
            for hint in [&label["component"]["placeholder"], &label["description"]] {
                assert!(hint.as_str().is_none_or(|p| (1..=100).contains(&p.chars().count())));
            }
        }
        assert_eq!(labels[0]["component"]["required"], json!(true), "what is needed is never left out");
    }
    assert!(
        modal(
            &format!("lock?reason={}", "x".repeat(300)),
            &Form { title: String::new(), submit: String::new(), fields: vec![] }
        )
        .is_none()
    );
}

/// So many, each so long.
fn options(n: usize, chars: usize) -> Vec<(String, String)> {
    (0..n).map(|i| (format!("{i:0>chars$}"), format!("Number {i}"))).collect()
}

#[test]
fn a_choice_is_a_menu_as_long_as_it_fits_one() {
    let component = |options: Vec<(String, String)>| {
        let field = FormField {
            name: "environment".into(),
            label: "Environment".into(),
            kind: FieldKind::Choice(options),
            required: true,
            help: "where".into(),
        };
        let made = modal("deploy", &Form { title: "Deploy".into(), submit: "Deploy".into(), fields: vec![field] });
        made.unwrap()["components"][0].clone()
    };
    for (n, chars, fits) in
        [(1, 5, true), (24, 5, true), (25, 5, true), (26, 5, false), (3, 100, true), (3, 101, false)]
    {
        let label = component(options(n, chars));
        let expected = if fits { 3 } else { 4 };
        assert_eq!(label["component"]["type"], json!(expected), "{n} of {chars} characters");
        if fits {
            assert_eq!(label["component"]["options"].as_array().unwrap().len(), n);
            assert_eq!(label["description"], json!("where"));
        }
    }
    let typed = component(options(26, 2));
    let hint = typed["component"]["placeholder"].as_str().unwrap();
    assert!(hint.starts_with("One of: 00, 01, 02") && hint.ends_with('…'), "{hint}");
    assert_eq!(component(vec![])["component"]["type"], json!(4), "nothing to choose from");
    let doubled = component(vec![("api".into(), "API".into()), ("api".into(), "again".into())]);
    assert_eq!(doubled["component"]["options"].as_array().unwrap().len(), 1);
}

#[test]
fn a_question_carries_the_action_it_asks_about() {
    let names = Names { policy: &policy(), channels: &BTreeMap::new() };
    let mut abort = button("Abort", "abort");
    abort.confirm = Some("Abort D-42?".into());
    let id = custom::pack(&abort, 2).unwrap();
    assert!(id.starts_with("!~") && id.ends_with("#2"), "{id}");
    let made = question(&id, "Abort", &names);
    judge(&made);
    let yes = &made.components[0]["components"][0];
    assert_eq!((made.content.as_str(), &yes["label"]), ("Abort D-42?", &json!("Yes, Abort")));
    let carried = custom::unpack(yes["custom_id"].as_str().unwrap()).unwrap();
    assert_eq!((carried.action.as_str(), carried.ask_first), ("abort?deployment=D-42", false));
    abort.confirm = Some("Sure? ".repeat(40));
    let id = custom::pack(&abort, 1).unwrap();
    assert_eq!(id, "!abort?deployment=D-42", "a question that has no room");
    assert_eq!(question(&id, "Abort", &names).content, "Abort D-42? Press the button if you mean it.");
}
