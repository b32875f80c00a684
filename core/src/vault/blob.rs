//! Attachments at rest: a file of bytes of any length, encrypted in chunks so
//! that neither writing nor reading holds the whole of it in memory.
//!
//! ```text
//! "HRA1" | prefix (19) | chunk 0 | chunk 1 | ... | last chunk
//! ```
//!
//! Each chunk is XChaCha20-Poly1305 of up to [`BLOB_CHUNK_BYTES`] under the nonce
//! `prefix | number (4, big endian) | 1 for the last one, else 0` (the STREAM
//! construction), with the header authenticated too. A chunk that was left out,
//! swapped, cut off or taken from another file does not open. The key is derived
//! from the database key, so that wiping the one makes the other noise.

use std::io::{self, Read, Seek, SeekFrom, Write};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::crypt::{Key, random};
use super::{Entropy, Session, VaultError};

/// Bytes of plaintext in one chunk.
pub const BLOB_CHUNK_BYTES: usize = 64 * 1024;

const MAGIC: &[u8; 4] = b"HRA1";
const PREFIX_BYTES: usize = 19;
const HEADER_BYTES: usize = MAGIC.len() + PREFIX_BYTES;
const TAG_BYTES: usize = 16;
const SEALED_BYTES: usize = BLOB_CHUNK_BYTES + TAG_BYTES;
const BOUND: &[u8] = b"homeround/attachments/1";

/// Opens and seals attachments; cleared when dropped.
pub struct BlobKey(Key);

impl std::fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlobKey(..)")
    }
}

impl Session {
    /// The key of this phone's attachments.
    ///
    /// # Errors
    /// None in practice: the derivation has a fixed, permitted length.
    pub fn blob_key(&self) -> Result<BlobKey, VaultError> {
        let mut key = Key::empty();
        Hkdf::<Sha256>::new(None, &*self.database_key)
            .expand(BOUND, &mut *key)
            .map_err(|_| VaultError::Damaged)?;
        Ok(BlobKey(key))
    }
}

/// What was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedBlob {
    /// SHA-256 of the plaintext.
    pub sha256: [u8; 32],
    /// Bytes of plaintext.
    pub bytes: u64,
}

/// Why a blob could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// More bytes than were allowed; what was written so far is of no use.
    #[error("more than {max} bytes")]
    TooLarge {
        /// The limit.
        max: u64,
    },
    /// The file was altered, cut off or is another phone's.
    #[error("the file does not open")]
    Damaged,
    /// The file system, or whoever gives the bytes.
    #[error("file: {0}")]
    Io(io::ErrorKind),
    /// No randomness.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// Seals everything that `from` gives into `to`. The caller makes it durable.
///
/// # Errors
/// [`BlobError::TooLarge`] past `max` bytes; [`BlobError::Io`].
pub fn seal_blob(
    key: &BlobKey,
    from: &mut dyn Read,
    to: &mut dyn Write,
    max: u64,
    entropy: &mut dyn Entropy,
) -> Result<SealedBlob, BlobError> {
    let header = Header::new(random(entropy)?);
    to.write_all(&header.bytes())?;
    let (mut hash, mut bytes, mut number) = (Sha256::new(), 0_u64, 0_u32);
    let mut chunk = read_chunk(from)?;
    loop {
        // The last chunk is marked as such, so the next one is read first.
        let next = if chunk.len() == BLOB_CHUNK_BYTES {
            read_chunk(from)?
        } else {
            Zeroizing::default()
        };
        bytes += chunk.len() as u64;
        if bytes > max {
            return Err(BlobError::TooLarge { max });
        }
        hash.update(&*chunk);
        let last = next.is_empty();
        to.write_all(&header.seal(key, number, last, &chunk)?)?;
        if last {
            let sha256 = hash.finalize().into();
            return Ok(SealedBlob { sha256, bytes });
        }
        chunk = next;
        number = number.checked_add(1).ok_or(BlobError::TooLarge { max })?;
    }
}

/// Opens a sealed file for reading from any place.
#[derive(Debug)]
pub struct BlobReader<F> {
    key: BlobKey,
    file: F,
    header: Header,
    /// Bytes of the file.
    sealed: u64,
}

impl<F: Read + Seek> BlobReader<F> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`BlobError::Damaged`] when it is not a sealed blob; [`BlobError::Io`].
    pub fn new(key: BlobKey, mut file: F) -> Result<Self, BlobError> {
        let sealed = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = [0; HEADER_BYTES];
        file.read_exact(&mut bytes)
            .map_err(|_| BlobError::Damaged)?;
        let header = Header::parse(&bytes).ok_or(BlobError::Damaged)?;
        Ok(Self {
            key,
            file,
            header,
            sealed,
        })
    }

    /// Up to `max` bytes of plaintext from `offset` on; fewer at the end, none past it.
    ///
    /// # Errors
    /// [`BlobError::Damaged`] when a chunk does not open; [`BlobError::Io`].
    pub fn read_at(&mut self, offset: u64, max: usize) -> Result<Zeroizing<Vec<u8>>, BlobError> {
        let mut read = Zeroizing::new(Vec::with_capacity(max.min(BLOB_CHUNK_BYTES * 4)));
        let mut number = offset / BLOB_CHUNK_BYTES as u64;
        let mut skip = usize::try_from(offset % BLOB_CHUNK_BYTES as u64).unwrap_or(0);
        while read.len() < max {
            let Some((chunk, last)) = self.chunk(number)? else {
                break;
            };
            let rest = chunk.get(skip..).unwrap_or_default();
            let wanted = rest.len().min(max - read.len());
            read.extend_from_slice(&rest[..wanted]);
            if last {
                break;
            }
            skip = 0;
            number += 1;
        }
        Ok(read)
    }

    /// A chunk; none past the end.
    fn chunk(&mut self, number: u64) -> Result<Option<Chunk>, BlobError> {
        let number32 = u32::try_from(number).map_err(|_| BlobError::Damaged)?;
        let start = HEADER_BYTES as u64 + number * SEALED_BYTES as u64;
        if start >= self.sealed {
            // Even nothing at all is one chunk.
            return if number == 0 {
                Err(BlobError::Damaged)
            } else {
                Ok(None)
            };
        }
        let left = self.sealed - start;
        let last = left <= SEALED_BYTES as u64;
        let length = usize::try_from(left.min(SEALED_BYTES as u64)).unwrap_or(SEALED_BYTES);
        let mut sealed = vec![0; length];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut sealed)?;
        let chunk = self.header.open(&self.key, number32, last, &sealed);
        Ok(Some((chunk.ok_or(BlobError::Damaged)?, last)))
    }
}

/// A chunk's plaintext, and whether it is the last one.
type Chunk = (Zeroizing<Vec<u8>>, bool);

/// What stands before the chunks.
#[derive(Debug, Clone, Copy)]
struct Header([u8; PREFIX_BYTES]);

impl Header {
    const fn new(prefix: [u8; PREFIX_BYTES]) -> Self {
        Self(prefix)
    }

    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let prefix = bytes.strip_prefix(MAGIC)?;
        prefix.try_into().ok().map(Self)
    }

    fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[MAGIC.len()..].copy_from_slice(&self.0);
        bytes
    }

    fn nonce(&self, number: u32, last: bool) -> XNonce {
        let mut nonce = [0; 24];
        nonce[..PREFIX_BYTES].copy_from_slice(&self.0);
        nonce[PREFIX_BYTES..23].copy_from_slice(&number.to_be_bytes());
        nonce[23] = u8::from(last);
        XNonce::from(nonce)
    }

    fn seal(
        &self,
        key: &BlobKey,
        number: u32,
        last: bool,
        chunk: &[u8],
    ) -> Result<Vec<u8>, BlobError> {
        let header = self.bytes();
        let payload = Payload {
            msg: chunk,
            aad: &header,
        };
        XChaCha20Poly1305::new((&*key.0).into())
            .encrypt(&self.nonce(number, last), payload)
            .map_err(|_| BlobError::Damaged)
    }

    fn open(
        &self,
        key: &BlobKey,
        number: u32,
        last: bool,
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let header = self.bytes();
        let payload = Payload {
            msg: sealed,
            aad: &header,
        };
        XChaCha20Poly1305::new((&*key.0).into())
            .decrypt(&self.nonce(number, last), payload)
            .ok()
            .map(Zeroizing::new)
    }
}

/// As many bytes as there are, up to one chunk.
fn read_chunk(from: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut chunk = Zeroizing::new(Vec::with_capacity(BLOB_CHUNK_BYTES));
    from.take(BLOB_CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
    Ok(chunk)
}
