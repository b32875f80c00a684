//! The thread of the core's own on which the network's work runs. The platform's
//! executors only wait for what comes of it.
//!
//! There is one for the whole library, and it never ends: a thread that has called into
//! a virtual machine must not end while that one is shutting down.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use crate::error::HomeroundError;
use crate::guard::PANICKED;

/// The runtime. What a phone has started there ends with its [`Task`].
#[derive(Clone)]
pub(crate) struct Runtime {
    handle: Handle,
}

impl Runtime {
    /// The library's runtime; the first one to ask starts it.
    pub(crate) fn start() -> Result<Self, HomeroundError> {
        static STARTED: Mutex<Option<Runtime>> = Mutex::new(None);
        let mut started = STARTED
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(runtime) = &*started {
            return Ok(runtime.clone());
        }
        let failed = || HomeroundError::failed("runtime");
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| failed())?;
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("homeround".into())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))
            .map_err(|_| failed())?;
        Ok(started.insert(Self { handle }).clone())
    }

    /// Starts something that ends by itself or with its task.
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
