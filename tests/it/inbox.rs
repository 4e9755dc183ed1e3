//! What arrives from other machines: kept once, worked in order, told, and worked again after a crash at any point.

mod caught_up;
mod forms;
mod hour;
mod kept;
pub mod kit;
mod posted;
mod roles;
