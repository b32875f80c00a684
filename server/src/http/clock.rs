//! The one place where the backend asks the system for time and randomness.

use homeround::model::Millis;

use crate::service::{Entropy, ServiceError};

/// A clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Millis;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the backend's one place that reads the wall clock"
    )]
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = since.map_or(0, |since| since.as_millis());
        Millis(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

/// The system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ServiceError> {
        getrandom::fill(bytes).map_err(|_| ServiceError::Entropy)
    }
}
