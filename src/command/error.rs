//! What is wrong with a command line, as data, and how it is said.
//!
//! Every message names the thing, says what to type next and shows an example. Nothing here reveals what a person may not
//! see: names of services and environments are no secret to those who may type commands.

use super::kind::Kind;
use crate::domain::message::{Block, Line, Mark, Message, Piece, Text, Tone, bold, code, plain};

/// Why a command line is not a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct CommandError {
    /// Boxed to keep results small.
    pub problem: Box<Problem>,
    /// The usage lines of the command it was about; empty when it is not known.
    pub usage: Vec<String>,
    /// A line that works.
    pub example: Option<String>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    Empty,
    TooLong {
        limit: usize,
    },
    Control {
        code: u32,
    },
    UnterminatedQuote {
        from: String,
    },
    UnknownCommand {
        word: String,
        near: Vec<String>,
    },
    /// `known` are the whole names that begin with `group`.
    UnknownSubcommand {
        group: String,
        word: String,
        near: Vec<String>,
        known: Vec<String>,
    },
    /// `arg` as the usage writes it, `help` from the command's file.
    Missing {
        arg: String,
        help: String,
    },
    /// A keyword or flag with nothing behind it.
    MissingValue {
        after: String,
        help: String,
    },
    /// The text behind a flag has several words and no quotes.
    Unquoted {
        flag: String,
    },
    Surplus {
        words: String,
    },
    Repeated {
        arg: String,
        word: String,
    },
    UnknownFlag {
        flag: String,
        near: Vec<String>,
    },
    /// `is`: the word is known, but as something else.
    UnknownName {
        kind: Kind,
        word: String,
        near: Vec<String>,
        known: Vec<String>,
        is: Option<Kind>,
    },
    BadValue {
        kind: Kind,
        word: String,
    },
    TooMany {
        arg: String,
        max: u32,
    },
    /// A button or form sent an argument that the command does not take.
    UnknownArgument {
        arg: String,
    },
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), usage: Vec::new(), example: None }
    }
}

/// Words shown of what somebody typed; the rest is cut.
const SHOWN: usize = 60;

fn cut(word: &str) -> String {
    let mut out: String = word.chars().take(SHOWN).collect();
    if out.len() < word.len() {
        out.push('…');
    }
    out
}

impl CommandError {
    /// What is said to the person, privately.
    #[must_use]
    pub fn message(&self) -> Message {
        let mut message = Message::new(Tone::Warning, self.title());
        if let Some(next) = self.next() {
            message = message.text(next);
        }
        if !self.usage.is_empty() {
            let lines = self.usage.iter().map(|u| Line { mark: Mark::Bullet, text: vec![code(u.as_str())] });
            message = message.block(Block::List(lines.collect()));
        }
        if let Some(example) = &self.example {
            message = message.context(vec![plain("For example "), code(example.as_str())]);
        }
        message
    }

    /// The same beside a form that asks for what is missing.
    #[must_use]
    pub fn message_beside_form(&self) -> Message {
        let mut text = self.title();
        text.push(plain(" Fill in the form"));
        if let Some(example) = &self.example {
            text.extend([plain(", or type it all: "), code(example.as_str())]);
        }
        text.push(plain("."));
        Message::new(Tone::Neutral, text)
    }

    /// The title and what to do next, as one plain sentence for logs and scripts.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut out = flat(&self.title());
        if let Some(next) = self.next() {
            out.push(' ');
            out.push_str(&flat(&next));
        }
        out
    }

    fn title(&self) -> Text {
        match &*self.problem {
            Problem::Empty => vec![plain("There is no command here.")],
            Problem::TooLong { limit } => {
                vec![plain(format!("This is too long for a command: {limit} characters is the most."))]
            }
            Problem::Control { code: c } => {
                vec![plain("This holds an invisible control character, "), code(format!("U+{c:04X}")), plain(".")]
            }
            Problem::UnterminatedQuote { from } => {
                vec![plain("The quote that begins at "), code(cut(from)), plain(" is not closed.")]
            }
            Problem::UnknownCommand { word, .. } => {
                vec![plain("I do not know the command "), code(format!("/{}", cut(word))), plain(".")]
            }
            Problem::UnknownSubcommand { group, word, .. } if word.is_empty() => {
                vec![code(format!("/{group}")), plain(" needs one more word.")]
            }
            Problem::UnknownSubcommand { group, word, .. } => {
                vec![code(format!("/{group}")), plain(" does not know "), code(cut(word)), plain(".")]
            }
            Problem::Missing { arg, .. } => vec![bold(arg.as_str()), plain(" is missing.")],
            Problem::MissingValue { after, .. } => {
                vec![plain("Nothing stands behind "), code(after.as_str()), plain(".")]
            }
            Problem::Unquoted { flag } => {
                vec![plain("The text behind "), code(flag.as_str()), plain(" has no quotes.")]
            }
            Problem::Surplus { words } => vec![plain("I do not know what to do with "), code(cut(words)), plain(".")],
            Problem::Repeated { arg, word } => {
                vec![bold(arg.as_str()), plain(" is there twice: "), code(cut(word)), plain(" is one too many.")]
            }
            Problem::UnknownFlag { flag, .. } => {
                vec![plain("I do not know the option "), code(cut(flag)), plain(".")]
            }
            Problem::UnknownName { kind, word, is: Some(other), .. } => {
                vec![code(cut(word)), plain(format!(" is {}, and {} is wanted here.", other.phrase(), kind.phrase()))]
            }
            Problem::UnknownName { kind, word, is: None, .. } => {
                vec![code(cut(word)), plain(format!(" is not {} that I know.", kind.phrase()))]
            }
            Problem::BadValue { kind, word } => vec![code(cut(word)), plain(format!(" is not {}.", kind.phrase()))],
            Problem::TooMany { arg, max } => {
                vec![bold(arg.as_str()), plain(format!(" goes up to {max}."))]
            }
            Problem::UnknownArgument { arg } => {
                vec![plain("This button sends "), code(cut(arg)), plain(", which this command does not take.")]
            }
        }
    }

    /// What to type next, where the usage alone does not say it.
    fn next(&self) -> Option<Text> {
        let said = |text: &str| Some(vec![plain(text)]);
        match &*self.problem {
            Problem::Empty => Some(vec![plain("Type "), code("/help"), plain(" to see what there is.")]),
            Problem::TooLong { .. } => said("Shorten it, and put long notes in the deployment's thread."),
            Problem::Control { .. } => said("Type it again by hand, or paste it as plain text."),
            Problem::UnterminatedQuote { .. } => said("Close it with the same quote, or leave both out."),
            Problem::UnknownCommand { near, .. } if near.is_empty() => {
                Some(vec![plain("Type "), code("/help"), plain(" to see what there is.")])
            }
            Problem::UnknownCommand { near, .. } => Some(mean(near, "/")),
            Problem::UnknownSubcommand { near, known, .. } => {
                Some(if near.is_empty() { one_of(known, "/") } else { mean(near, "/") })
            }
            Problem::Missing { help, .. } | Problem::MissingValue { help, .. } => Some(vec![plain(format!("{help}."))]),
            Problem::Unquoted { flag } => {
                Some(vec![plain("Type "), code(format!("{flag} \"all of the words\"")), plain(".")])
            }
            Problem::UnknownFlag { near, .. } if near.is_empty() => None,
            Problem::UnknownFlag { near, .. } => Some(mean(near, "")),
            Problem::UnknownName { near, .. } if !near.is_empty() => Some(mean(near, "")),
            Problem::UnknownName { known, .. } if known.is_empty() => said("None is configured."),
            Problem::UnknownName { known, .. } => Some(one_of(known, "")),
            Problem::BadValue { kind, .. } => said(match kind {
                Kind::Duration => "Write it like 90s, 30m, 1h30m or 2d.",
                Kind::Deployment => "Write its number as the card shows it, like D-42.",
                Kind::Incident => "Write its number as the card shows it, like INC-7.",
                Kind::Version => "A version has letters, digits and . - _ + / only, at most 100 of them, like v1.2.0.",
                Kind::Items => "Write the numbers that the checklist shows, like 3 or 3 4 7-9, at most 100 at once.",
                Kind::Number => "Write a whole number above zero, like 3.",
                Kind::Text | Kind::Word => "Write at least one word.",
                _ => "Write yes, or leave it out.",
            }),
            Problem::UnknownArgument { .. } => said("Open the newest card, or type the command."),
            Problem::Surplus { .. } | Problem::Repeated { .. } => said("Leave it out, or check the order."),
            Problem::TooMany { .. } => None,
        }
    }
}

fn mean(near: &[String], before: &str) -> Text {
    let mut out = vec![plain("Did you mean ")];
    join(&mut out, near, before, " or ");
    out.push(plain("?"));
    out
}

fn one_of(known: &[String], before: &str) -> Text {
    /// More names than this are a list to look up, not to read.
    const LISTED: usize = 12;
    let mut out = vec![plain("I know ")];
    join(&mut out, &known[..known.len().min(LISTED)], before, " and ");
    out.push(plain(if known.len() > LISTED { " and more." } else { "." }));
    out
}

fn join(out: &mut Text, words: &[String], before: &str, last: &'static str) {
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            out.push(plain(if n + 1 == words.len() { last } else { ", " }));
        }
        out.push(code(format!("{before}{word}")));
    }
}

/// The words alone.
fn flat(text: &Text) -> String {
    let word = |piece: &Piece| match piece {
        Piece::Plain(text) | Piece::Bold(text) | Piece::Code(text) => text.clone(),
        _ => String::new(),
    };
    text.iter().map(word).collect()
}
