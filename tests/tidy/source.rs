//! Reading Rust as text: code without comments and literals, and the paths it names.

use crate::files::File;

/// The code with comments and the insides of literals blanked out; every line stays where it was.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
    while i < chars.len() {
        let rest = &chars[i..];
        let end = match rest {
            ['/', '/', ..] => i + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => block_comment_end(&chars, i),
            ['"', ..] => string_end(&chars, i),
            ['r', '"', ..] | ['r', '#', '"', ..] | ['r', '#', '#', ..] if !word_before(&chars, i) => raw_end(&chars, i),
            ['\'', '\\', ..] => i + 2 + rest[3..].iter().position(|c| *c == '\'').map_or(1, |n| n + 2),
            ['\'', _, '\'', ..] => i + 3,
            _ => i,
        };
        if end == i {
            out.push(chars[i]);
            i += 1;
        } else {
            out.extend(chars[i..end.min(chars.len())].iter().map(|c| blank(*c)));
            i = end;
        }
    }
    out
}

fn word_before(chars: &[char], i: usize) -> bool {
    i > 0 && (chars[i - 1].is_alphanumeric() || chars[i - 1] == '_') && chars[i - 1] != 'b'
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i < chars.len() {
        match &chars[i..] {
            ['/', '*', ..] => (depth, i) = (depth + 1, i + 2),
            ['*', '/', ..] => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn raw_end(chars: &[char], start: usize) -> usize {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return start; // a raw identifier
    }
    let mut i = start + 2 + hashes;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    i
}

/// The code before `#[cfg(test)]`; that nothing of the product follows the tests is a rule of its own.
pub fn product_code(file: &File) -> String {
    if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
        return String::new();
    }
    let code = code(&file.text);
    match code.find("#[cfg(test)]") {
        Some(at) => code[..at].to_owned(),
        None => code,
    }
}

/// `src/chat/slack/mod.rs` is the module `chat::slack`.
pub fn module(path: &str) -> Vec<&str> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1 && parts.last() == Some(&"mod") {
        parts.pop();
    }
    parts
}

/// Every path of this crate that the code names, from the crate's root, with the line it stands on.
pub fn paths(file: &File) -> Vec<(usize, Vec<String>)> {
    let code = product_code(file);
    let here = module(&file.path);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
            || code[..at].ends_with("super::")
        {
            continue;
        }
        let line = code[..at].matches('\n').count();
        let mut rest = &code[at..];
        let mut base: Vec<String> = Vec::new();
        if let Some(after) = rest.strip_prefix("crate::") {
            rest = after;
        } else {
            base = here.iter().map(|part| (*part).to_owned()).collect();
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
        }
        let mut tree = Vec::new();
        read_tree(rest, base, &mut tree);
        found.extend(tree.into_iter().map(|path| (line, path)));
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}` and so on into whole paths; returns what follows.
fn read_tree<'a>(text: &'a str, mut base: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let before = rest.len();
                rest = read_tree(rest, base.clone(), found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
                if rest.len() == before {
                    rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
                }
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end > 0 {
            base.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) if after.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{') => rest = after,
            _ => break,
        }
    }
    found.push(base);
    match rest.strip_prefix(" as ") {
        Some(alias) => &alias[alias.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(alias.len())..],
        None => rest,
    }
}
