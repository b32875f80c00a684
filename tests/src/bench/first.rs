//! `first_bytes`, `first_screen_pages`, `first_cpu`: a new phone's first download.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use homeround::app::{Homeround, Observer};
use homeround::model::{DocumentId, RecordKind, VisitId};
use homeround::wire::PAGE_BYTES_DEFAULT;
use serde_json::{Value, json};

use super::floor::{self, Floor};
use super::hub::Hub;
use super::phone::Phone;
use super::table::Measure;
use super::world::{VISITS_A_DAY, World};
use super::{Outcome, meter};

const VISITS: usize = 2_000;

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    let world = World::new(VISITS);
    let hub = Arc::new(Hub::new(&world, false)?);
    let folder = tempfile::tempdir()?;
    let mut phone = Phone::enrolled(folder.path(), &hub, 0)?;
    let run = phone.sync()?;
    let idle = phone.idle()?;
    let traffic = run.report.traffic;
    let pages = plain_pages(&world)?;
    let plain_bytes: usize = pages.iter().map(Vec::len).sum();
    let plain_cpu = plain_cpu(&pages)?;
    #[expect(clippy::cast_precision_loss, reason = "a few MB")]
    let kb = (
        (traffic.up + traffic.down) as f64 / 1000.0,
        plain_bytes as f64 / 1000.0,
    );
    Ok(vec![
        Measure::beside("first_bytes", kb, "KB", 1.2),
        Measure::limited(
            "first_screen_pages",
            screen_pages(&world, &hub)?,
            "pages",
            1.0,
        ),
        Measure::beside("first_cpu", (run.cpu_ms, plain_cpu), "ms", 5.0),
        Measure::told("first_idle_cpu", idle, "ms"),
    ])
}

/// Looks at the screen after each page.
struct Eyes {
    app: OnceLock<Homeround>,
    today: Vec<VisitId>,
    pages: AtomicU32,
    seen_at: OnceLock<u32>,
}

impl Observer for Eyes {
    fn changed(&self, _: u64, documents: &[DocumentId]) {
        if documents.is_empty() {
            return;
        }
        let page = self.pages.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(app) = self.app.get() else { return };
        let day = app.today().and_then(|today| app.day(today));
        let whole = day.is_ok_and(|day| {
            day.visits.len() == VISITS_A_DAY
                && day.visits.iter().all(|line| !line.patient_name.is_empty())
        });
        if whole
            && self
                .today
                .iter()
                .all(|visit| app.visit(*visit).read().is_ok())
        {
            self.seen_at.get_or_init(|| page);
        }
    }
}

fn screen_pages(world: &World, hub: &Arc<Hub>) -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let mut phone = Phone::enrolled(folder.path(), hub, 1)?;
    let eyes = Arc::new(Eyes {
        app: OnceLock::new(),
        today: world.todays().iter().map(|seed| seed.visit).collect(),
        pages: AtomicU32::new(0),
        seen_at: OnceLock::new(),
    });
    let _ = eyes.app.set(phone.app.clone());
    phone.app.observe(Arc::clone(&eyes) as Arc<dyn Observer>);
    phone.sync()?;
    let seen = eyes.seen_at.get().copied();
    seen.map(f64::from)
        .ok_or_else(|| "today's list never came on screen".into())
}

/// The same rows as JSON, in the same order of need, page by page.
fn plain_pages(world: &World) -> Outcome<Vec<Vec<u8>>> {
    let room = usize::try_from(PAGE_BYTES_DEFAULT)?;
    let mut rows = Vec::new();
    for (number, id) in world.patients.iter().enumerate() {
        rows.push(json!({
            "kind": RecordKind::Patient.code(), "id": id, "version": 1,
            "body": world.patient(number),
        }));
    }
    for seed in &world.visits {
        rows.push(json!({
            "kind": RecordKind::Booking.code(), "id": seed.visit, "version": 1,
            "patient": world.patients[seed.patient], "body": world.booking(seed),
        }));
        rows.push(json!({
            "kind": 0, "id": seed.visit, "version": 1,
            "patient": world.patients[seed.patient], "body": seed.tree,
        }));
    }
    let (mut pages, mut page, mut size) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        size += row.to_string().len();
        page.push(row);
        if size >= room {
            pages.push(floor::packed(&Value::Array(std::mem::take(&mut page)))?);
            size = 0;
        }
    }
    pages.push(floor::packed(&Value::Array(page))?);
    Ok(pages)
}

fn plain_cpu(pages: &[Vec<u8>]) -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let floor = Floor::create(folder.path())?;
    let start = meter::cpu_ms();
    let (mut patients, mut bookings) = (HashMap::new(), HashMap::new());
    for page in pages {
        let page = floor::unpacked(page)?;
        floor.transaction(|| {
            for row in page.as_array().into_iter().flatten() {
                plain_row(&floor, row, &mut patients, &mut bookings)?;
            }
            Ok(())
        })?;
    }
    Ok(meter::cpu_ms() - start)
}

fn plain_row(
    floor: &Floor,
    row: &Value,
    patients: &mut HashMap<String, Value>,
    bookings: &mut HashMap<String, Value>,
) -> Outcome<()> {
    let text = row["id"].as_str().unwrap_or_default();
    let id: VisitId = text.parse()?;
    let body = &row["body"];
    let kind = u8::try_from(row["kind"].as_u64().unwrap_or(0))?;
    if kind == RecordKind::Patient.code() {
        patients.insert(text.into(), body.clone());
        return floor.put_record(id.bytes(), kind, &body.to_string());
    }
    if kind == RecordKind::Booking.code() {
        bookings.insert(text.into(), body.clone());
        return floor.put_record(id.bytes(), kind, &body.to_string());
    }
    let patient = row["patient"].as_str().unwrap_or_default();
    floor.put_visit(
        (id.bytes(), body, &body.to_string()),
        &bookings[text],
        &patients[patient],
    )
}
