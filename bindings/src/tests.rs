//! The face from Rust.
