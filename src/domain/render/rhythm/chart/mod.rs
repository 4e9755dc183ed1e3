//! The picture of a digest: numbers over a day against their objectives, with the deployments that ended in it.
//!
//! The same curve gives the same bytes. What could not be read is a gap in the line, never a zero; the words beside the picture
//! say the numbers, so that nobody needs to see it.

mod canvas;

use crate::domain::message::{Picture, words_of_bytes};
use crate::domain::rhythm::{Curve, Line, amount};
use crate::domain::window::zone;
use canvas::{Canvas, Colour};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const WIDTH: usize = 640;
const PANEL: usize = 150;
/// Around the plot: left, right, top, bottom.
const EDGE: (usize, usize, usize, usize) = (12, 12, 22, 20);
/// Panels of one picture.
const PANELS: usize = 2;

/// The picture of a curve; none while there is nothing to draw.
#[must_use]
pub fn picture(curve: &Curve, zone_name: &str) -> Option<Picture> {
    let panels = panels(curve);
    if panels.is_empty() {
        return None;
    }
    let mut canvas = Canvas::new(WIDTH, PANEL * panels.len());
    let zone = zone(zone_name).unwrap_or(TimeZone::UTC);
    for (n, lines) in panels.iter().enumerate() {
        panel(&mut canvas, n * PANEL, curve, lines, &zone);
    }
    Some(Picture { name: "day.png".into(), alt: alt(curve, &zone), png: words_of_bytes(&canvas.png()?) })
}

/// Lines of one kind of number share a panel.
fn panels(curve: &Curve) -> Vec<Vec<&Line>> {
    let mut out: Vec<Vec<&Line>> = Vec::new();
    for line in curve.lines.iter().filter(|line| line.samples.iter().any(|(_, n)| n.is_some())) {
        let full = out.len() >= PANELS;
        match out.iter_mut().find(|p| p.first().is_some_and(|l| l.value == line.value)) {
            Some(panel) => panel.push(line),
            None if full => {}
            None => out.push(vec![line]),
        }
    }
    out
}

fn panel(canvas: &mut Canvas, top: usize, curve: &Curve, lines: &[&Line], zone: &TimeZone) {
    let (left, right, above, below) = EDGE;
    let (x0, x1, y0, y1) = (left, WIDTH - right, top + above, top + PANEL - below);
    let numbers = lines.iter().flat_map(|l| l.samples.iter().filter_map(|(_, n)| *n));
    let limit = lines.iter().find_map(|l| l.limit);
    let most = numbers.chain(limit).fold(0.0_f64, f64::max);
    let most = if most > 0.0 { most * 1.1 } else { 1.0 };
    let across = |at: Timestamp| {
        let (from, to) = (curve.from.as_millisecond(), curve.to.as_millisecond());
        let whole = (to - from).max(1);
        let part = usize::try_from((at.as_millisecond() - from).clamp(0, whole)).unwrap_or(0);
        x0 + part * (x1 - x0) / usize::try_from(whole).unwrap_or(1)
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "pixels")]
    let up = |n: f64| y1 - ((n / most).clamp(0.0, 1.0) * (y1 - y0) as f64).round() as usize;
    canvas.across(x0, x1, y1, Colour::Axis, 1);
    for hour in hours(curve, zone) {
        canvas.down(across(hour), y0, y1, Colour::Grid, 3);
        canvas.text(
            across(hour).saturating_sub(18),
            y1 + 6,
            &hour.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        );
    }
    for (at, _, well) in &curve.marks {
        canvas.down(across(*at), y0, y1, if *well { Colour::Good } else { Colour::Bad }, 1);
    }
    if let Some(limit) = limit {
        canvas.across(x0, x1, up(limit), Colour::Bad, 4);
    }
    for (n, line) in lines.iter().enumerate() {
        let colour = Colour::LINES.get(n % Colour::LINES.len()).copied().unwrap_or(Colour::Axis);
        let mut before: Option<(usize, usize)> = None;
        for (at, number) in &line.samples {
            let here = number.map(|n| (across(*at), up(n)));
            if let Some((x, y)) = here {
                canvas.dot(x, y, colour);
                if let Some(from) = before {
                    canvas.line(from, (x, y), colour);
                }
            }
            before = here;
        }
    }
    let value = lines.first().map_or("", |l| l.value.as_str());
    canvas.text(x0, top + 6, &amount(value, most / 1.1));
}

/// Every fourth hour of the clock.
fn hours(curve: &Curve, zone: &TimeZone) -> Vec<Timestamp> {
    let all = (0..24).filter_map(|n| {
        let at = crate::domain::time::after(curve.from, crate::domain::time::Span::hours(n));
        let local = at.to_zoned(zone.clone());
        let whole = local.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?;
        (whole.hour() % 4 == 0 && whole.timestamp() >= curve.from).then(|| whole.timestamp())
    });
    all.collect()
}

/// What the picture shows, in words.
fn alt(curve: &Curve, zone: &TimeZone) -> String {
    let mut out = Vec::new();
    for line in panels(curve).into_iter().flatten() {
        let read: Vec<f64> = line.samples.iter().filter_map(|(_, n)| *n).collect();
        let (low, high) = read.iter().fold((f64::MAX, f64::MIN), |(l, h), n| (l.min(*n), h.max(*n)));
        let last = read.last().copied().unwrap_or_default();
        let say = |n: f64| amount(&line.value, n);
        let mut text = format!("{}: {} to {}, last {}", line.title, say(low), say(high), say(last));
        if let Some(limit) = line.limit {
            text.push_str(&format!(", objective {}", say(limit)));
        }
        let missing = line.samples.len() - read.len();
        if missing > 0 {
            text.push_str(&format!(", {missing} of {} not read", line.samples.len()));
        }
        out.push(text);
    }
    for (at, what, well) in &curve.marks {
        let word = if *well { "succeeded" } else { "did not succeed" };
        out.push(format!("{} {what} {word}", at.to_zoned(zone.clone()).strftime("%H:%M")));
    }
    out.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{Span, after};

    fn curve() -> Curve {
        let from: Timestamp = "2026-01-05T06:00:00Z".parse().unwrap();
        let at = |hours| after(from, Span::hours(hours));
        let line = |title: &str, value: &str, samples: Vec<(Timestamp, Option<f64>)>, limit| Line {
            title: title.into(),
            value: value.into(),
            limit: Some(limit),
            samples,
        };
        Curve {
            from,
            to: at(24),
            lines: vec![
                line(
                    "Error rate, api in production",
                    "error_rate",
                    vec![(at(1), Some(0.0005)), (at(2), None), (at(3), Some(0.02)), (at(4), Some(0.001))],
                    0.001,
                ),
                line("Latency, api in production", "p95_ms", vec![(at(1), Some(120.0)), (at(2), Some(480.0))], 300.0),
                line("Error rate, web in production", "error_rate", vec![(at(1), None)], 0.001),
            ],
            marks: vec![(at(3), "D-4 api v1.2.0 → production".into(), false)],
        }
    }

    #[test]
    fn the_words_say_what_the_picture_shows() {
        let picture = picture(&curve(), "+03:00").unwrap();
        assert_eq!(
            picture.alt,
            "Error rate, api in production: 0.05 % to 2 %, last 0.1 %, objective 0.1 %, 1 of 4 not read; \
             Latency, api in production: 120 ms to 480 ms, last 480 ms, objective 300 ms; \
             12:00 D-4 api v1.2.0 → production did not succeed"
        );
    }

    #[test]
    fn the_same_curve_gives_the_same_bytes_and_nothing_gives_none() {
        let (one, two) = (picture(&curve(), "+03:00").unwrap(), picture(&curve(), "+03:00").unwrap());
        assert_eq!(one, two);
        assert!(one.png.starts_with("iVBORw0KGgo"), "it is a PNG");
        assert!(one.png.len() < 8_000, "{} bytes", one.png.len());
        let mut other = curve();
        other.lines[0].samples[0].1 = Some(0.004);
        assert_ne!(picture(&other, "+03:00").unwrap().png, one.png);
        assert_eq!(picture(&Curve { lines: Vec::new(), ..curve() }, "+03:00"), None);
    }
}
