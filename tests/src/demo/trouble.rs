//! Why the day could not go on.

/// What could not be done and what was said about it. A promise that is not
/// kept is not trouble: the day goes on and the promise is listed.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub(super) struct Trouble {
    what: String,
    why: String,
}

impl Trouble {
    pub(super) fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// Says what was being done when something failed.
pub(super) trait During<T> {
    fn during(self, what: &str) -> Result<T, Trouble>;
}

impl<T, E: ToString> During<T> for Result<T, E> {
    fn during(self, what: &str) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::new(what, error.to_string()))
    }
}
