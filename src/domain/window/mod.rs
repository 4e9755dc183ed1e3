//! Windows, freezes and holidays.
mod types;
pub use types::*;
