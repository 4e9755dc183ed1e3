//! Where in which file something is written.

use crate::domain::policy::Source;
use std::ops::Range;
use std::sync::Arc;

/// A byte range in one of the files that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into [`Files`].
    pub file: usize,
    pub start: usize,
    pub end: usize,
}

impl Place {
    #[must_use]
    pub fn new(file: usize, range: Range<usize>) -> Self {
        Self { file, start: range.start, end: range.end }
    }
}

/// A value and where it is written.
#[derive(Clone, Debug)]
pub struct At<T> {
    pub value: T,
    pub place: Place,
}

/// One file (or environment variable) that was read.
#[derive(Clone, Debug)]
pub struct File {
    /// As people know it: relative to the config's folder.
    pub name: Arc<str>,
    pub text: String,
}

/// Everything that was read, so that problems can quote it.
#[derive(Clone, Debug, Default)]
pub struct Files(Vec<File>);

impl Files {
    pub fn add(&mut self, name: &str, text: &str) -> usize {
        self.0.push(File { name: Arc::from(name), text: text.to_owned() });
        self.0.len() - 1
    }

    #[must_use]
    pub fn get(&self, file: usize) -> Option<&File> {
        self.0.get(file)
    }

    /// Overwrites what stands at a place, between its quotes, without moving anything else.
    pub fn mask(&mut self, place: &Place) {
        let Some(file) = self.0.get_mut(place.file) else { return };
        let mut masked = String::with_capacity(file.text.len());
        for (at, c) in file.text.char_indices() {
            if (place.start..place.end).contains(&at) && !['"', '\'', '\n', '\r'].contains(&c) {
                (0..c.len_utf8()).for_each(|_| masked.push('*'));
            } else {
                masked.push(c);
            }
        }
        file.text = masked;
    }

    /// The line (from 1) on which a place begins.
    #[must_use]
    pub fn line(&self, place: &Place) -> u32 {
        let before = self.get(place.file).and_then(|f| f.text.as_bytes().get(..place.start)).unwrap_or_default();
        u32::try_from(before.iter().filter(|b| **b == b'\n').count()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The column (in characters, from 1) at which a place begins.
    #[must_use]
    pub fn column(&self, place: &Place) -> usize {
        let before = self.get(place.file).and_then(|f| f.text.get(..place.start)).unwrap_or_default();
        before.rsplit('\n').next().unwrap_or_default().chars().count() + 1
    }

    #[must_use]
    pub fn source(&self, place: &Place) -> Source {
        Source { file: self.get(place.file).map(|f| f.name.clone()).unwrap_or_default(), line: self.line(place) }
    }

    /// The written part of one line (from 1), without the blanks around it.
    #[must_use]
    pub fn whole_line(&self, file: usize, line: u32) -> Place {
        let text = self.get(file).map_or("", |f| f.text.as_str());
        let mut start = 0;
        for (n, part) in (1..).zip(text.split_inclusive('\n')) {
            if n == line {
                let lead = part.len() - part.trim_start().len();
                let written = part.trim().len();
                return if written == 0 {
                    Place::new(file, start..start)
                } else {
                    Place::new(file, start + lead..start + lead + written)
                };
            }
            start += part.len();
        }
        Place::new(file, text.len()..text.len())
    }
}
