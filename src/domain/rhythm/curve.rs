//! A number over a day, with the deployments that fell into it: what a digest's picture is drawn from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Samples of one line that are kept and drawn.
pub const SAMPLES: usize = 96;
/// Lines of one picture.
pub const LINES: usize = 4;
/// Deployments that one picture marks.
pub const MARKS: usize = 24;

/// One objective at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// `Error rate, api in production`.
    pub title: String,
    /// How numbers are written, as the value's name says: `error_rate`.
    pub value: String,
    /// What it should stay under, where the objective says so.
    pub limit: Option<f64>,
    /// By time; none: it was not to be read then, which is a gap and not a zero.
    pub samples: Vec<(Timestamp, Option<f64>)>,
}

/// What one picture shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub from: Timestamp,
    pub to: Timestamp,
    pub lines: Vec<Line>,
    /// Ends of deployments: when, what, and whether it went well.
    pub marks: Vec<(Timestamp, String, bool)>,
}

/// Samples as they are kept between digests, by objective and place. Bounded; what is older than a day goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub lines: BTreeMap<String, Line>,
    /// When it was sampled last.
    pub last: Option<Timestamp>,
}
