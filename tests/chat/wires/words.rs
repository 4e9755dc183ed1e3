//! What people read, without the layout in which a platform shows it: words and marks, in order.

use jiff::civil::Date;

/// The marks of list lines as plain text has them, and as both platforms show them.
const MARKS: [(&str, char); 7] =
    [("[x] ", '✅'), ("[ ] ", '⬜'), ("[~] ", '⏳'), ("[!] ", '❌'), ("(!) ", '⚠'), ("[-] ", '⏭'), ("[key] ", '🔑')];

/// Of the plain text that rehearsals compare.
pub fn of_plain(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| {
        let start = line.trim_start();
        let marked = MARKS.iter().find_map(|(mark, sign)| Some(format!("{sign} {}", start.strip_prefix(mark)?)));
        marked.unwrap_or_else(|| start.to_owned())
    });
    words(&lines.collect::<Vec<_>>().join("\n"))
}

/// Of what a stand-in shows.
pub fn words(text: &str) -> Vec<String> {
    // Slack keeps `/help` for itself.
    let text = text.replace("/signalbox help", "/help");
    let mut out: Vec<String> = Vec::new();
    let mut inside = false;
    for c in text.chars() {
        if MARKS.iter().any(|(_, sign)| *sign == c) {
            out.push(c.to_string());
            inside = false;
        } else if c.is_alphanumeric() {
            match out.last_mut().filter(|_| inside) {
                Some(word) => word.push(c),
                None => out.push(c.to_string()),
            }
            inside = true;
        } else {
            inside = false;
        }
    }
    dates(out)
}

/// Slack writes `Jan 5, 2026` where plain text has `Mon 5 Jan`.
fn dates(words: Vec<String>) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let [word, others @ ..] = rest {
        let date = rest
            .get(..3)
            .filter(|three| three[2].len() == 4)
            .and_then(|three| Date::strptime("%b %d %Y", three.join(" ")).ok());
        if let Some(date) = date {
            out.extend([date.strftime("%a").to_string(), rest[1].clone(), word.clone()]);
            rest = &rest[3..];
        } else {
            out.push(word.clone());
            rest = others;
        }
    }
    out
}

/// Where two readings part; nothing when they are one.
pub fn difference(what: &str, wanted: &[String], seen: &[String]) -> Option<String> {
    if wanted == seen {
        return None;
    }
    let same = wanted.iter().zip(seen).take_while(|(a, b)| a == b).count();
    let around = |words: &[String]| {
        let from = same.saturating_sub(4).min(words.len());
        words[from..(same + 12).min(words.len())].join(" ")
    };
    Some(format!("{what}: wanted “… {} …”, seen “… {} …”", around(wanted), around(seen)))
}

#[test]
fn layout_is_left_out_and_words_are_not() {
    assert_eq!(
        of_plain("Checks: 3/7\n  [x] image `v1.2` exists\n- done"),
        words("*Checks*\n3 / 7 ✅ image v1.2 exists • done")
    );
    assert_eq!(words("until Jan 5, 2026 15:00"), of_plain("until Mon 5 Jan 15:00"));
    assert_ne!(of_plain("[x] image"), words("⬜ image"));
    let (a, b) = (words("one two three"), words("one two four"));
    assert_eq!(difference("it", &a, &a), None);
    assert!(difference("it", &a, &b).unwrap().contains("four"));
}
