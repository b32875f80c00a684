//! The thread of the core's own on which the network's work runs. The platform's
//! executors only wait for what comes of it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::HomeroundError;
use crate::guard::PANICKED;

/// The runtime. Dropping it stops its thread; what still runs there is dropped too.
pub(crate) struct Runtime {
    handle: Handle,
    /// Dropped, it ends the thread.
    _alive: oneshot::Sender<()>,
}

impl Runtime {
    pub(crate) fn start() -> Result<Self, HomeroundError> {
        let failed = || HomeroundError::failed("runtime");
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| failed())?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel::<()>();
        thread::Builder::new()
            .name("homeround".into())
            .spawn(move || {
                // Ends when the sender is gone; nothing is ever sent.
                let _ = runtime.block_on(ended);
            })
            .map_err(|_| failed())?;
        Ok(Self {
            handle,
            _alive: alive,
        })
    }

    /// Starts something that ends by itself or with the runtime.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Task<T> {
        Task(self.handle.spawn(work))
    }

    /// Runs something to its end, or until the caller loses interest.
    pub(crate) async fn run<T: Send + 'static, E: Into<HomeroundError> + Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, HomeroundError> {
        match self.spawn(work).await {
            Ok(done) => done.map_err(Into::into),
            Err(error) => Err(error),
        }
    }
}

/// Work on the runtime; dropping it stops the work at its next await.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, HomeroundError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|done| {
            done.map_err(|error| {
                if error.is_panic() {
                    HomeroundError::failed(PANICKED)
                } else {
                    HomeroundError::Cancelled
                }
            })
        })
    }
}
