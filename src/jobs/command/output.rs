//! A job's output on disk: written up to a bound, read by offset.
//!
//! Output never fails a job. What the disk or the bound refuses is counted and left out, and the job goes on.

use crate::jobs::Output;
use crate::limits;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

/// Copies everything from `from` into `to`, keeping at most `keep` bytes. `note` is told how many bytes were left out so
/// far, each time another `note_every` were. Returns that number at the end; uses one small buffer however much comes.
pub fn pump(mut from: impl Read, mut to: impl Write, keep: u64, note_every: u64, mut note: impl FnMut(u64)) -> u64 {
    let mut buffer = vec![0_u8; 64 * 1024];
    let (mut kept, mut dropped, mut noted) = (0_u64, 0_u64, 0_u64);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let room = usize::try_from(keep - kept).unwrap_or(usize::MAX).min(read);
        let written = write_some(&mut to, &buffer[..room]);
        kept += written as u64;
        dropped += (read - written) as u64;
        if dropped > 0 && (noted == 0 || dropped - noted >= note_every) {
            noted = dropped;
            note(dropped);
        }
    }
    if dropped != noted {
        note(dropped);
    }
    dropped
}

/// As much as the disk takes.
fn write_some(to: &mut impl Write, bytes: &[u8]) -> usize {
    let mut done = 0;
    while done < bytes.len() {
        match to.write(&bytes[done..]) {
            Ok(n) if n > 0 => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    done
}

/// The piece of the output in `folder` that begins at `from`. What is not UTF-8 is shown as `�`; a character that is not
/// whole yet waits for the next piece, unless the job has `ended`.
///
/// # Errors
/// When the file exists and cannot be read.
pub fn read(folder: &Path, from: u64, ended: bool) -> io::Result<Output> {
    let dropped = fs::read_to_string(folder.join("dropped")).ok().and_then(|t| t.trim().parse().ok()).unwrap_or(0);
    let mut bytes = Vec::new();
    match File::open(folder.join("output")) {
        Ok(mut file) => {
            file.seek(SeekFrom::Start(from))?;
            file.take(limits::JOB_OUTPUT_PIECE).read_to_end(&mut bytes)?;
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let full = bytes.len() as u64 == limits::JOB_OUTPUT_PIECE;
    if full || !ended {
        bytes.truncate(bytes.len() - unfinished(&bytes));
    }
    let next = from + bytes.len() as u64;
    Ok(Output { text: String::from_utf8_lossy(&bytes).into_owned(), next, dropped })
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    (0..tail.len())
        .find(|&start| {
            std::str::from_utf8(&tail[start..]).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
        })
        .map_or(0, |start| tail.len() - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_up_to_the_bound_and_counted_past_it() {
        for (len, dropped) in [(100_u64, 0), (101, 1), (300_000, 299_900)] {
            let (mut kept, mut notes) = (Vec::new(), Vec::new());
            let got = pump(io::repeat(b'x').take(len), &mut kept, 100, 100_000, |n| notes.push(n));
            assert_eq!((got, kept.len()), (dropped, 100), "{len}");
            assert_eq!(notes.last().copied().unwrap_or(0), dropped);
            assert!(notes.len() < 6, "{notes:?}");
        }
    }

    #[test]
    fn a_full_disk_drops_output_and_nothing_else() {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(pump(io::repeat(b'x').take(200_000), full, 1_000_000, 1_000_000, |_| ()), 200_000);
    }

    #[test]
    fn pieces_never_cut_a_character() {
        let data = tempfile::tempdir().unwrap();
        let write = |bytes: &[u8]| fs::write(data.path().join("output"), bytes).unwrap();
        assert_eq!(read(data.path(), 0, false).unwrap(), Output::default());
        write("añ🚂".as_bytes());
        let whole = read(data.path(), 0, false).unwrap();
        assert_eq!((whole.text.as_str(), whole.next), ("añ🚂", 7));
        for cut in 4..7 {
            write(&"añ🚂".as_bytes()[..cut]);
            let piece = read(data.path(), 0, false).unwrap();
            assert_eq!((piece.text.as_str(), piece.next), ("añ", 3), "{cut}");
            assert_eq!(read(data.path(), 0, true).unwrap().next, cut as u64, "nothing more will come");
        }
        assert_eq!(read(data.path(), 99, true).unwrap(), Output { next: 99, ..Output::default() });
    }

    #[test]
    fn binary_output_is_shown_as_well_as_can_be() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("output"), [b'a', 0xff, 0xfe, 0, b'b']).unwrap();
        let output = read(data.path(), 0, false).unwrap();
        assert_eq!((output.text.as_str(), output.next), ("a\u{fffd}\u{fffd}\0b", 5));
    }

    #[test]
    fn pieces_are_bounded() {
        let data = tempfile::tempdir().unwrap();
        let piece = usize::try_from(limits::JOB_OUTPUT_PIECE).unwrap();
        fs::write(data.path().join("output"), "x".repeat(piece + 1)).unwrap();
        assert_eq!(read(data.path(), 0, true).unwrap().text.len(), piece);
        assert_eq!(read(data.path(), piece as u64, true).unwrap().text.len(), 1);
    }
}
