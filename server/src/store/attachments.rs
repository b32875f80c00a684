//! Where the bytes of attachments are kept, behind one trait: parts of an
//! upload come in order, and are whole once their SHA-256 is the name.

use async_trait::async_trait;
use homeround::model::{Millis, TenantId};
use homeround::wire::AttachmentAddress;

use super::Stored;

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Bytes that there will be.
    pub size_bytes: u64,
    /// Bytes that have arrived.
    pub arrived: u64,
    /// All of them, and their SHA-256 is the name.
    pub complete: bool,
    /// As in `image/jpeg`.
    pub media_type: String,
}

/// What adding a part did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is kept: so many bytes have arrived.
    Arrived(u64),
    /// It is kept, and the attachment is whole.
    Complete,
    /// It does not begin where the last one ended; nothing was kept.
    OutOfStep {
        /// Bytes that have arrived.
        arrived: u64,
    },
    /// The bytes are whole and are not what the name says: all of them were
    /// dropped, begin anew.
    WrongContent,
    /// No such upload was begun.
    Unknown,
}

/// The bytes of attachments of every tenant.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// Begins an upload; one that was begun stays as it is. Answers how far it is.
    async fn begin(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
        size_bytes: u64,
        media_type: &str,
        now: Millis,
    ) -> Stored<Upload>;

    /// How far an upload is.
    async fn upload(&self, tenant: TenantId, address: &AttachmentAddress)
    -> Stored<Option<Upload>>;

    /// Adds a part; durable when this returns.
    async fn append(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
        offset: u64,
        part: &[u8],
    ) -> Stored<Appended>;

    /// Up to `max` bytes of a whole attachment from an offset on; none when there
    /// is none.
    async fn read(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
        offset: u64,
        max: usize,
    ) -> Stored<Option<Vec<u8>>>;

    /// Folds logs into the file; called at a clean shutdown.
    async fn checkpoint(&self) -> Stored<()>;
}
