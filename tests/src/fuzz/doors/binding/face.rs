//! A real phone behind the face, enrolled by a real backend.

use std::sync::Arc;

use async_trait::async_trait;
use homeround::model;
use homeround_ffi::{Chart, Homeround, OpenConfig, SoftwareVault, TokenError, TokenSource, Visit};
use homeround_tests::stage::Backend;
use tempfile::TempDir;

const PIN: &str = "402913";

struct Issuer(String);

#[async_trait]
impl TokenSource for Issuer {
    async fn token(&self, _refresh: bool) -> Result<String, TokenError> {
        Ok(self.0.clone())
    }
}

pub(super) struct Face {
    _folder: TempDir,
    pub(super) phone: Arc<Homeround>,
    pub(super) visit: Arc<Visit>,
    /// A virtual one.
    pub(super) call: Arc<Visit>,
    pub(super) chart: Arc<Chart>,
}

pub(super) fn enrolled(
    backend: &Backend,
    patient: model::PatientId,
    (visit, call): (model::VisitId, model::VisitId),
) -> Face {
    let folder = tempfile::tempdir().expect("a folder");
    let under = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let vault = SoftwareVault::open(under("keys")).expect("keys in files");
    let config = OpenConfig {
        folder: under("phone"),
        backend_url: backend.url(),
        device_label: "Fuzzed".into(),
        time_zone: "America/New_York".into(),
    };
    let tokens = Arc::new(Issuer(backend.token("nina")));
    let phone = Homeround::open(config, vault, tokens, None).expect("a phone");
    let session = phone.session().expect("its session");
    session.create(PIN.into(), false).expect("a PIN");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sync = phone.sync().expect("its sync");
    runtime.block_on(async {
        session.enrol().await.expect("an enrolled phone");
        sync.run(None).await.expect("a first sync");
    });
    Face {
        visit: phone.visit(visit).expect("the visit"),
        call: phone.visit(call).expect("the call"),
        chart: phone.chart(patient).expect("the chart"),
        phone,
        _folder: folder,
    }
}
