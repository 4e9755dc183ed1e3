//! The whole journal as text, by stream name and sequence.

use crate::domain::ids::Stream;
use crate::domain::time::from_millis;
use crate::limits::STORE_PAGE;
use crate::store::{EventRow, Store, StoreError};
use std::io::{self, Write};
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One object a line; `body` is the exact text the hash covers.
    JsonLines,
    /// RFC 4180 with a header; every cell quoted, nothing changed: a spreadsheet may still read `=…` as a formula.
    Csv,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "jsonl" | "json" => Ok(Self::JsonLines),
            "csv" => Ok(Self::Csv),
            other => Err(format!("unknown format {other}; use jsonl or csv")),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write the export: {0}")]
    Write(#[from] io::Error),
}

/// Writes every event and returns how many. Proves nothing: run [`verify`](super::verify) as well.
///
/// # Errors
/// When the store cannot be read or `out` not written; what was written then is incomplete.
pub async fn export(store: &dyn Store, format: Format, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
    let mut written = 0;
    if format == Format::Csv {
        out.write_all(b"stream,seq,time,at,actor,kind,body,previous,hash\r\n")?;
    }
    let mut after = Stream::new("");
    loop {
        let streams = store.streams(after.as_str(), STORE_PAGE).await?;
        let Some(last) = streams.last() else { break };
        after = last.clone();
        for stream in &streams {
            let mut seq = 0;
            loop {
                let page = store.events(stream, seq, STORE_PAGE).await?;
                let Some(last) = page.last() else { break };
                seq = last.seq;
                for event in &page {
                    match format {
                        Format::JsonLines => json(event, out)?,
                        Format::Csv => csv(event, out)?,
                    }
                    written += 1;
                }
            }
        }
    }
    out.flush()?;
    Ok(written)
}

fn json(event: &EventRow, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")
}

fn csv(e: &EventRow, out: &mut dyn Write) -> io::Result<()> {
    let (seq, at, time) = (e.seq.to_string(), e.at.to_string(), from_millis(e.at).to_string());
    let cells = [e.stream.as_str(), &seq, &time, &at, &e.actor, &e.kind, &e.body, &e.previous, &e.hash];
    let cells = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
    write!(out, "{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_every_character() {
        let e = EventRow {
            stream: Stream::new("person/a,b"),
            seq: 1,
            kind: "=1+1".into(),
            actor: "o\"neil".into(),
            at: 0,
            body: "line\r\nline".into(),
            previous: String::new(),
            hash: "ab".into(),
        };
        let mut out = Vec::new();
        csv(&e, &mut out).unwrap();
        let line = "\"person/a,b\",\"1\",\"1970-01-01T00:00:00Z\",\"0\",\"o\"\"neil\",\"=1+1\",\"line\r\nline\",\"\",\"ab\"\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), line);
    }
}
