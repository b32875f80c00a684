//! Why what a change builds on is not here.

use homeround::model::ChangeHash;

use super::Bench;
use crate::service::ServiceError;
use crate::store::Writer;

/// The code under which one of these was rejected, in this batch or before, when this device
/// offered it.
pub(super) async fn code(
    bench: &mut Bench<'_>,
    tx: &mut dyn Writer,
    missing: &[ChangeHash],
) -> Result<Option<String>, ServiceError> {
    let device = bench.judge.device.id;
    for hash in missing {
        if bench.fallen.contains(hash) {
            let mut rows = bench.judged.rejected.iter();
            if let Some(row) = rows.find(|row| row.hash == *hash) {
                return Ok(Some(row.code.clone()));
            }
        }
        if let Some(row) = tx.rejected_by_hash(hash, device).await? {
            return Ok(Some(row.code));
        }
    }
    Ok(None)
}
