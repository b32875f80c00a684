//! The sync protocol's bodies, limits and version; the same code on both ends.
//!
//! Bodies are CBOR maps with integer keys; a reader ignores keys that it does
//! not know and a writer never gives an old key a new meaning, so a phone two
//! releases old keeps working (`golden/` holds the bytes of each released
//! version and a test reads all of them). Bodies travel zstd'd. Every size has
//! a named limit, and the limit holds before memory is spent.

mod attachments;
mod bodies;
mod codec;
mod escrow;
mod paths;
mod proofs;

#[cfg(test)]
mod tests;

pub use attachments::*;
pub use bodies::*;
pub use codec::*;
pub use escrow::*;
pub use paths::*;
pub use proofs::*;

/// Version of the protocol that this build speaks.
pub const PROTOCOL: u32 = 1;

/// Most bytes of a push, as sent (after compression).
pub const PUSH_BYTES_MAX: usize = 512 * 1024;
/// Most bytes of a push once inflated.
pub const PUSH_INFLATED_MAX: usize = 8 * 1024 * 1024;
/// Most changes in one push.
pub const PUSH_CHANGES_MAX: usize = 4_000;
/// Most bytes of a page, as sent (after compression).
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most bytes of a page once inflated.
pub const PAGE_INFLATED_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a page (inflated) that a phone asks for unless told otherwise.
pub const PAGE_BYTES_DEFAULT: u64 = 1024 * 1024;
/// Most bytes of one change after inflation.
pub const CHANGE_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of a small body (enrolment, beacon, receipts, errors).
pub const SMALL_BODY_MAX: usize = 64 * 1024;
/// Most bytes of an opaque cursor.
pub const CURSOR_BYTES_MAX: usize = 256;
/// Most receipts in one call.
pub const RECEIPTS_MAX: usize = 256;
