//! No process outlives this one: a signal that ends the demo ends the server
//! and the phones first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

/// As shells report a program that was interrupted.
const INTERRUPTED: i32 = 130;

static CHILDREN: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static SERVING: AtomicBool = AtomicBool::new(false);

/// A process of ours. One that ended by itself may stay on the list: ids are
/// given again only after thousands of others.
pub(super) fn take(pid: u32) {
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.push(pid);
}

/// From now on a signal ends the server, and this program goes on from there.
pub(super) fn let_signals_end_the_server() {
    SERVING.store(true, Ordering::SeqCst);
}

/// Waits for SIGINT and SIGTERM in the background.
pub(super) fn hold() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            runtime.block_on(signalled());
            end_children();
            if !SERVING.load(Ordering::SeqCst) {
                std::process::exit(INTERRUPTED);
            }
        }
    });
}

async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn end_children() {
    let children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    for pid in children.iter() {
        // It may be gone already.
        let _ = end(*pid);
    }
}

/// Asks a process to end. Not by the program `kill`, which a bare machine lacks.
pub(super) fn end(pid: u32) -> std::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(std::io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, Signal::TERM)?)
}
