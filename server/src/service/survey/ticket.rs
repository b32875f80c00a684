//! What a link to the survey carries: which invitation of which tenant, until when, and the
//! backend's code over both. Nothing is kept of it: a letter that is tried again carries the
//! same, and whether somebody has answered stands in the visit.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use homeround::model::{EntryId, MINUTE_MS, Millis, TenantId};

use crate::service::proofs::keyed;
use crate::store::Tenant;

/// Tenant, invitation, minutes since 1970, code.
const BYTES: usize = 16 + 16 + 4 + CODE_BYTES;
const CODE_BYTES: usize = 16;
const KEY: &[u8] = b"homeround/survey-key/1";
const LINK: &[u8] = b"homeround/survey-link/1";

/// A link's own part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) tenant: TenantId,
    pub(crate) invitation: EntryId,
    /// Minutes since 1970.
    until: u32,
    code: [u8; CODE_BYTES],
}

impl Ticket {
    /// The ticket of an invitation. The last minute is cut off.
    pub(crate) fn new(tenant: &Tenant, invitation: EntryId, until: Millis) -> Self {
        let until = u32::try_from(until.0 / MINUTE_MS).unwrap_or(0);
        Self {
            tenant: tenant.id,
            invitation,
            until,
            code: code(tenant, invitation, until),
        }
    }

    /// Reads what stands in a link; none: it is none of ours. Whose it is, its tenant says.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let bytes: [u8; BYTES] = bytes.try_into().ok()?;
        let (tenant, rest) = bytes.split_first_chunk::<16>()?;
        let (invitation, rest) = rest.split_first_chunk::<16>()?;
        let (until, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            tenant: TenantId::from_bytes(tenant).ok()?,
            invitation: EntryId::from_bytes(invitation).ok()?,
            until: u32::from_be_bytes(*until),
            code: rest.try_into().ok()?,
        })
    }

    /// Whether this tenant's backend made it.
    pub(crate) fn is_of(&self, tenant: &Tenant) -> bool {
        let key = drawn(tenant);
        let parts = parts(&self.tenant, &self.invitation, self.until);
        let mac = keyed(&key, &parts.each_ref().map(Vec::as_slice));
        self.tenant == tenant.id && mac.verify_truncated_left(&self.code).is_ok()
    }

    /// Until when it works.
    pub(crate) const fn until(&self) -> Millis {
        Millis(self.until as i64 * MINUTE_MS)
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(self.tenant.bytes());
        bytes.extend_from_slice(self.invitation.bytes());
        bytes.extend_from_slice(&self.until.to_be_bytes());
        bytes.extend_from_slice(&self.code);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn drawn(tenant: &Tenant) -> zeroize::Zeroizing<[u8; 32]> {
    let key = keyed(&tenant.signing_seed, &[KEY]).finalize();
    zeroize::Zeroizing::new(key.into_bytes().into())
}

fn parts(tenant: &TenantId, invitation: &EntryId, until: u32) -> [Vec<u8>; 4] {
    [
        LINK.to_vec(),
        tenant.bytes().to_vec(),
        invitation.bytes().to_vec(),
        until.to_be_bytes().to_vec(),
    ]
}

fn code(tenant: &Tenant, invitation: EntryId, until: u32) -> [u8; CODE_BYTES] {
    let key = drawn(tenant);
    let parts = parts(&tenant.id, &invitation, until);
    let mac = keyed(&key, &parts.each_ref().map(Vec::as_slice));
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut code = [0; CODE_BYTES];
    code.copy_from_slice(&whole[..CODE_BYTES]);
    code
}
