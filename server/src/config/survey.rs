//! Where patients open the survey.

use serde::Deserialize;

use super::{ConfigError, is_guarded};

/// The survey that patients answer by a link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// This backend's address as patients reach it, as in `https://care.example.org`.
    pub address: String,
}

impl Survey {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fail = |problem: &str| {
            let remedy = "use the https address that patients reach this backend by, as in https://care.example.org";
            Err(ConfigError::new("survey.address", problem, remedy))
        };
        if !is_guarded(&self.address) {
            return fail("is not https");
        }
        if self.address.contains(['?', '#', '@', ' ', '<', '>', '"']) {
            return fail("is more than an address");
        }
        Ok(())
    }
}
