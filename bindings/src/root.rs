//! The one object that a shell opens.

use std::path::PathBuf;
use std::sync::Arc;

use homeround::app;
use homeround::store::SearchHit;

use crate::chart::Chart;
use crate::error::HomeroundError;
use crate::guard::{guard, quiet_panics};
use crate::observer::{Observer, Subscription};
use crate::patient::Patient;
use crate::plan::Plan;
use crate::platform::{ForeignVault, HttpTransport, KeyVault, Radio, TokenSource, Tokens};
use crate::runtime::Runtime;
use crate::schedule::Schedule;
use crate::serving::Serving;
use crate::session::Session;
use crate::sync::Sync;
use crate::types::{DocumentRef, PatientId, PlanId, VisitId};
use crate::visit::Visit;

/// Hits of one search, at most.
const SEARCH_HITS_MAX: u32 = 200;

/// How to open a phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpenConfig {
    /// The folder of this phone's files: private to the app, excluded from backups.
    pub folder: String,
    /// Address of the backend, as in `https://care.example.org`; plain `http` for
    /// loopback addresses alone.
    pub backend_url: String,
    /// How the person calls this device, 1 to 80 characters.
    pub device_label: String,
    /// IANA zone of where the phone works, as in `America/New_York`; days begin and
    /// end in it.
    pub time_zone: String,
}

/// What all the objects share.
pub(crate) struct Phone {
    pub(crate) app: Arc<app::Homeround>,
    pub(crate) radio: Radio,
    pub(crate) tokens: Tokens,
    pub(crate) backend_url: String,
    pub(crate) runtime: Runtime,
    pub(crate) serving: Serving,
}

impl Phone {
    /// After an edit: whoever stays in sync sends it soon.
    pub(crate) fn saved(
        &self,
        saved: Result<app::Saved, app::AppError>,
    ) -> Result<crate::types::Saved, HomeroundError> {
        let saved = saved?;
        self.serving.edited();
        Ok(saved.into())
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum Found {
    /// A patient.
    Patient {
        /// Who.
        patient: PatientId,
        /// As a person reads it.
        name: String,
    },
    /// A document in which the words are.
    Document {
        /// Which.
        document: DocumentRef,
        /// Whose; none when that is not known here.
        patient: Option<PatientId>,
        /// The patient's name, as a person reads it.
        patient_name: String,
    },
}

/// A phone: everything but its screen and its radio. One for each folder, in one
/// process.
#[derive(uniffi::Object)]
pub struct Homeround {
    pub(crate) phone: Arc<Phone>,
}

impl Homeround {
    pub(crate) fn phone(&self) -> &Phone {
        &self.phone
    }
}

#[uniffi::export]
impl Homeround {
    /// Opens a phone's folder, locked. A wipe that was interrupted is finished.
    /// `http`: the platform's own HTTP; none: the core's.
    ///
    /// Fails with `Refused` naming the field of the config, `Damaged` or `UpdateApp`.
    #[uniffi::constructor(default(http = None))]
    pub fn open(
        config: OpenConfig,
        vault: Arc<dyn KeyVault>,
        tokens: Arc<dyn TokenSource>,
        http: Option<Arc<dyn HttpTransport>>,
    ) -> Result<Arc<Self>, HomeroundError> {
        quiet_panics();
        guard(|| {
            let radio = Radio::new(&config.backend_url, http)?;
            let platform = app::Platform::system(Arc::new(ForeignVault(vault)));
            let opened = app::Homeround::open(
                app::OpenConfig {
                    folder: PathBuf::from(config.folder),
                    backend_url: config.backend_url.clone(),
                    device_label: config.device_label,
                    time_zone: config.time_zone,
                },
                platform,
            )?;
            let phone = Phone {
                app: Arc::new(opened),
                radio,
                tokens: Tokens(tokens),
                backend_url: config.backend_url.trim_end_matches('/').into(),
                runtime: Runtime::start()?,
                serving: Serving::default(),
            };
            Ok::<_, HomeroundError>(Arc::new(Self {
                phone: Arc::new(phone),
            }))
        })
    }

    /// PIN, enrolment, locking, signing out.
    pub fn session(&self) -> Result<Arc<Session>, HomeroundError> {
        Ok(Arc::new(Session::new(Arc::clone(&self.phone))))
    }

    /// The day's lists.
    pub fn schedule(&self) -> Result<Arc<Schedule>, HomeroundError> {
        Ok(Arc::new(Schedule::new(Arc::clone(&self.phone))))
    }

    /// A visit, for reading and for work.
    pub fn visit(&self, id: VisitId) -> Result<Arc<Visit>, HomeroundError> {
        Ok(Arc::new(Visit::new(Arc::clone(&self.phone), id)))
    }

    /// A patient: demographics, team, timeline.
    pub fn patient(&self, id: PatientId) -> Result<Arc<Patient>, HomeroundError> {
        Ok(Arc::new(Patient::new(Arc::clone(&self.phone), id)))
    }

    /// A patient's chart, for reading and for work.
    pub fn chart(&self, patient: PatientId) -> Result<Arc<Chart>, HomeroundError> {
        Ok(Arc::new(Chart::new(Arc::clone(&self.phone), patient)))
    }

    /// A care plan, for reading and for work.
    pub fn plan(&self, id: PlanId) -> Result<Arc<Plan>, HomeroundError> {
        Ok(Arc::new(Plan::new(Arc::clone(&self.phone), id)))
    }

    /// Getting every edit to the backend and everything else here.
    pub fn sync(&self) -> Result<Arc<Sync>, HomeroundError> {
        Ok(Arc::new(Sync::new(Arc::clone(&self.phone))))
    }

    /// Searches patients' names and addresses, and notes, without accents or case.
    /// Up to 8 words, each the beginning of one; at most 200 hits.
    pub fn search(&self, words: String, limit: u32) -> Result<Vec<Found>, HomeroundError> {
        guard(|| {
            let app = &self.phone.app;
            let hits = app.search(&words, limit.min(SEARCH_HITS_MAX))?;
            let name = |patient: PatientId| {
                let known = app.patient(patient);
                known.map(|one| one.display_name()).unwrap_or_default()
            };
            let found = hits.into_iter().map(|hit| match hit {
                SearchHit::Patient(patient) => Found::Patient {
                    patient,
                    name: name(patient),
                },
                SearchHit::Document(document) => {
                    let patient = app.patient_of(document).ok();
                    Found::Document {
                        document: document.into(),
                        patient,
                        patient_name: patient.map(name).unwrap_or_default(),
                    }
                }
            });
            Ok::<_, HomeroundError>(found.collect())
        })
    }

    /// Hears of changes until the subscription is cancelled or let go.
    pub fn observe(
        &self,
        observer: Arc<dyn Observer>,
    ) -> Result<Arc<Subscription>, HomeroundError> {
        guard(|| Subscription::new(&self.phone.app, observer))
    }

    /// Grows with every change of the store since this was opened.
    pub fn revision(&self) -> Result<u64, HomeroundError> {
        guard(|| Ok::<_, HomeroundError>(self.phone.app.revision()))
    }
}
