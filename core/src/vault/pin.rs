//! PINs, and how often they may be tried.

use zeroize::Zeroizing;

use super::{KeyVault, VaultError, label};
use crate::model::{Clock, MINUTE_MS, Refused};

/// The shortest PIN, in characters.
pub const PIN_CHARS_MIN: usize = 6;
/// The longest PIN, in characters.
pub const PIN_CHARS_MAX: usize = 64;
/// Wrong PINs in a row until the slot refuses.
pub const PIN_ATTEMPTS_MAX: u64 = 10;
/// How long the next attempt must wait after so many wrong ones, in milliseconds.
pub const PIN_DELAYS_MS: [i64; 10] = [
    0,
    0,
    0,
    5_000,
    15_000,
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    60 * MINUTE_MS,
];

/// A PIN or passphrase, cleared when dropped.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Accepts 6 to 64 characters that are neither all the same nor a run as
    /// in `123456` or `987654`.
    ///
    /// # Errors
    /// [`Refused`] names `pin`.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let refused = Refused::new("pin", "6 to 64 characters, not all alike and no run");
        let codes: Zeroizing<Vec<u32>> = Zeroizing::new(text.chars().map(u32::from).collect());
        if !(PIN_CHARS_MIN..=PIN_CHARS_MAX).contains(&codes.len()) {
            return Err(refused);
        }
        let steps = |step: i64| {
            codes
                .windows(2)
                .all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == step)
        };
        if [-1, 0, 1].into_iter().any(steps) {
            return Err(refused);
        }
        Ok(Self(Zeroizing::new(text.into())))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Counts an attempt before it is made, so that killing the app in the middle
/// gains nothing. Answers how many there were before this one.
///
/// # Errors
/// [`VaultError::PinExhausted`], or [`VaultError::Wait`] with nothing counted.
pub(super) fn count_attempt(hardware: &dyn KeyVault, clock: Clock) -> Result<u64, VaultError> {
    let before = hardware.counter_get(label::PIN_ATTEMPTS)?;
    if before >= PIN_ATTEMPTS_MAX {
        return Err(VaultError::PinExhausted);
    }
    let wait_ms = wait_ms(hardware, before, clock)?;
    if wait_ms > 0 {
        return Err(VaultError::Wait { wait_ms });
    }
    hardware.counter_increment(label::PIN_ATTEMPTS)?;
    let mut last = clock.boot_id.to_be_bytes().to_vec();
    last.extend_from_slice(&clock.monotonic_ms.to_be_bytes());
    hardware.store(label::PIN_LAST, &last)?;
    Ok(before)
}

/// What to say after a wrong PIN, `before` others having gone before it.
pub(super) fn wrong(before: u64) -> VaultError {
    let tried = before.saturating_add(1);
    VaultError::WrongPin {
        left: PIN_ATTEMPTS_MAX.saturating_sub(tried),
        wait_ms: delay_ms(tried),
    }
}

fn delay_ms(attempts: u64) -> i64 {
    let longest = PIN_DELAYS_MS[PIN_DELAYS_MS.len() - 1];
    usize::try_from(attempts)
        .ok()
        .and_then(|index| PIN_DELAYS_MS.get(index).copied())
        .unwrap_or(longest)
}

/// Time is counted by the monotonic clock since the last attempt; after a
/// restart, since the restart.
fn wait_ms(hardware: &dyn KeyVault, attempts: u64, clock: Clock) -> Result<i64, VaultError> {
    let delay = delay_ms(attempts);
    if delay == 0 {
        return Ok(0);
    }
    let last = hardware.load(label::PIN_LAST)?.and_then(|last| {
        let (boot, monotonic) = last.split_first_chunk::<8>()?;
        let monotonic = <[u8; 8]>::try_from(monotonic).ok()?;
        Some((u64::from_be_bytes(*boot), i64::from_be_bytes(monotonic)))
    });
    let since = match last {
        Some((boot, at)) if boot == clock.boot_id && clock.monotonic_ms >= at => {
            clock.monotonic_ms.saturating_sub(at)
        }
        _ => clock.monotonic_ms.max(0),
    };
    Ok(delay.saturating_sub(since).max(0))
}
