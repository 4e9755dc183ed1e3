//! The emoji that mark lines of a list: the same on every platform that shows emoji.

use crate::domain::message::Mark;

/// What stands before a line.
pub const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "✅",
        Mark::Open => "⬜",
        Mark::Running => "⏳",
        Mark::Failed => "❌",
        Mark::Warning => "⚠️",
        Mark::Skipped => "⏭️",
        Mark::Key => "🔑",
        Mark::Bullet => "•",
    }
}
