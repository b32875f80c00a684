//! The only room with SQL.

mod cipher;
