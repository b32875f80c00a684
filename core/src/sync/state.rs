//! What a screen shows of the sync.

use super::{Monotonic, TransportFault};

/// Where the sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncState {
    /// Nothing to do until something happens.
    Idle {
        /// When the last complete run ended; none since the engine was built.
        last_at: Option<Monotonic>,
    },
    /// A run is under way.
    Running {
        /// Changes sent and items taken in so far.
        done: u64,
        /// `done` and what is known to remain; grows while more comes up.
        total: u64,
    },
    /// Will go on by itself.
    Waiting {
        /// When; none: when the network is back, or at the next start.
        until: Option<Monotonic>,
        /// Why.
        why: Why,
    },
    /// Somebody has to do something first. Only the network is blocked: work
    /// and reading go on.
    Blocked {
        /// What has to be done.
        action: Block,
        /// Stable code of the cause, as in `token_expired`.
        code: String,
    },
}

/// Why a run stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The platform says that there is no network.
    Offline,
    /// The request did not get through.
    Network(TransportFault),
    /// The backend asked for patience or failed.
    Server {
        /// HTTP status.
        status: u16,
        /// Stable code of the failure.
        code: String,
    },
    /// The answer was not one: a captive portal, a proxy, a fault.
    Malformed(&'static str),
    /// The token source could not be reached.
    TokenUnavailable,
    /// The store could not do its part; the code is the store's.
    Storage(&'static str),
    /// Some changes could not be delivered; everything else was.
    Stalled(String),
    /// The time budget of this run is spent.
    Budget,
    /// The run was cancelled.
    Canceled,
}

impl Why {
    /// Stable code, as beacons and logs carry it.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Offline => "offline",
            Self::Network(fault) => fault.code(),
            Self::Server { code, .. } | Self::Stalled(code) => code,
            Self::Malformed(code) | Self::Storage(code) => code,
            Self::TokenUnavailable => "token_unavailable",
            Self::Budget => "budget_spent",
            Self::Canceled => "canceled",
        }
    }
}

/// What has to be done before the network can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// Sign in again.
    SignIn,
    /// Sign in as the person whom this device is enrolled for.
    SignInAsOwner,
    /// Enrol this device again: the backend does not know its key.
    EnrolAgain,
    /// This device was revoked; unsent work can still be handed over.
    DeviceRevoked,
    /// The backend speaks a later protocol: update the app.
    UpdateApp,
    /// The person has no role here: somebody must give one.
    AskAdministrator,
    /// The store refuses to go on until it is mended.
    MendStorage,
}
