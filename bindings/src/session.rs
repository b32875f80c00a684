//! PIN, enrolment, locking, signing out, recovering.

use std::sync::Arc;

use homeround::app;
use homeround::sync::{AccessToken, TokenFault, TokenSource as _};
use homeround::vault::{self, Pin};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::root::Phone;
use crate::types::{DeviceId, PersonId, Role};

/// What a person has to do before work can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SessionState {
    /// Nothing is here yet: choose a PIN with `create`.
    New,
    /// Unlock.
    Locked,
    /// Lent to a patient for a survey: unlock when it is back.
    Lent,
    /// Unlocked, and the backend does not know this device yet: enrol.
    NotEnrolled,
    /// Ready.
    Ready,
}

/// How a person proves who they are.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Unlock {
    /// By PIN.
    Pin {
        /// 6 to 64 characters, not all alike and no run such as 123456.
        pin: String,
    },
    /// By the biometric sensor.
    Biometric,
}

impl std::fmt::Debug for Unlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pin { .. } => "Pin(..)",
            Self::Biometric => "Biometric",
        })
    }
}

impl TryFrom<Unlock> for vault::Unlock {
    type Error = HomeroundError;

    fn try_from(unlock: Unlock) -> Result<Self, HomeroundError> {
        Ok(match unlock {
            Unlock::Pin { pin } => Self::Pin(Pin::new(&pin)?),
            Unlock::Biometric => Self::Biometric,
        })
    }
}

/// Who works on this phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Me {
    /// This device.
    pub device: DeviceId,
    /// The person.
    pub person: PersonId,
    /// As colleagues read it.
    pub name: String,
    /// What the person may do.
    pub role: Role,
}

impl From<app::Me> for Me {
    fn from(me: app::Me) -> Self {
        Self {
            device: me.device,
            person: me.person,
            name: me.name,
            role: me.role,
        }
    }
}

/// Says that unsent work lies with the organisation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EscrowReceipt {
    /// SHA-256 of the blob, 32 bytes.
    pub sha256: Vec<u8>,
    /// How many unsent edits it holds.
    pub changes: u64,
}

/// Unsent work that only the organisation can open.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Escrow {
    /// What to hand over. It is encrypted: any way of carrying it will do.
    pub blob: Vec<u8>,
    /// For `sign_out`, once the organisation has the blob.
    pub receipt: EscrowReceipt,
}

/// What came of taking a damaged store's unsent work out of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Recovery {
    /// Where the damaged file is now. Nothing was deleted.
    pub set_aside: String,
    /// Unsent edits that are in the fresh store.
    pub unsent: u64,
    /// Whether every unsent edit could be read.
    pub complete: bool,
}

/// PIN, enrolment, locking, signing out.
#[derive(uniffi::Object)]
pub struct Session {
    phone: Arc<Phone>,
}

impl Session {
    pub(crate) const fn new(phone: Arc<Phone>) -> Self {
        Self { phone }
    }
}

#[uniffi::export]
impl Session {
    /// What a person has to do before work can go on.
    pub fn state(&self) -> Result<SessionState, HomeroundError> {
        guard(|| {
            Ok::<_, HomeroundError>(match self.phone.app.session() {
                app::SessionState::New => SessionState::New,
                app::SessionState::Locked => SessionState::Locked,
                app::SessionState::Lent => SessionState::Lent,
                app::SessionState::NotEnrolled => SessionState::NotEnrolled,
                app::SessionState::Ready => SessionState::Ready,
            })
        })
    }

    /// Makes the keys and the encrypted store of a new phone and leaves it unlocked.
    /// With `biometric`, the sensor opens it too.
    ///
    /// Fails with `Refused` on `pin`.
    pub fn create(&self, pin: String, biometric: bool) -> Result<(), HomeroundError> {
        guard(|| self.phone.app.create(&pin, biometric))
    }

    /// Unlocks. Takes about a tenth of a second by PIN: call it off the main thread.
    ///
    /// A phone that was lent is back with its clinician then. What stayed in sync when the
    /// phone was locked or lent goes on.
    ///
    /// Fails with `WrongPin`, `Retry` while a pause runs, `Cancelled` when the person turned
    /// the sensor down, `Refused` on `unlock` when the sensor opens nothing (any more): ask
    /// for the PIN; `Damaged`, `UpdateApp`.
    pub fn unlock(&self, with: Unlock) -> Result<(), HomeroundError> {
        guard(|| {
            self.phone.app.unlock(&with.try_into()?)?;
            self.phone.serving.resume(&self.phone);
            Ok::<_, HomeroundError>(())
        })
    }

    /// Forgets the keys and closes the store. What is unsent stays, encrypted.
    pub fn lock(&self) -> Result<(), HomeroundError> {
        guard(|| {
            self.phone.serving.pause();
            self.phone.app.lock();
            Ok::<_, HomeroundError>(())
        })
    }

    /// Who works on this phone; none until it is enrolled. Fails with `Locked`.
    pub fn me(&self) -> Result<Option<Me>, HomeroundError> {
        guard(|| self.phone.app.me().map(|me| me.map(Into::into)))
    }

    /// Enrols this device for the person of the access token. Asking again changes
    /// nothing.
    ///
    /// Fails with `Locked`, `Retry` when the backend or the token source can't be
    /// reached, `NotAllowed` with the backend's code (`sign_in`, `person_unknown`,
    /// `device_revoked`, `another_person`, ...).
    pub async fn enrol(&self) -> Result<Me, HomeroundError> {
        let phone = Arc::clone(&self.phone);
        let work = async move {
            let token = token_of(&phone).await?;
            let me = phone.app.enrol(&phone.radio, &token).await?;
            Ok::<Me, HomeroundError>(me.into())
        };
        self.phone.runtime.run(work).await
    }

    /// Changes the PIN, proven by the old one or, for who forgot it, by the biometric
    /// sensor.
    ///
    /// Fails with `WrongPin`, `Cancelled`, `Locked`, or `Refused` on `pin`.
    pub fn change_pin(&self, proof: Unlock, new: String) -> Result<(), HomeroundError> {
        guard(|| Ok::<_, HomeroundError>(self.phone.app.change_pin(&proof.try_into()?, &new)?))
    }

    /// Whether the biometric sensor unlocks this phone. Known while locked. False again
    /// once a newly added finger or face has made its key void.
    pub fn has_biometric(&self) -> Result<bool, HomeroundError> {
        guard(|| Ok::<_, HomeroundError>(self.phone.app.has_biometric()))
    }

    /// Lets the biometric sensor unlock this phone, or no longer. Needs the PIN once
    /// more.
    ///
    /// Fails with `WrongPin`, `Cancelled`, `Locked`.
    pub fn set_biometric(&self, on: bool, pin: String) -> Result<(), HomeroundError> {
        guard(|| self.phone.app.set_biometric(on, &pin))
    }

    /// Before the platform suspends the app: writes the log into the database.
    pub fn settle_down(&self) -> Result<(), HomeroundError> {
        guard(|| self.phone.app.settle_down())
    }

    /// Seals everything unsent to the organisation. It stays unsent here.
    ///
    /// Fails with `NotEnrolled`, `Locked`, `Refused` on `escrow` over 64 MiB.
    pub fn escrow(&self) -> Result<Escrow, HomeroundError> {
        guard(|| {
            self.phone.app.escrow().map(|escrow| Escrow {
                blob: escrow.blob,
                receipt: EscrowReceipt {
                    sha256: escrow.receipt.sha256.to_vec(),
                    changes: escrow.receipt.changes,
                },
            })
        })
    }

    /// Wipes the phone for good: keys first, then files. Refused with `Unsent` while
    /// there is work that nobody else has; an escrow's receipt covers its edits, and
    /// nothing covers an unsent attachment.
    pub fn sign_out(&self, escrowed: Option<EscrowReceipt>) -> Result<(), HomeroundError> {
        guard(|| {
            let receipt = escrowed.map(|receipt| {
                let sha256 = receipt.sha256.as_slice().try_into();
                sha256
                    .map(|sha256| vault::EscrowReceipt {
                        sha256,
                        changes: receipt.changes,
                    })
                    .map_err(|_| HomeroundError::refused("sha256", "32 bytes"))
            });
            let receipt = receipt.transpose()?;
            self.phone.serving.stop();
            Ok::<_, HomeroundError>(self.phone.app.sign_out(receipt.as_ref())?)
        })
    }

    /// After `Damaged`: sets the damaged store aside and takes what is unsent into a
    /// fresh one. Enrol and sync afterwards.
    pub fn recover(&self, with: Unlock) -> Result<Recovery, HomeroundError> {
        guard(|| {
            self.phone.serving.stop();
            let recovered = self.phone.app.recover(&with.try_into()?)?;
            Ok::<_, HomeroundError>(Recovery {
                set_aside: recovered.set_aside.to_string_lossy().into_owned(),
                unsent: recovered.unsent,
                complete: recovered.complete,
            })
        })
    }
}

/// A token, or what to do about there being none.
pub(crate) async fn token_of(phone: &Phone) -> Result<AccessToken, HomeroundError> {
    match phone.tokens.token(false).await {
        Ok(token) => Ok(token),
        Err(TokenFault::SignIn) => Err(HomeroundError::NotAllowed {
            rule: "sign_in".into(),
            field: "token".into(),
        }),
        Err(TokenFault::Unavailable) => Err(HomeroundError::Retry { after_ms: 5_000 }),
    }
}
