//! The stand-in of Discord refuses what it must, and shows what people would see.

mod client;
mod gateway;
mod rest;
mod talk;
