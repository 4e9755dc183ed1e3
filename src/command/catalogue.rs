//! The catalogue: every command's file, read once and checked.

use super::files::FILES;
use super::kind::Kind;
use crate::limits::COMMAND_HELP_CHARS;
use serde::Deserialize;
use std::collections::BTreeSet;

/// All commands, in the order in which help shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

/// One command as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// `deploy status`: one or two words.
    pub name: String,
    pub group: String,
    /// What the button that asks for its fields is called; absent, the summary heads its form.
    pub title: Option<String>,
    /// One line for lists; at most 100 characters, which is what chat platforms show.
    pub summary: String,
    pub who: Who,
    pub risk: Risk,
    /// Asked before a command of high risk counts.
    pub confirm: Option<String>,
    pub usage: Vec<String>,
    pub examples: Vec<String>,
    /// Alternatives: all arguments of one of them are needed (`name?`: allowed with it). Empty: none.
    #[serde(default)]
    pub needs: Vec<Vec<String>>,
    #[serde(default)]
    pub args: Vec<Arg>,
    /// The Markdown behind the front matter.
    #[serde(skip)]
    pub help: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Arg {
    pub name: String,
    pub kind: Kind,
    pub how: Vec<How>,
    pub required: bool,
    pub help: String,
    /// What a form writes beside it; absent, its name.
    pub label: Option<String>,
    /// Numbers only.
    pub max: Option<u32>,
    /// Read bare only while this argument is not there yet.
    pub before: Option<String>,
    /// Read bare only once one of these is there.
    #[serde(default)]
    pub after: Vec<String>,
}

/// How an argument is introduced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum How {
    /// By standing there.
    Bare,
    /// The rest of the line.
    Rest,
    /// Never typed; only buttons send it.
    Button,
    /// `--dry-run`, with its dashes.
    Flag(String),
    /// `to`, `in`, `for`.
    Keyword(String),
}

impl From<String> for How {
    fn from(text: String) -> Self {
        match text.as_str() {
            "bare" => Self::Bare,
            "rest" => Self::Rest,
            "button" => Self::Button,
            _ if text.starts_with("--") => Self::Flag(text),
            _ => Self::Keyword(text),
        }
    }
}

/// Who may type it at all; the policy decides about each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    Anyone,
    /// People in config.
    Known,
    /// Operators of the environment.
    Operators,
    /// Holders of a role that the deployment asks for.
    Holders,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Reads only.
    None,
    Low,
    /// Asks [`Entry::confirm`] first.
    High,
}

/// A command's file is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("commands/{file}.md: {what}")]
pub struct CatalogueError {
    pub file: String,
    pub what: String,
}

impl Catalogue {
    /// The embedded catalogue.
    ///
    /// # Errors
    /// The first file that is wrong; a test keeps this from happening.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::of(FILES)
    }

    /// Reads files given as name without ending, and text.
    ///
    /// # Errors
    /// The first file that is wrong.
    pub fn of(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(files.len());
        for (file, text) in files {
            let wrong = |what: String| CatalogueError { file: (*file).to_owned(), what };
            let entry = Entry::read(text).map_err(wrong)?;
            entry.check().map_err(wrong)?;
            if entry.name.replace(' ', "-") != *file {
                return Err(wrong(format!("the file's name does not fit `{}`", entry.name)));
            }
            if entries.iter().any(|e| e.name == entry.name) {
                return Err(wrong(format!("`{}` is there twice", entry.name)));
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.name == name)
    }

    /// Groups in the order of their first command.
    #[must_use]
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !groups.contains(&entry.group.as_str()) {
                groups.push(&entry.group);
            }
        }
        groups
    }

    /// The commands of two words that begin with `first`.
    pub fn subcommands<'a>(&'a self, first: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |e| e.name.split_once(' ').is_some_and(|(f, _)| f == first))
    }
}

impl Entry {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.replace("\r\n", "\n");
        let rest = text.strip_prefix("+++\n").ok_or("it does not begin with `+++`")?;
        let (front, body) = rest.split_once("\n+++\n").ok_or("the front matter is not closed with `+++`")?;
        let mut entry: Self = toml::from_str(front).map_err(|e| e.to_string())?;
        entry.help = body.trim().to_owned();
        Ok(entry)
    }

    fn check(&self) -> Result<(), String> {
        let command = format!("/{}", self.name);
        let begins = |line: &String| line == &command || line.starts_with(&format!("{command} "));
        let short = |text: &str| !text.is_empty() && text.chars().count() <= COMMAND_HELP_CHARS && !text.ends_with('.');
        let words: Vec<_> = self.name.split(' ').collect();
        if words.len() > 2 || words.iter().any(|w| w.is_empty() || !w.bytes().all(|b| b.is_ascii_lowercase())) {
            return Err(format!("`{}` is not one or two words in small letters", self.name));
        }
        if self.usage.is_empty() || !self.usage.iter().all(begins) {
            return Err(format!("each usage begins with `{command}`"));
        }
        if self.examples.is_empty() || !self.examples.iter().all(begins) {
            return Err(format!("each example begins with `{command}`"));
        }
        if !short(&self.summary) || self.help.is_empty() || self.group.is_empty() {
            return Err("summary (one short line without a full stop), group and help are needed".into());
        }
        if (self.risk == Risk::High) != self.confirm.is_some() {
            return Err("a confirm text belongs to high risk, and only to it".into());
        }
        let mut introduced = BTreeSet::new();
        for arg in &self.args {
            arg.check(self)?;
            for how in &arg.how {
                if let How::Flag(word) | How::Keyword(word) = how
                    && !introduced.insert(word)
                {
                    return Err(format!("`{word}` introduces two arguments"));
                }
            }
        }
        if self.args.iter().filter(|a| a.has(&How::Rest)).count() > 1 {
            return Err("only one argument can be the rest of the line".into());
        }
        match self.needs.iter().flatten().find(|n| self.arg(n.trim_end_matches('?')).is_none()) {
            Some(name) => Err(format!("`needs` names `{name}`, which is no argument")),
            None => Ok(()),
        }
    }

    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&Arg> {
        self.args.iter().find(|a| a.name == name)
    }

    /// The argument that takes the rest of the line.
    #[must_use]
    pub fn rest(&self) -> Option<&Arg> {
        self.args.iter().find(|a| a.has(&How::Rest))
    }

    /// The argument that `flag` (with its dashes) introduces.
    #[must_use]
    pub fn flag(&self, flag: &str) -> Option<&Arg> {
        self.args.iter().find(|a| a.flag() == Some(flag))
    }

    /// All flags, with their dashes.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.args.iter().filter_map(Arg::flag)
    }
}

impl Arg {
    fn check(&self, entry: &Entry) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("argument `{}`: {what}", self.name));
        if entry.args.iter().filter(|a| a.name == self.name).count() > 1 {
            return wrong("is there twice");
        }
        if self.name.is_empty() || !self.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return wrong("a name has small letters and dashes");
        }
        if self.how.is_empty() {
            return wrong("`how` is empty");
        }
        if self.help.is_empty() || self.help.chars().count() > COMMAND_HELP_CHARS || self.help.ends_with('.') {
            return wrong("help is one short line without a full stop");
        }
        if self.kind == Kind::Flag && self.how.iter().any(|h| !matches!(h, How::Flag(_))) {
            return wrong("a switch is introduced by its dashes");
        }
        if self.has(&How::Rest) && (self.kind != Kind::Text || self.how.len() > 1) {
            return wrong("the rest of the line is a text and nothing else");
        }
        if self.has(&How::Bare) && matches!(self.kind, Kind::Text | Kind::Flag) {
            return wrong("texts and switches do not stand bare");
        }
        if self.max.is_some() && self.kind != Kind::Number {
            return wrong("`max` is for numbers");
        }
        if self.before.iter().chain(&self.after).any(|n| entry.arg(n).is_none()) {
            return wrong("`before` and `after` name arguments");
        }
        Ok(())
    }

    #[must_use]
    pub fn has(&self, how: &How) -> bool {
        self.how.contains(how)
    }

    /// `--dry-run`
    #[must_use]
    pub fn flag(&self) -> Option<&str> {
        self.how.iter().find_map(|h| if let How::Flag(flag) = h { Some(flag.as_str()) } else { None })
    }

    /// The words that introduce it, the usual one first.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.how.iter().filter_map(|h| if let How::Keyword(word) = h { Some(word.as_str()) } else { None })
    }

    /// As usage lines write it: `ENVIRONMENT`.
    #[must_use]
    pub fn placeholder(&self) -> String {
        if self.kind == Kind::Duration { "DURATION".into() } else { self.name.to_uppercase() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::HISTORY_ROWS;

    #[test]
    fn every_embedded_file_is_right() {
        let catalogue = Catalogue::embedded().unwrap();
        assert_eq!(catalogue.entries().len(), FILES.len());
        assert_eq!(catalogue.get("deploy history").unwrap().arg("limit").unwrap().max, Some(HISTORY_ROWS));
        assert_eq!(catalogue.subcommands("checklist").count(), 3);
    }

    #[test]
    fn a_wrong_file_is_named_with_what_is_wrong() {
        let (name, good) = FILES.iter().find(|(name, _)| *name == "lock").unwrap();
        for (from, to, what) in [
            ("+++\nname", "name", "does not begin"),
            ("risk = \"low\"", "risk = \"high\"", "confirm"),
            ("who = \"operators\"", "who = \"kings\"", "unknown variant"),
            ("kind = \"flag\"", "kind = \"flg\"", "unknown variant"),
            ("name = \"lock\"", "name = \"block\"", "begins with `/block`"),
            ("before = \"environment\"", "before = \"moon\"", "name arguments"),
            ("how = [\"for\"]", "how = [\"in\"]", "introduces two"),
            ("group = ", "grup = ", "unknown field"),
            ("name = \"take-over\"", "name = \"reason\"", "is there twice"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(&bad, good, "{from}");
            let error = Catalogue::of(&[(name, &bad)]).unwrap_err().to_string();
            assert!(error.starts_with("commands/lock.md: ") && error.contains(what), "{error}");
        }
        let twice = Catalogue::of(&[(name, good), (name, good)]).unwrap_err();
        assert!(twice.what.contains("twice"), "{twice}");
        assert!(Catalogue::of(&[("other", good)]).is_err());
    }

    #[test]
    fn one_line_descriptions_are_bounded() {
        let (name, good) = FILES.iter().find(|(name, _)| *name == "cancel").unwrap();
        let with = |length: usize| good.replacen("Call a deployment off before it starts", &"é".repeat(length), 1);
        assert!(Catalogue::of(&[(name, &with(COMMAND_HELP_CHARS))]).is_ok());
        assert!(Catalogue::of(&[(name, &with(COMMAND_HELP_CHARS + 1))]).is_err());
    }
}
