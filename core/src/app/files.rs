//! The sealed files of attachments: where they lie, writing them so that they
//! last, and removing them.
//!
//! A row says what a file is before the file is there and until after it is
//! gone, so that a kill in between leaves nothing that nobody knows of.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use super::error::AppError;
use super::inner::Inner;
use super::session::vault_error;
use crate::store::AttachmentName;
use crate::vault::{BlobError, BlobReader, SealedBlob, make_folder, seal_blob, sync_folder};

const FOLDER: &str = "attachments";
/// Files looked at in one go when room has to be made.
const EVICT_PAGE: u32 = 64;

impl Inner {
    fn files_folder(&self) -> PathBuf {
        self.config.folder.join(FOLDER)
    }

    fn file_of(&self, name: AttachmentName) -> PathBuf {
        self.files_folder().join(name.to_string())
    }

    /// Seals what `from` gives into a file of this name; it is durable afterwards.
    pub(super) fn write_file(
        &self,
        name: AttachmentName,
        from: &mut dyn Read,
        max: u64,
    ) -> Result<SealedBlob, AppError> {
        let key = {
            let slot = self.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(vault_error)?;
            session.blob_key().map_err(vault_error)?
        };
        make_folder(&self.files_folder()).map_err(|error| io_error(error.kind()))?;
        let mut write = || -> Result<SealedBlob, BlobError> {
            let mut options = OpenOptions::new();
            let file = options
                .write(true)
                .create_new(true)
                .open(self.file_of(name))?;
            let mut to = BufWriter::new(file);
            let sealed = {
                let mut entropy = self.entropy();
                seal_blob(&key, from, &mut to, max, &mut **entropy)?
            };
            to.flush()?;
            to.get_ref().sync_all()?;
            sync_folder(&self.files_folder())?;
            Ok(sealed)
        };
        write().map_err(blob_error)
    }

    /// Opens a file for reading.
    pub(super) fn open_file(&self, name: AttachmentName) -> Result<BlobReader<File>, AppError> {
        let key = {
            let slot = self.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(vault_error)?;
            session.blob_key().map_err(vault_error)?
        };
        let open = || BlobReader::new(key, File::open(self.file_of(name))?);
        open().map_err(blob_error)
    }

    /// Removes a file whose row says that it is to go, and the row.
    pub(super) fn remove_file(&self, name: AttachmentName) -> Result<(), AppError> {
        let absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        // Not synced, a power cut could bring a file back whose row is gone: nobody would
        // remove it any more.
        let removed = [
            fs::remove_file(self.file_of(name)),
            sync_folder(&self.files_folder()),
        ];
        for done in removed {
            if let Err(error) = done
                && !absent(&error)
            {
                return Err(io_error(error.kind()));
            }
        }
        let store = &self.reads()?.store;
        Ok(store.write(|tx| tx.forget_attachment(name))?)
    }

    /// Removes what a kill left: files of purged patients, and files that were
    /// begun and that no edit named.
    pub(super) fn finish_files(&self) -> Result<(), AppError> {
        let left = {
            let reads = self.reads()?;
            let reader = reads.store.reader()?;
            let mut left = reader.attachments_gone()?;
            left.extend(reader.attachments_begun()?);
            left
        };
        left.into_iter()
            .try_for_each(|(name, _)| self.remove_file(name))
    }

    /// Makes room: files that the backend has too go, the ones looked at longest
    /// ago first, until at most `bytes_max` are left. What only this phone has stays.
    pub(super) fn evict_files(&self, bytes_max: u64) -> Result<(), AppError> {
        loop {
            let (over, page) = {
                let reads = self.reads()?;
                let reader = reads.store.reader()?;
                let over = reader.attachment_bytes()?.0.saturating_sub(bytes_max);
                (over, reader.attachments_evictable(EVICT_PAGE)?)
            };
            if over == 0 || page.is_empty() {
                return Ok(());
            }
            let mut freed = 0;
            for (name, bytes) in page {
                if freed >= over {
                    break;
                }
                self.reads()?.store.write(|tx| tx.drop_attachment(name))?;
                self.remove_file(name)?;
                freed += bytes;
            }
        }
    }
}

pub(super) fn blob_error(error: BlobError) -> AppError {
    match error {
        BlobError::TooLarge { .. } => AppError::Refused {
            field: "attachment".into(),
            limit: "50 MiB".into(),
        },
        BlobError::Damaged => AppError::Failed {
            code: "attachment_damaged",
        },
        BlobError::Io(kind) => io_error(kind),
        BlobError::Vault(error) => vault_error(error),
    }
}

fn io_error(kind: io::ErrorKind) -> AppError {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => AppError::StorageFull {
            needed_bytes: super::ATTACHMENT_BYTES_MAX,
        },
        io::ErrorKind::NotFound => AppError::NotFound { what: "attachment" },
        _ => AppError::Failed {
            code: "attachment_io",
        },
    }
}
