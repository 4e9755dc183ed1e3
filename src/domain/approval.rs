//! Keys: which turned keys fill which slots (DESIGN 4.2).
