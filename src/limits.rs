//! Every bound of the program, one constant each, with its reason. Tests hold each at the limit and one past it.

/// Characters in one chat command. Longer text is a paste into the wrong place.
pub const COMMAND_CHARS: usize = 4_000;

/// Characters in a version: tags and image names fit, prose does not.
pub const VERSION_CHARS: usize = 100;

/// Rows that `/deploy history` shows at most.
pub const HISTORY_ROWS: u32 = 50;

/// Item numbers in one `/checklist tick`.
pub const CHECKLIST_ITEMS: usize = 100;

/// Completions offered at once; what chat platforms show.
pub const SUGGESTIONS: usize = 25;
