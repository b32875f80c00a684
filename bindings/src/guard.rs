//! No panic crosses the boundary: it comes back as an error with a code. What it
//! said is not handed on, as it may hold what somebody typed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::error::HomeroundError;

/// What a caller is told of a panic.
pub(crate) const PANICKED: &str = "panic";

/// Runs one export.
pub(crate) fn guard<T, E: Into<HomeroundError>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, HomeroundError> {
    // The core gives up whatever a panic went through: see `Inner::opened`.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(HomeroundError::failed(PANICKED)),
    }
}

/// From now on a panic of this library prints where it was and not what it said.
pub(crate) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            use std::io::Write as _;
            let (file, line) = panic
                .location()
                .map_or(("?", 0), |at| (at.file(), at.line()));
            // Where nobody listens, nothing is lost.
            let _ = writeln!(
                std::io::stderr(),
                "homeround: a panic at {file}:{line} was stopped"
            );
        }));
    });
}
