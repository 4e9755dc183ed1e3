//! What watching systems say: `alert prometheus firing HighErrorRate service=api "7 % of requests fail"`.

use super::Names;
use super::problem::{Problem, suggest};
use super::words::{Read, Words};
use std::collections::BTreeMap;

/// What a source says of one alert, or of several that differ in their instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSaid {
    pub source: String,
    pub firing: bool,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub title: Option<String>,
    /// `firing 40 of PodDown`: so many instances of it; absent: it has none.
    pub many: Option<u32>,
}

pub(super) fn read(words: &mut Words, names: &Names<'_>) -> Read<AlertSaid> {
    let source = words.word("a source of alerts")?;
    let known = &names.policy.alerts.sources;
    if !known.contains(&source.text) {
        let problem = Problem::new(source.column, source.length, format!("there is no source {}", source.text));
        return Err(problem.hint(suggest(&source.text, known.iter().map(String::as_str))));
    }
    let firing = match words.word("`firing` or `resolved`")? {
        w if w.text == "firing" => true,
        w if w.text == "resolved" => false,
        w => {
            return Err(Problem::new(
                w.column,
                w.length,
                format!("`{}` stands where `firing` or `resolved` is expected", w.text),
            ));
        }
    };
    let mut name = words.word("the name of an alert")?.text;
    let many = name.parse::<u32>().ok().filter(|_| words.take("of"));
    if many.is_some() {
        name = words.word("the name of an alert")?.text;
    }
    let mut labels = BTreeMap::new();
    while let Some(word) = words.peek().filter(|w| !w.quoted).cloned() {
        let Some((label, value)) = word.text.split_once('=') else { break };
        labels.insert(label.to_owned(), value.to_owned());
        words.next();
    }
    let title = words.maybe_quoted();
    Ok(AlertSaid { source: source.text, firing, name, labels, title, many })
}
