//! How a phone is opened.

use std::path::PathBuf;

use super::error::AppError;

/// Everything that opening needs, in one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenConfig {
    /// The folder for the encrypted store and the key file; made if missing.
    /// Private to the app, excluded from backups.
    pub folder: PathBuf,
    /// The backend, as in `https://care.example.org`.
    pub backend_url: String,
    /// How the person calls this device, up to 80 characters.
    pub device_label: String,
    /// IANA zone of where the phone works, as in `America/New_York`; days begin
    /// and end in it.
    pub time_zone: String,
}

/// Longest label of a device, in characters.
pub const DEVICE_LABEL_CHARS_MAX: usize = 80;

impl OpenConfig {
    /// Checks the record.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the field.
    pub fn check(&self) -> Result<(), AppError> {
        let refused = |field: &str, limit: &str| AppError::Refused {
            field: field.into(),
            limit: limit.into(),
        };
        if self.folder.as_os_str().is_empty() {
            return Err(refused("folder", "a path"));
        }
        let url = self.backend_url.as_str();
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err(refused("backend_url", "an https:// address"));
        }
        let label = self.device_label.trim();
        if label.is_empty() || label.chars().count() > DEVICE_LABEL_CHARS_MAX {
            return Err(refused("device_label", "1..=80 characters"));
        }
        self.zone().map(|_| ())
    }

    /// The zone in which days begin and end.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `time_zone`.
    pub fn zone(&self) -> Result<chrono_tz::Tz, AppError> {
        self.time_zone.parse().map_err(|_| AppError::Refused {
            field: "time_zone".into(),
            limit: "an IANA zone, as in America/New_York".into(),
        })
    }
}
