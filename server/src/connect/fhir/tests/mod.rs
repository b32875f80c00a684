//! Import and export against the fixtures of `tests/fixtures/fhir`.

mod beside;
mod charted;
mod clinical;
mod counts;
mod export;
mod forms;
mod import;
mod input;
mod messages;
mod notices;
mod planned;
mod responses;
mod sample;
mod survey;
mod virtual_visit;
mod way;

use homeround::model::{Millis, TenantId};
use uuid::Uuid;

use super::{Import, ImportContext, ImportError};

/// 2026-02-15T00:00:00Z: after all of the fixtures' past, before their future.
const AS_OF: Millis = Millis(1_771_113_600_000);

fn fixture(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/../tests/fixtures/fhir/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn context() -> ImportContext {
    ImportContext {
        tenant: TenantId(Uuid::from_u128(7)),
        as_of: AS_OF,
        default_time_zone: "America/New_York".to_owned(),
    }
}

fn import(input: &[u8]) -> Result<Import, ImportError> {
    super::import(input, &context())
}
