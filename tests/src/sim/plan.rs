//! What goes wrong in one simulation, drawn from its seed before it begins. A plan is a
//! list, so that a failing one can be made shorter.

use super::planted::Bug;
use crate::disk::Dice;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// How a network is for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// Nothing gets through either way.
    pub cut: bool,
    /// Requests arrive, answers do not.
    pub half_open: bool,
    /// Requests and answers lost, per cent each.
    pub loss: u64,
    /// Requests that arrive twice, per cent; the second one at any later time.
    pub twice: u64,
    /// Longest delay of each way, in milliseconds.
    pub delay_ms: u64,
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A phone's network is like this for so long.
    Network(usize, Weather, i64),
    /// A phone's process is killed where it stands: at an await of its sync, or idle.
    Kill(usize),
    /// A phone's process is killed at an operation of its disk, so many from now.
    KillAtDisk(usize, u64),
    /// A phone loses its power at an operation of its disk.
    PowerCut(usize, u64),
    /// A phone's disk is full for so long.
    DiskFull(usize, i64),
    /// An operation of a phone's disk fails.
    DiskError(usize, u64),
    /// Somebody sets a phone's clock.
    ClockJump(usize, i64),
    /// A phone's clock gains so many millionths from now on.
    Drift(usize, i64),
    /// A phone's sign-in is over for so long.
    SignedOut(usize, i64),
    /// A person loses access to a patient for so long.
    Revoked(usize, usize, i64),
    /// The backend stops and starts again after so long.
    ServerRestart(i64),
    /// The backend's machine loses its power at an operation of its disk.
    ServerPowerCut(u64),
    /// The backend is put back to its last backup.
    ServerRestore,
    /// A backup of the backend is made.
    ServerBackup,
    /// A backup of a phone is made.
    PhoneBackup(usize),
    /// A phone is put back to its last backup.
    PhoneRestore(usize),
    /// A phone runs the release before the last until now, and is updated.
    Update(usize),
    /// Somebody with a device of the team's own sends what no honest phone would.
    Byzantine(u64),
}

/// A fault and its moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Milliseconds after the start.
    pub at_ms: i64,
    /// What.
    pub fault: Fault,
}

/// One simulation: everything that decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What everything else is drawn from.
    pub seed: u64,
    /// Simulated hours.
    pub hours: u64,
    /// Phones that people work on.
    pub phones: usize,
    /// What goes wrong.
    pub faults: Vec<Planned>,
    /// Whether access is taken in emergencies, and ends by itself.
    pub emergencies: bool,
    /// A bug to be found.
    pub bug: Option<Bug>,
}

impl Plan {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn quiet(seed: u64, hours: u64, phones: usize) -> Self {
        Self {
            seed,
            hours,
            phones,
            faults: Vec::new(),
            emergencies: false,
            bug: None,
        }
    }

    /// About four things go wrong for each phone in each hour.
    #[must_use]
    pub fn drawn(seed: u64, hours: u64, phones: usize) -> Self {
        let mut plan = Self::quiet(seed, hours, phones);
        plan.emergencies = true;
        let mut dice = Dice::new(seed ^ 0xfa17);
        let span = i64::try_from(hours).unwrap_or(0) * HOUR;
        for _ in 0..hours * phones as u64 * 4 {
            let at_ms = ms(&mut dice, span);
            let fault = draw(&mut dice, phones);
            let before = ms(&mut dice, 25 * MINUTE);
            let backup = match fault {
                Fault::ServerRestore => Some(Fault::ServerBackup),
                Fault::PhoneRestore(phone) => Some(Fault::PhoneBackup(phone)),
                _ => None,
            };
            // An older one alone would seldom be there.
            if let Some(fault) = backup {
                let at_ms = (at_ms - before).max(0);
                plan.faults.push(Planned { at_ms, fault });
            }
            plan.faults.push(Planned { at_ms, fault });
        }
        plan.faults.sort_by_key(|planned| planned.at_ms);
        plan
    }
}

fn ms(dice: &mut Dice, end: i64) -> i64 {
    i64::try_from(dice.below(end.unsigned_abs())).unwrap_or(0)
}

fn draw(dice: &mut Dice, phones: usize) -> Fault {
    let phone = usize::try_from(dice.below(phones as u64)).unwrap_or(0);
    let long = MINUTE + ms(dice, 50 * MINUTE);
    let operation = dice.below(60);
    match dice.below(100) {
        0..=29 => Fault::Network(phone, weather(dice), long),
        30..=36 => Fault::Kill(phone),
        37..=44 => Fault::KillAtDisk(phone, operation),
        45..=51 => Fault::PowerCut(phone, operation),
        52..=54 => Fault::DiskFull(phone, long / 4),
        55..=58 => Fault::DiskError(phone, operation),
        59..=62 => Fault::ClockJump(phone, jump(dice)),
        63..=65 => Fault::Drift(phone, ms(dice, 400) - 200),
        66..=69 => Fault::SignedOut(phone, long),
        70..=75 => {
            let patient = usize::try_from(dice.below(64)).unwrap_or(0);
            Fault::Revoked(phone, patient, long * 3)
        }
        76..=79 => Fault::ServerRestart(1 + ms(dice, 10 * MINUTE)),
        80..=82 => Fault::ServerPowerCut(operation),
        83..=86 => Fault::ServerRestore,
        87..=91 => Fault::PhoneRestore(phone),
        92..=94 => Fault::Update(phone),
        _ => Fault::Byzantine(dice.draw()),
    }
}

fn weather(dice: &mut Dice) -> Weather {
    let mut weather = Weather {
        delay_ms: 20 + dice.below(3_000),
        ..Weather::default()
    };
    match dice.below(5) {
        0 => weather.cut = true,
        1 => weather.half_open = true,
        2 => weather.delay_ms = 50_000 + dice.below(30_000),
        _ => {
            weather.loss = dice.below(60);
            weather.twice = dice.below(60);
        }
    }
    weather
}

/// Seconds to ten years, both ways.
fn jump(dice: &mut Dice) -> i64 {
    let size = match dice.below(4) {
        0 => ms(dice, MINUTE),
        1 => ms(dice, HOUR),
        2 => ms(dice, 40 * DAY),
        _ => ms(dice, 10 * YEAR),
    };
    if dice.chance(50) { size } else { -size }
}
