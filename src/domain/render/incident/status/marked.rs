//! The few marks that a post's template may use: `**bold**`, `` `code` ``, and a backslash before what is meant as it stands.
//!
//! What people typed is escaped before it is put in, so it is shown as it was typed and calls nobody.

use crate::domain::message::{Text, bold, code, plain};

/// What somebody typed, as one line without marks.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        if matches!(c, '\\' | '*' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The same where there are no marks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Bold,
    Code,
}

/// The pieces of a line. A mark that is not closed reaches to its end.
pub fn pieces(line: &str) -> Text {
    let mut out = Text::new();
    let (mut held, mut style) = (String::new(), Style::Plain);
    let mut end = |held: &mut String, style: Style| {
        let text = std::mem::take(held);
        if !text.is_empty() {
            out.push(match style {
                Style::Plain => plain(text),
                Style::Bold => bold(text),
                Style::Code => code(text),
            });
        }
    };
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let next = match (c, style) {
            ('\\', _) => {
                held.extend(chars.next());
                continue;
            }
            ('`', Style::Code) => Style::Plain,
            ('`', Style::Plain) => Style::Code,
            ('*', Style::Plain | Style::Bold) if chars.peek() == Some(&'*') => {
                chars.next();
                if style == Style::Bold { Style::Plain } else { Style::Bold }
            }
            _ => {
                held.push(c);
                continue;
            }
        };
        end(&mut held, style);
        style = next;
    }
    end(&mut held, style);
    out
}

/// A text without its marks.
pub fn bare(text: &str) -> String {
    let line = |line: &str| super::super::super::parts::words(&pieces(line));
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_the_template_count_and_those_of_people_do_not() {
        let typed = escaped("the **whole** `db`\nis c:\\down");
        let line = format!("`INC-7` **{typed}** · {typed}");
        let as_typed = "the **whole** `db` is c:\\down";
        assert_eq!(pieces(&line), [code("INC-7"), plain(" "), bold(as_typed), plain(format!(" · {as_typed}"))]);
        assert_eq!(bare(&line), format!("INC-7 {as_typed} · {as_typed}"));
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        assert_eq!(pieces("a **b"), [plain("a "), bold("b")]);
        assert_eq!(pieces("2 * 3"), [plain("2 * 3")]);
        assert_eq!(pieces("`a ** b`"), [code("a ** b")]);
        assert_eq!(pieces("\\"), Text::new());
    }
}
