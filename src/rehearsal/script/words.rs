//! A line as words and quoted texts, each with its column, so that errors can point.

use super::problem::Problem;

/// A word or a quoted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub quoted: bool,
    pub column: usize,
    pub length: usize,
}

/// Reads a line word by word.
#[derive(Clone, Debug)]
pub struct Words {
    words: Vec<Word>,
    at: usize,
    end: usize,
}

pub type Read<T> = Result<T, Problem>;

impl Words {
    /// `column` is where `text` begins in its line. A `#` by itself begins a comment.
    ///
    /// # Errors
    /// When a quoted text does not end.
    pub fn of(text: &str, column: usize) -> Read<Self> {
        let chars: Vec<char> = text.chars().collect();
        let (mut words, mut i) = (Vec::new(), 0);
        while i < chars.len() {
            let c = chars[i];
            let lone = chars.get(i + 1).is_none_or(|n| n.is_whitespace());
            if c.is_whitespace() {
                i += 1;
            } else if c == '#' && lone {
                break;
            } else if let Some(close) = closing(c) {
                let Some(length) = chars[i + 1..].iter().position(|x| *x == close) else {
                    let message = "this quoted text does not end";
                    return Err(
                        Problem::new(column + i, chars.len() - i, message).hint(format!("close it with {close}"))
                    );
                };
                let text = chars[i + 1..i + 1 + length].iter().collect();
                words.push(Word { text, quoted: true, column: column + i, length: length + 2 });
                i += length + 2;
            } else {
                let from = i;
                while i < chars.len() && !chars[i].is_whitespace() && closing(chars[i]).is_none() {
                    i += 1;
                }
                let word: String = chars[from..i].iter().collect();
                // Commas and semicolons stand by themselves.
                let bare = word.trim_end_matches([',', ';']);
                if !bare.is_empty() {
                    let length = bare.chars().count();
                    words.push(Word { text: bare.to_owned(), quoted: false, column: column + from, length });
                }
                let kept = bare.chars().count();
                for (n, mark) in word.chars().enumerate().skip(kept) {
                    words.push(Word { text: mark.to_string(), quoted: false, column: column + from + n, length: 1 });
                }
            }
        }
        Ok(Self { words, at: 0, end: column + chars.len() })
    }

    pub fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    pub fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at).cloned();
        self.at += usize::from(word.is_some());
        word
    }

    /// Takes these words if they come next.
    pub fn take(&mut self, phrase: &str) -> bool {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        let here = self.words.get(self.at..self.at + wanted.len()).unwrap_or_default();
        let fits = here.len() == wanted.len()
            && here.iter().zip(&wanted).all(|(w, p)| !w.quoted && w.text.eq_ignore_ascii_case(p));
        if fits {
            self.at += wanted.len();
        }
        fits
    }

    /// These words must come next.
    ///
    /// # Errors
    /// When they do not.
    pub fn must(&mut self, phrase: &str) -> Read<()> {
        if self.take(phrase) { Ok(()) } else { Err(self.wrong(&format!("`{phrase}`"))) }
    }

    /// A word, called `what` when it is missing.
    ///
    /// # Errors
    /// When there is none, or a quoted text instead.
    pub fn word(&mut self, what: &str) -> Read<Word> {
        match self.peek() {
            Some(w) if !w.quoted => self.next().ok_or_else(|| self.wrong(what)),
            _ => Err(self.wrong(what)),
        }
    }

    /// A quoted text.
    ///
    /// # Errors
    /// When there is none.
    pub fn quoted(&mut self, what: &str) -> Read<String> {
        match self.peek() {
            Some(w) if w.quoted => Ok(self.next().map(|w| w.text).unwrap_or_default()),
            _ => Err(self.wrong(&format!("{what} in quotes"))),
        }
    }

    /// A quoted text, if one comes next.
    pub fn maybe_quoted(&mut self) -> Option<String> {
        if self.peek().is_some_and(|w| w.quoted) { self.next().map(|w| w.text) } else { None }
    }

    /// A number, with its column.
    ///
    /// # Errors
    /// When there is none.
    pub fn number(&mut self, what: &str) -> Read<f64> {
        let word = self.word(what)?;
        let text = word.text.trim_end_matches('%');
        let n = text.parse::<f64>().ok().filter(|n| n.is_finite());
        n.ok_or_else(|| Problem::new(word.column, word.length, format!("`{}` is not {what}", word.text)))
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// When something does.
    pub fn done(&self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(w) => Err(Problem::new(w.column, w.length, format!("`{}` is too much here", w.text))),
        }
    }

    /// The problem that `wanted` does not come next.
    pub fn wrong(&self, wanted: &str) -> Problem {
        match self.peek() {
            Some(w) => Problem::new(w.column, w.length, format!("`{}` stands where {wanted} is expected", w.text)),
            None => Problem::new(self.end, 1, format!("{wanted} is missing")),
        }
    }
}

fn closing(open: char) -> Option<char> {
    match open {
        '"' => Some('"'),
        '“' => Some('”'),
        _ => None,
    }
}
