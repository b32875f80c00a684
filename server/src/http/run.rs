//! Serving, from the bound listener to the last answer.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use homeround::model::Millis;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::Hub;
use crate::service::Backend;

/// How long requests that are under way may take once a shutdown began.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// How often grants that began or ran out are taken into the scope when no
/// call does it.
const SETTLE_EVERY: Duration = Duration::from_secs(15);
/// How often notices that are due are sent.
const SEND_EVERY: Duration = Duration::from_secs(2);

/// What serving needs.
pub struct Serving {
    /// Bound already.
    pub listener: TcpListener,
    /// Every route.
    pub router: Router,
    /// For ending the live streams.
    pub hub: Arc<Hub>,
    /// For what goes on without requests, and for the last checkpoint.
    pub backend: Backend,
    /// Asked for the time.
    pub clock: Arc<dyn super::Clock>,
}

impl Serving {
    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Serves until `shutdown`, then takes no more requests, ends the live
/// streams, lets the others finish for 20 seconds, and checkpoints.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    serving: Serving,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let Serving {
        listener,
        router,
        hub,
        backend,
        clock,
    } = serving;
    let stopping = Arc::new(Notify::new());
    let (stop, ending) = (Arc::clone(&stopping), Arc::clone(&hub));
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        tracing::info!("stopping: no new requests");
        ending.close();
        stop.notify_one();
    });
    let settling = tokio::spawn(settle(backend.clone(), Arc::clone(&clock)));
    let sending = tokio::spawn(send(backend.clone(), clock));
    let mut server = tokio::spawn(graceful.into_future());
    let drained = tokio::select! {
        done = &mut server => Ok(done),
        () = stopping.notified() => tokio::time::timeout(DRAIN_MAX, &mut server).await,
    };
    match drained {
        Ok(Ok(done)) => done?,
        Ok(Err(_)) => tracing::error!("serving ended by itself"),
        Err(_) => tracing::warn!("some requests did not finish in time"),
    }
    settling.abort();
    sending.abort();
    if let Err(error) = backend.checkpoint().await {
        tracing::warn!(error = %error, "the last checkpoint failed; the log is kept");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn settle(backend: Backend, clock: Arc<dyn super::Clock>) {
    loop {
        tokio::time::sleep(SETTLE_EVERY).await;
        let now: Millis = clock.now();
        if let Err(error) = backend.settle_all_due(now).await {
            tracing::warn!(error = %error, "grants could not be settled");
        }
    }
}

async fn send(backend: Backend, clock: Arc<dyn super::Clock>) {
    loop {
        tokio::time::sleep(SEND_EVERY).await;
        if let Err(error) = backend.send_notices(clock.now()).await {
            tracing::warn!(error = %error, "notices could not be sent");
        }
    }
}
