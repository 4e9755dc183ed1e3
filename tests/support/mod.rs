//! Stand-ins for the chat platforms: stateful servers on loopback that speak the documented APIs, enforce their limits,
//! scopes and membership, and refuse what the real ones refuse. They can also misbehave in every way a network can.

pub mod discord;
pub mod slack;
