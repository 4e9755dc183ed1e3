//! Held to Discord's limits.
