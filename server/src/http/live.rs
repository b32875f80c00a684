//! "There is news": a poke by server-sent events, never data.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use homeround::access::is_tenant_wide;
use homeround::model::{DeviceId, PersonId, TenantId};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::App;
use super::answer::{CallError, Cbor};
use super::extract::check_protocol;
use crate::service::{Bell, Caller, News};

/// How often a comment is sent so that nothing on the way gives the
/// connection up.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// Who listens. It is the backend's bell.
#[derive(Default)]
pub struct Hub {
    state: Mutex<Listeners>,
}

#[derive(Default)]
struct Listeners {
    listeners: BTreeMap<u64, Listener>,
    next: u64,
    closed: bool,
}

struct Listener {
    tenant: TenantId,
    person: PersonId,
    device: Option<DeviceId>,
    wide: bool,
    poke: mpsc::Sender<()>,
}

impl Listener {
    fn concerns(&self, news: &News) -> bool {
        let own = self.device.is_some() && self.device == news.from;
        let theirs = news.people.contains(&self.person);
        let seen = self.wide && !news.patients.is_empty();
        self.tenant == news.tenant && !own && (news.everyone || theirs || seen)
    }
}

impl Bell for Hub {
    fn ring(&self, news: News) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in state.listeners.values() {
            if listener.concerns(&news) {
                // Full: a poke is on its way already.
                let _ = listener.poke.try_send(());
            }
        }
    }
}

impl Hub {
    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.listeners.len()
    }

    /// Ends every stream and takes no new ones.
    pub fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.listeners.clear();
    }

    fn join(
        self: &Arc<Self>,
        caller: &Caller,
        device: Option<DeviceId>,
        limit: usize,
    ) -> Option<Seat> {
        let (poke, pokes) = mpsc::channel(1);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.listeners.len() >= limit {
            return None;
        }
        let id = state.next;
        state.next += 1;
        let listener = Listener {
            tenant: caller.tenant,
            person: caller.person,
            device,
            wide: is_tenant_wide(caller.role),
            poke,
        };
        state.listeners.insert(id, listener);
        let hub = Arc::clone(self);
        Some(Seat { hub, id, pokes })
    }
}

/// A listener's place; given back when the stream is dropped.
struct Seat {
    hub: Arc<Hub>,
    id: u64,
    pokes: mpsc::Receiver<()>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self
            .hub
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.listeners.remove(&self.id);
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The device that listens: its own pushes are no news to it.
    device: Option<uuid::Uuid>,
}

pub(super) async fn listen(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Cbor> {
    check_protocol(&headers)?;
    let (caller, claims) = app.caller_and_claims(&headers).await?;
    let device = asked.device.map(DeviceId);
    let seat = app
        .inner
        .hub
        .join(&caller, device, app.inner.listeners_max)
        .ok_or(CallError::Busy)?;
    let left = claims.expires.0.saturating_sub(app.inner.clock.now().0);
    let ends = Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0));
    // Over when the hub closes or the token runs out.
    let pokes = stream::unfold(seat, move |mut seat| async move {
        let poke = tokio::time::timeout_at(ends, seat.pokes.recv()).await;
        poke.ok().flatten()?;
        let news = Event::default().event("news").data("{}");
        Some((Ok::<_, Infallible>(news), seat))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(pokes).keep_alive(keep_alive).into_response())
}
