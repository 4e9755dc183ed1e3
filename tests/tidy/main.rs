//! The habits of the house that no compiler holds: which room may import which, how long a file may be, what may be called
//! where, and that nothing lies about unlinked.
//!
//! Each rule is a function from files to findings. It runs over the repository, and over a planted violation that it must
//! find. Rules read text, not syntax trees: a rule that needs more than that is too clever to be obeyed.

mod bounds;
mod files;
mod homes;
mod imports;
mod metrics;
mod pages;
mod sizes;
mod source;
mod sql;
mod writing;
