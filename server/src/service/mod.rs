//! The rules of the backend, without HTTP and without a database of its own.
//!
//! A [`Backend`] is made of a [`Storage`], a source of random bytes and
//! a [`Bell`]; the clock is an argument of every call. A simulator drives it in
//! one thread; `http/` does nothing but translate.
//!
//! | file | rule |
//! |---|---|
//! | enrol | a device proves its key and is tied to the token's person |
//! | push | who may offer what; a verdict for each change |
//! | proofs | what was accepted once and may come back after a restore |
//! | pull, fill, live, page, cursor | what a phone gets, in which order |
//! | scope, grants | who has which patient, as events in the tenant's order |
//! | attachments | who may bring and have the bytes of photos and files |
//! | receipts, beacon, break_glass | the small calls |
//! | escrow | what a phone could not send, brought by the office |
//! | admin, visits, import, fhir | what the office does |
//! | notices | what a patient is told, when, and what became of it |
//! | survey | what a patient says of a visit, by a link |
//! | presence | visit verification, exported and sealed |
//! | records, documents, audit | rows that the others write through |

mod admin;
mod attachments;
mod audit;
mod beacon;
mod break_glass;
mod cursor;
mod documents;
mod duplicates;
mod enrol;
mod error;
mod escrow;
mod fhir;
mod fill;
mod grants;
mod import;
mod keys;
mod live;
mod notices;
mod page;
mod plans;
mod presence;
mod proofs;
mod pull;
mod push;
mod receipts;
mod records;
mod scope;
mod survey;
mod tenants;
mod verdict;
mod visits;
mod way;

use std::sync::Arc;

use homeround::access::Actor;
use homeround::model::{DeviceId, Millis, PatientId, PersonId, Role, TenantId};

use crate::notify::Provider;
use crate::store::{Attachments, DeviceRow, Reader, Storage, Tenant};

pub use admin::{ConflictOut, DeviceHealth, DocumentOut, NewPerson, PatientOut, PersonOut};
pub use attachments::AttachmentPart;
pub use audit::{AuditCheck, AuditEntry};
pub use cursor::Cursor;
pub use duplicates::{DUPLICATES_DAYS_MAX, DuplicateVisitOut, LikelyDuplicateOut};
pub use enrol::{DEVICES_PER_PERSON_MAX, LABEL_CHARS_MAX};
pub use error::ServiceError;
pub use escrow::EscrowTaken;
pub use fhir::{FhirError, FhirImported};
pub use grants::NewGrant;
pub use import::Imported;
pub use keys::ServerKeys;
pub use notices::NoticesDone;
pub use page::{PAGE_ASKED_MAX, PAGE_ASKED_MIN};
pub use presence::EvvFormat;
pub use push::PUSH_LIMITS;
pub(crate) use records::hex;
pub use survey::{SurveyAsked, SurveyFound, SurveyPage, SurveyTaken};
pub use tenants::NewTenant;
pub use visits::{NewBooking, NewTask};
pub use way::HANDOVER_GRACE_MS;

/// A source of random bytes: the system's, or a seeded one in a simulator.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`ServiceError::Entropy`] when the system has none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ServiceError>;
}

/// Hears that something became visible, after its commit.
pub trait Bell: Send + Sync {
    /// There is news.
    fn ring(&self, news: News);
}

/// A bell that nobody hears.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silence;

impl Bell for Silence {
    fn ring(&self, _: News) {}
}

/// For whom there is news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// In which tenant.
    pub tenant: TenantId,
    /// Rows of the whole tenant changed.
    pub everyone: bool,
    /// Rows or documents of these patients changed.
    pub patients: Vec<PatientId>,
    /// The people in whose scope those patients are, and those whose scope changed.
    pub people: Vec<PersonId>,
    /// The device that brought it knows already.
    pub from: Option<DeviceId>,
}

/// Who calls: a verified token, found in its tenant's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Their tenant.
    pub tenant: TenantId,
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
}

impl Caller {
    /// As the access room judges them.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor {
            person: self.person,
            role: self.role,
        }
    }

    /// Refuses other roles.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub fn must_be(&self, roles: &[Role]) -> Result<(), ServiceError> {
        if roles.contains(&self.role) {
            Ok(())
        } else {
            Err(ServiceError::Role)
        }
    }
}

/// The backend: storage, randomness and who is told of news.
#[derive(Clone)]
pub struct Backend {
    storage: Arc<dyn Storage>,
    entropy: Arc<dyn Entropy>,
    bell: Arc<dyn Bell>,
    /// None: this backend keeps no attachments.
    attachments: Option<Arc<dyn Attachments>>,
    /// Who delivers notices, one for each channel.
    providers: Vec<Arc<dyn Provider>>,
    /// None: patients get no links to the survey.
    survey_page: Option<SurveyPage>,
    /// The random half of the backend's own actors, drawn once per process.
    opening: [u8; 8],
}

impl Backend {
    /// Puts a backend together.
    ///
    /// # Errors
    /// [`ServiceError::Entropy`] when there is no randomness.
    pub fn new(
        storage: Arc<dyn Storage>,
        entropy: Arc<dyn Entropy>,
        bell: Arc<dyn Bell>,
    ) -> Result<Self, ServiceError> {
        let mut opening = [0; 8];
        entropy.fill(&mut opening)?;
        Ok(Self {
            storage,
            entropy,
            bell,
            attachments: None,
            providers: Vec::new(),
            survey_page: None,
            opening,
        })
    }

    /// The same backend, keeping the bytes of attachments.
    #[must_use]
    pub fn with_attachments(mut self, attachments: Arc<dyn Attachments>) -> Self {
        self.attachments = Some(attachments);
        self
    }

    /// The same backend, with somebody more who delivers notices.
    #[must_use]
    pub fn with_provider(mut self, provider: Arc<dyn Provider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Folds the logs of everything kept into its files, at a clean shutdown.
    ///
    /// # Errors
    /// [`ServiceError::Storage`]: the logs are kept.
    pub async fn checkpoint(&self) -> Result<(), ServiceError> {
        if let Some(attachments) = &self.attachments {
            attachments.checkpoint().await?;
        }
        Ok(self.storage.checkpoint().await?)
    }

    /// The storage, for the shell's health check and shutdown.
    #[must_use]
    pub fn storage(&self) -> &dyn Storage {
        self.storage.as_ref()
    }

    pub(crate) fn uuid(&self, now: Millis) -> Result<uuid::Uuid, ServiceError> {
        let mut random = [0; 10];
        self.entropy.fill(&mut random)?;
        Ok(homeround::model::uuid_v7(now, random))
    }
}

/// The caller's own device, enrolled and not revoked.
pub(crate) async fn own_device(
    reader: &mut dyn Reader,
    caller: &Caller,
    device: &[u8; 16],
) -> Result<DeviceRow, ServiceError> {
    let id = DeviceId(uuid::Uuid::from_bytes(*device));
    let row = reader
        .device(id)
        .await?
        .ok_or(ServiceError::DeviceUnknown)?;
    if row.person != caller.person {
        return Err(ServiceError::DeviceNotYours);
    }
    if row.revoked_at.is_some() {
        return Err(ServiceError::DeviceRevoked);
    }
    Ok(row)
}

/// The access rules in force.
pub(crate) fn policy_of(tenant: &Tenant) -> Result<homeround::access::Policy, ServiceError> {
    serde_json::from_str(&tenant.policy).map_err(|_| ServiceError::Damaged)
}
