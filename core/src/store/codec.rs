//! Compression of what is large or rarely read. The contexts are kept: making one
//! costs more than a small blob.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use super::error::StoreError;

/// Level of zstd: higher ones gain little on a few KB and cost several times as much.
const LEVEL: i32 = 1;
/// The most that a stored blob may inflate to.
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Codec {
    compressor: RefCell<Option<Compressor<'static>>>,
    decompressor: RefCell<Option<Decompressor<'static>>>,
}

impl Codec {
    /// Four bytes of length, then a zstd frame.
    pub(super) fn compress(&self, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        let too_large = StoreError::Limit {
            limit: "BLOB_BYTES_MAX",
        };
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(too_large);
        }
        let len = u32::try_from(bytes.len()).map_err(|_| too_large)?;
        let mut slot = self.compressor.borrow_mut();
        if slot.is_none() {
            *slot = Some(Compressor::new(LEVEL).map_err(|_| StoreError::OutOfMemory)?);
        }
        let Some(compressor) = slot.as_mut() else {
            return Err(StoreError::OutOfMemory);
        };
        let frame = compressor
            .compress(bytes)
            .map_err(|_| StoreError::OutOfMemory)?;
        let mut out = Vec::with_capacity(frame.len() + 4);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&frame);
        Ok(out)
    }

    /// The reverse; a blob that says it is larger than allowed is damage.
    pub(super) fn inflate(&self, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (len, frame) = stored.split_first_chunk().ok_or(StoreError::Damaged)?;
        let len = u32::from_le_bytes(*len) as usize;
        if len > BLOB_BYTES_MAX {
            return Err(StoreError::Damaged);
        }
        let mut slot = self.decompressor.borrow_mut();
        if slot.is_none() {
            *slot = Some(Decompressor::new().map_err(|_| StoreError::OutOfMemory)?);
        }
        let Some(decompressor) = slot.as_mut() else {
            return Err(StoreError::OutOfMemory);
        };
        let bytes = decompressor
            .decompress(frame, len)
            .map_err(|_| StoreError::Damaged)?;
        if bytes.len() == len {
            Ok(bytes)
        } else {
            Err(StoreError::Damaged)
        }
    }
}
