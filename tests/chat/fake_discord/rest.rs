//! REST: what is refused.
