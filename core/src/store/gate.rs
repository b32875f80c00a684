//! Nobody is inside SQLCipher while the process ends.
//!
//! SQLCipher cleans up when a process ends, by `atexit`: it wipes and frees the
//! keys and contexts of connections that are still open. A thread in the middle
//! of a commit would go on with a wiped key, and write pages that nobody can read
//! again, or crash. So whoever uses a connection passes here first; at the end of
//! the process, before SQLCipher's turn, the gate closes: what is inside gets out,
//! and what comes later waits for the end.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the end of the process waits for who is inside: longer than a commit
/// takes, shorter than a system waits before it kills.
const PATIENCE: Duration = Duration::from_secs(3);

struct Gate {
    inside: usize,
    closed: bool,
}

static GATE: Mutex<Gate> = Mutex::new(Gate {
    inside: 0,
    closed: false,
});
/// Somebody left.
static LEFT: Condvar = Condvar::new();

thread_local! {
    /// How many passes this thread holds: who is inside is never kept from going on.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Leave to use connections, for the thread that asked, until it is dropped.
#[derive(Debug)]
pub(super) struct Pass(PhantomData<*const ()>);

fn gate() -> MutexGuard<'static, Gate> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks for leave. Once the process is ending, nobody comes in and this does not
/// return.
pub(super) fn enter() -> Pass {
    let depth = DEPTH.get();
    if depth == 0 {
        let mut gate = gate();
        while gate.closed {
            gate = LEFT.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        gate.inside += 1;
    }
    DEPTH.set(depth + 1);
    Pass(PhantomData)
}

impl Drop for Pass {
    fn drop(&mut self) {
        let depth = DEPTH.get() - 1;
        DEPTH.set(depth);
        if depth == 0 {
            gate().inside -= 1;
            LEFT.notify_all();
        }
    }
}

/// Lets nobody in any more and waits until everybody else is out.
pub(super) extern "C" fn close() {
    // A process may be ended from inside; and what this thread still drops on the way
    // out is never kept waiting.
    let depth = DEPTH.get();
    let own = usize::from(depth > 0);
    DEPTH.set(depth + 1);
    let mut gate = gate();
    gate.closed = true;
    // Either way the process goes on ending.
    let _ = LEFT.wait_timeout_while(gate, PATIENCE, |gate| gate.inside > own);
}
