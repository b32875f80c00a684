//! An allocator that counts: how much more an input takes than was held before
//! it. What C code takes (SQLite, zstd) does not pass here.
#![allow(
    unsafe_code,
    reason = "an allocator is an unsafe trait; each call is handed on as it came"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The system's allocator, with a counter before it.
pub(crate) struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

fn took(bytes: usize) {
    let held = HELD.fetch_add(bytes, Relaxed) + bytes;
    CALLS.fetch_add(1, Relaxed);
    PEAK.fetch_max(held, Relaxed);
}

// SAFETY: every call goes to the system's allocator with the arguments that
// came; counting touches atomics alone and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: as the caller promised us.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may be held for a moment.
        took(size);
        // SAFETY: as the caller promised us.
        let moved = unsafe { System.realloc(at, layout, size) };
        HELD.fetch_sub(if moved.is_null() { size } else { layout.size() }, Relaxed);
        moved
    }
}

/// What one input took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// Bytes at the most, beside what was held before.
    pub(crate) extra: usize,
    /// How often memory was asked for.
    pub(crate) calls: usize,
}

/// Runs something and counts.
pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (T, Taken) {
    let (held, calls) = (HELD.load(Relaxed), CALLS.load(Relaxed));
    PEAK.store(held, Relaxed);
    let done = work();
    let taken = Taken {
        extra: PEAK.load(Relaxed).saturating_sub(held),
        calls: CALLS.load(Relaxed) - calls,
    };
    (done, taken)
}
