//! The backend that Homeround phones sync with.

pub mod connect;
