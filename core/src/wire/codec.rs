//! CBOR and zstd, each bounded.

use minicbor::{CborLen, Decode, Encode};

/// zstd level of bodies: level 3 costs a phone little and level 9 gains
/// under 5 % on packed changes (`cargo xtask bench` prints the bytes).
pub const ZSTD_LEVEL: i32 = 3;

/// A body that can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The body is larger than its named limit allows; nothing was read.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// Which body.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The bytes are not such a body.
    #[error("{what} is malformed")]
    Malformed {
        /// Which body.
        what: &'static str,
    },
    /// The other end speaks another protocol.
    #[error("protocol {found} is not supported, this end speaks {known}")]
    Protocol {
        /// The other end's version.
        found: u32,
        /// Ours.
        known: u32,
    },
}

/// A body's name and limits.
pub trait Body: Sized + Encode<()> + CborLen<()> + for<'b> Decode<'b, ()> {
    /// How errors call it.
    const NAME: &'static str;
    /// Most bytes as sent.
    const SENT_MAX: usize;
    /// Most bytes once inflated.
    const INFLATED_MAX: usize;
}

/// Writes a body as CBOR.
///
/// # Errors
/// [`WireError::TooLarge`] when it would break its own limit.
pub fn encode<T: Body>(body: &T) -> Result<Vec<u8>, WireError> {
    let bytes = minicbor::to_vec(body).map_err(|_| WireError::Malformed { what: T::NAME })?;
    if bytes.len() > T::INFLATED_MAX {
        return Err(too_large::<T>(T::INFLATED_MAX));
    }
    Ok(bytes)
}

/// Reads a body from CBOR.
///
/// # Errors
/// [`WireError::TooLarge`] or [`WireError::Malformed`].
pub fn decode<T: Body>(bytes: &[u8]) -> Result<T, WireError> {
    if bytes.len() > T::INFLATED_MAX {
        return Err(too_large::<T>(T::INFLATED_MAX));
    }
    minicbor::decode(bytes).map_err(|_| WireError::Malformed { what: T::NAME })
}

/// Writes a body as zstd'd CBOR, ready to send.
///
/// # Errors
/// [`WireError::TooLarge`] when it breaks a limit before or after compression.
pub fn seal_body<T: Body>(body: &T) -> Result<Vec<u8>, WireError> {
    let plain = encode(body)?;
    let sent = zstd::bulk::compress(&plain, ZSTD_LEVEL)
        .map_err(|_| WireError::Malformed { what: T::NAME })?;
    if sent.len() > T::SENT_MAX {
        return Err(too_large::<T>(T::SENT_MAX));
    }
    Ok(sent)
}

/// Reads a body that was sent as zstd'd CBOR. A body that would inflate past
/// its limit is refused once the limit is reached and no later.
///
/// # Errors
/// [`WireError::TooLarge`] or [`WireError::Malformed`].
pub fn open_body<T: Body>(sent: &[u8]) -> Result<T, WireError> {
    if sent.len() > T::SENT_MAX {
        return Err(too_large::<T>(T::SENT_MAX));
    }
    decode(&inflate(sent, T::INFLATED_MAX, T::NAME)?)
}

fn inflate(sent: &[u8], limit: usize, what: &'static str) -> Result<Vec<u8>, WireError> {
    use std::io::Read as _;
    let malformed = || WireError::Malformed { what };
    let mut decoder = zstd::stream::read::Decoder::new(sent).map_err(|_| malformed())?;
    // 2^23 = 8 MiB of window at most, whatever the frame asks for.
    decoder.window_log_max(23).map_err(|_| malformed())?;
    let mut plain = Vec::new();
    let mut bounded = decoder.take(limit as u64 + 1);
    bounded.read_to_end(&mut plain).map_err(|_| malformed())?;
    if plain.len() > limit {
        return Err(WireError::TooLarge { what, limit });
    }
    Ok(plain)
}

const fn too_large<T: Body>(limit: usize) -> WireError {
    WireError::TooLarge {
        what: T::NAME,
        limit,
    }
}
