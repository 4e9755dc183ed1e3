//! Reads what a client uploads: `payload_json` and `files[n]`.

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Upload {
    /// The `n` of `files[n]`.
    pub number: u32,
    pub name: String,
    pub kind: String,
    pub bytes: Vec<u8>,
}

/// The body's JSON and its files; none when it is not a well-formed multipart body.
pub fn read(content_type: &str, body: &[u8]) -> Option<(Value, Vec<Upload>)> {
    let boundary = content_type.split("boundary=").nth(1)?.trim_matches('"').split(';').next()?;
    let line = format!("--{boundary}");
    let mut json = Value::Object(serde_json::Map::new());
    let mut files = Vec::new();
    let mut rest = &body[find(body, line.as_bytes())? + line.len()..];
    while !rest.starts_with(b"--") {
        let end = find(rest, format!("\r\n{line}").as_bytes())?;
        let (part, after) = rest.split_at(end);
        let part = part.strip_prefix(b"\r\n")?;
        let split = find(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&part[..split]).into_owned();
        let bytes = &part[split + 4..];
        let name = attribute(&head, "name")?;
        if name == "payload_json" {
            json = serde_json::from_slice(bytes).ok()?;
        } else if let Some(number) = name.strip_prefix("files[").and_then(|n| n.strip_suffix(']')) {
            let kind =
                head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-type: ").map(str::to_owned));
            files.push(Upload {
                number: number.parse().ok()?,
                name: attribute(&head, "filename")?,
                kind: kind.unwrap_or_else(|| "application/octet-stream".into()),
                bytes: bytes.to_vec(),
            });
        }
        rest = &after[2 + line.len()..];
    }
    Some((json, files))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let marked = head.split(';').flat_map(|piece| piece.lines()).map(str::trim);
    let value = marked.filter_map(|piece| piece.strip_prefix(&format!("{name}="))).next()?;
    Some(value.trim_matches('"').to_owned())
}
