//! Integers as bytes: LEB128 both signed and unsigned, zigzag, a checked reader.

use super::PackError;

/// No LEB128 of 64 bits is longer.
const LEB_BYTES_MAX: u32 = 10;

/// Appends an unsigned LEB128.
pub(super) fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed LEB128.
pub(super) fn put_sint(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// How many bytes [`put_uint`] takes.
pub(super) const fn uint_len(value: u64) -> u64 {
    let bits = 64 - (value | 1).leading_zeros() as u64;
    bits.div_ceil(7)
}

/// Folds the sign into the lowest bit, so that small stays small.
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Undoes [`zigzag`].
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// A cursor over bytes that nobody vouches for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], PackError> {
        let (head, tail) = self
            .bytes
            .split_at_checked(count)
            .ok_or(PackError::Malformed)?;
        self.bytes = tail;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (head, tail) = self.bytes.split_first_chunk().ok_or(PackError::Malformed)?;
        self.bytes = tail;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PackError> {
        let (byte, tail) = self.bytes.split_first().ok_or(PackError::Malformed)?;
        self.bytes = tail;
        Ok(*byte)
    }

    pub(super) fn uint(&mut self) -> Result<u64, PackError> {
        let mut value = 0_u64;
        for at in 0..LEB_BYTES_MAX {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if at == LEB_BYTES_MAX - 1 && byte > 1 {
                return Err(PackError::Malformed);
            }
            value |= bits << (7 * at);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(PackError::Malformed)
    }

    pub(super) fn sint(&mut self) -> Result<i64, PackError> {
        let mut value = 0_i64;
        for at in 0..LEB_BYTES_MAX {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f).wrapping_shl(7 * at);
            if byte & 0x80 == 0 {
                let used = 7 * (at + 1);
                if used < 64 && byte & 0x40 != 0 {
                    value |= -1_i64 << used;
                }
                return Ok(value);
            }
        }
        Err(PackError::Malformed)
    }

    pub(super) fn length(&mut self) -> Result<usize, PackError> {
        usize::try_from(self.uint()?).map_err(|_| PackError::Malformed)
    }

    /// A length and as many bytes.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], PackError> {
        let length = self.length()?;
        self.take(length)
    }
}

/// Appends a length and the bytes.
pub(super) fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bits side by side, without regard for bytes: the random part of an id has
/// 74 of them, and nothing can press them further.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    out: Vec<u8>,
    held: u128,
    bits: u32,
}

impl BitWriter {
    /// Appends the low `count` bits, at most 100.
    pub(super) fn put(&mut self, value: u128, count: u32) {
        self.held |= value << self.bits;
        self.bits += count;
        while self.bits >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.bits -= 8;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.bits > 0 {
            self.out.push(self.held as u8);
        }
        self.out
    }
}

/// Reads what a [`BitWriter`] wrote.
#[derive(Debug, Default)]
pub(super) struct BitReader<'a> {
    bytes: Reader<'a>,
    held: u128,
    bits: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: Reader<'a>) -> Self {
        Self {
            bytes,
            held: 0,
            bits: 0,
        }
    }

    /// Whether less than a byte is left, and that without a bit set.
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.bits < 8 && self.held == 0
    }

    /// Takes `count` bits, at most 100.
    pub(super) fn take(&mut self, count: u32) -> Result<u128, PackError> {
        while self.bits < count {
            self.held |= u128::from(self.bytes.byte()?) << self.bits;
            self.bits += 8;
        }
        let value = self.held & ((1 << count) - 1);
        self.held >>= count;
        self.bits -= count;
        Ok(value)
    }
}
