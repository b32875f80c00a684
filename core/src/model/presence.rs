//! Presence: who was in the home, from when until when, and how sure that is
//! (electronic visit verification, section 12006 of the 21st Century Cures Act).
//!
//! Nothing here ever stops anybody: a stamp that is not verified says why, asks
//! its author for a reason, and is marked until and after it is given.

use serde::{Deserialize, Serialize};

use super::{Address, ClockTrust, EntryId, Fix, Millis, PersonId, Refused, Stamp, great_circle_m};

/// Most characters of a comment on a stamp.
pub const PRESENCE_COMMENT_CHARS_MAX: usize = 1_000;

/// What a tenant may set of presence. It differs by state and payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresencePolicy {
    /// How far from the home a stamp may be, beside the fix's own accuracy;
    /// metres, 1..=10 000.
    pub radius_m: u32,
    /// How far off a wall clock may be, either way; milliseconds, 0..=1 day.
    pub clock_off_max_ms: i64,
    /// Faster than this a phone does not travel; kilometres an hour, 10..=2 000.
    pub speed_max_kmh: u32,
}

impl Default for PresencePolicy {
    fn default() -> Self {
        Self {
            radius_m: 50,
            clock_off_max_ms: 5 * super::MINUTE_MS,
            speed_max_kmh: 250,
        }
    }
}

impl PresencePolicy {
    /// Checks the limits.
    ///
    /// # Errors
    /// [`Refused`] names the field.
    pub fn check(&self) -> Result<(), Refused> {
        if !(1..=10_000).contains(&self.radius_m) {
            return Err(Refused::new("radius_m", "1..=10000 metres"));
        }
        if !(0..=super::DAY_MS).contains(&self.clock_off_max_ms) {
            return Err(Refused::new("clock_off_max_ms", "0..=1 day"));
        }
        if !(10..=2_000).contains(&self.speed_max_kmh) {
            return Err(Refused::new("speed_max_kmh", "10..=2000"));
        }
        Ok(())
    }
}

/// Why a stamp has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoFix {
    /// The shell gave none.
    NotGiven,
    /// The person does not let the app see where the phone is.
    Denied,
    /// Positioning is switched off.
    SwitchedOff,
    /// Positioning found nothing in time, as indoors.
    TimedOut,
    /// The visit is virtual: no place is asked for, and none is kept.
    Virtual,
    /// Something else.
    #[serde(other)]
    Other,
}

impl NoFix {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotGiven => "not_given",
            Self::Denied => "denied",
            Self::SwitchedOff => "switched_off",
            Self::TimedOut => "timed_out",
            Self::Virtual => "virtual",
            Self::Other => "other",
        }
    }
}

/// Where a stamp is taken, or why that is not known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// Here.
    At(Fix),
    /// Not known.
    Unknown(NoFix),
}

impl From<Option<Fix>> for Place {
    fn from(fix: Option<Fix>) -> Self {
        fix.map_or(Self::Unknown(NoFix::NotGiven), Self::At)
    }
}

impl Place {
    /// The fix, if there is one.
    #[must_use]
    pub const fn fix(&self) -> Option<Fix> {
        match self {
            Self::At(fix) => Some(*fix),
            Self::Unknown(_) => None,
        }
    }
}

/// Why a stamp is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceCause {
    /// Farther from the home than the radius and the accuracy together.
    OutOfRange,
    /// There was no fix.
    NoFix,
    /// No backend vouches for the time, or the wall clock was far off.
    ClockDoubt,
    /// The phone can't have come here from its last stamp's place in time.
    MovedDevice,
    /// Where the home is, is not recorded: nobody's fault, no reason is asked.
    HomeUnknown,
    /// A cause that this version does not know.
    #[serde(other)]
    Unknown,
}

impl PresenceCause {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutOfRange => "out_of_range",
            Self::NoFix => "no_fix",
            Self::ClockDoubt => "clock_doubt",
            Self::MovedDevice => "moved_device",
            Self::HomeUnknown => "home_unknown",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the person is asked for a reason.
    #[must_use]
    pub const fn asks_reason(self) -> bool {
        !matches!(self, Self::HomeUnknown)
    }
}

/// A person's reason for a stamp that is not verified. The lists of the states
/// and their aggregators differ; these are what they have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceReason {
    /// The phone did not work.
    DeviceTrouble,
    /// No coverage.
    NoCoverage,
    /// Forgot to check in in time.
    ForgotStart,
    /// Forgot to check out in time.
    ForgotEnd,
    /// The phone's clock was wrong.
    WrongTime,
    /// Booked wrongly.
    SchedulingError,
    /// The visit is there twice.
    Duplicate,
    /// The care was given somewhere else.
    OtherLocation,
    /// Another patient was meant.
    WrongPatient,
    /// Another service was meant.
    WrongService,
    /// The home or the way was unsafe.
    Unsafe,
    /// An emergency.
    Emergency,
    /// A disaster.
    Disaster,
    /// The patient asked for more time.
    ExtendedByPatient,
    /// The patient asked for less time.
    ShortenedByPatient,
    /// The patient refused.
    Refused,
    /// Nobody was at home.
    NobodyHome,
    /// The patient is in hospital.
    Hospital,
    /// The visit was not planned.
    Unscheduled,
    /// The member who was to come did not.
    NoShow,
    /// Somebody else came.
    ChangeOfProvider,
    /// Entered by hand later.
    ManualEntry,
    /// Anything else; the comment says what.
    #[serde(other)]
    Other,
}

impl PresenceReason {
    /// Every reason.
    pub const ALL: [Self; 23] = [
        Self::DeviceTrouble,
        Self::NoCoverage,
        Self::ForgotStart,
        Self::ForgotEnd,
        Self::WrongTime,
        Self::SchedulingError,
        Self::Duplicate,
        Self::OtherLocation,
        Self::WrongPatient,
        Self::WrongService,
        Self::Unsafe,
        Self::Emergency,
        Self::Disaster,
        Self::ExtendedByPatient,
        Self::ShortenedByPatient,
        Self::Refused,
        Self::NobodyHome,
        Self::Hospital,
        Self::Unscheduled,
        Self::NoShow,
        Self::ChangeOfProvider,
        Self::ManualEntry,
        Self::Other,
    ];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceTrouble => "device_trouble",
            Self::NoCoverage => "no_coverage",
            Self::ForgotStart => "forgot_start",
            Self::ForgotEnd => "forgot_end",
            Self::WrongTime => "wrong_time",
            Self::SchedulingError => "scheduling_error",
            Self::Duplicate => "duplicate",
            Self::OtherLocation => "other_location",
            Self::WrongPatient => "wrong_patient",
            Self::WrongService => "wrong_service",
            Self::Unsafe => "unsafe",
            Self::Emergency => "emergency",
            Self::Disaster => "disaster",
            Self::ExtendedByPatient => "extended_by_patient",
            Self::ShortenedByPatient => "shortened_by_patient",
            Self::Refused => "refused",
            Self::NobodyHome => "nobody_home",
            Self::Hospital => "hospital",
            Self::Unscheduled => "unscheduled",
            Self::NoShow => "no_show",
            Self::ChangeOfProvider => "change_of_provider",
            Self::ManualEntry => "manual_entry",
            Self::Other => "other",
        }
    }
}

/// What a check-in or a check-out saw, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Where, to a ten-millionth of a degree and a centimetre of accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// Why there is no place; set when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_fix: Option<NoFix>,
    /// From the home as the phone knew it, whole metres; none without a fix or a
    /// home with a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<u32>,
    /// The radius that held, metres.
    pub radius_m: u32,
    /// Why it is not verified, in order; empty: verified.
    #[serde(default)]
    pub causes: Vec<PresenceCause>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PresenceWhat {
    /// The person came.
    CheckIn(Sighting),
    /// The person left.
    CheckOut(Sighting),
    /// The reason for an earlier stamp of the same person.
    Reason {
        /// The stamp.
        target: EntryId,
        /// Why.
        reason: PresenceReason,
        /// In the person's own words, up to 1 000 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl PresenceWhat {
    /// What was seen, for a check-in and a check-out.
    #[must_use]
    pub const fn sighting(&self) -> Option<&Sighting> {
        match self {
            Self::CheckIn(seen) | Self::CheckOut(seen) => Some(seen),
            Self::Reason { .. } | Self::Unknown => None,
        }
    }
}

/// One stamp of one person: section `presence` of a visit. Signed by the device
/// and chained to the stamp that the device made before, of whichever visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresenceEntry {
    /// Who; nobody stamps for another.
    pub by: PersonId,
    /// When, with what is needed to judge the clock.
    pub stamp: Stamp,
    /// What it says.
    #[serde(flatten)]
    pub what: PresenceWhat,
    /// Which chain of the device, 32 hexadecimal digits: a new one begins when a
    /// phone lost its store or was put back to a backup.
    pub chain: String,
    /// 1, 2, 3, ... along the chain.
    pub number: u64,
    /// SHA-256 of the statement of the chain's stamp before, 64 hexadecimal
    /// digits; zeros at first.
    pub previous: String,
    /// Ed25519 public key of the device, 64 hexadecimal digits.
    pub device_key: String,
    /// Ed25519 signature over the statement, 128 hexadecimal digits.
    pub signature: String,
}

/// The last stamp of a device that had a place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LastPlace {
    /// Where.
    pub fix: Fix,
    /// When.
    pub stamp: Stamp,
}

impl Fix {
    /// The place as stamps keep it: a ten-millionth of a degree, a centimetre.
    /// What is signed are whole numbers of these.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self {
            latitude_deg: (self.latitude_deg * 1e7).round() / 1e7,
            longitude_deg: (self.longitude_deg * 1e7).round() / 1e7,
            accuracy_m: (self.accuracy_m * 100.0).round() / 100.0,
        }
    }

    /// Metres from here to another place, by the great circle.
    #[must_use]
    pub fn distance_m(&self, latitude_deg: f64, longitude_deg: f64) -> f64 {
        let here = (self.latitude_deg, self.longitude_deg);
        great_circle_m(here, (latitude_deg, longitude_deg))
    }
}

impl Sighting {
    /// Judges where and when a stamp was taken.
    #[must_use]
    pub fn judge(
        place: Place,
        stamp: &Stamp,
        home: Option<&Address>,
        last: Option<&LastPlace>,
        policy: &PresencePolicy,
    ) -> Self {
        if place == Place::Unknown(NoFix::Virtual) {
            return Self::of_virtual(stamp, policy);
        }
        let fix = place.fix().map(Fix::rounded);
        let home = home.and_then(|home| Some((home.latitude_deg?, home.longitude_deg?)));
        let away_m = fix
            .zip(home)
            .map(|(fix, (north, east))| fix.distance_m(north, east));
        let mut causes = Vec::new();
        if let Some((fix, away_m)) = fix.zip(away_m)
            && away_m.round() > f64::from(policy.radius_m) + fix.accuracy_m
        {
            causes.push(PresenceCause::OutOfRange);
        }
        if fix.is_none() {
            causes.push(PresenceCause::NoFix);
        }
        if is_doubtful(stamp, policy) {
            causes.push(PresenceCause::ClockDoubt);
        }
        if let Some((fix, last)) = fix.zip(last)
            && moved_too_fast(&fix, stamp, last, policy)
        {
            causes.push(PresenceCause::MovedDevice);
        }
        if home.is_none() {
            causes.push(PresenceCause::HomeUnknown);
        }
        Self {
            fix,
            no_fix: match place {
                Place::At(_) => None,
                Place::Unknown(why) => Some(why),
            },
            distance_m: away_m.map(whole_metres),
            radius_m: policy.radius_m,
            causes,
        }
    }

    /// What the stamp of a virtual visit saw: the time alone is judged.
    fn of_virtual(stamp: &Stamp, policy: &PresencePolicy) -> Self {
        let doubt = is_doubtful(stamp, policy).then_some(PresenceCause::ClockDoubt);
        Self {
            fix: None,
            no_fix: Some(NoFix::Virtual),
            distance_m: None,
            radius_m: policy.radius_m,
            causes: doubt.into_iter().collect(),
        }
    }

    /// Whether the stamp was made as one of a virtual visit.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        self.no_fix == Some(NoFix::Virtual)
    }

    /// Whether the person is asked for a reason.
    #[must_use]
    pub fn asks_reason(&self) -> bool {
        self.causes.iter().any(|cause| cause.asks_reason())
    }
}

/// No distance on earth is more than 20 038 km.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and half the earth's circumference"
)]
fn whole_metres(metres: f64) -> u32 {
    metres.round() as u32
}

fn is_doubtful(stamp: &Stamp, policy: &PresencePolicy) -> bool {
    match stamp.trust() {
        ClockTrust::Unverified => true,
        ClockTrust::Anchored { off_by_ms, .. } => {
            off_by_ms.unsigned_abs() > policy.clock_off_max_ms.unsigned_abs()
        }
    }
}

/// Both accuracies are taken off the way, and the time is at least a second.
fn moved_too_fast(fix: &Fix, stamp: &Stamp, last: &LastPlace, policy: &PresencePolicy) -> bool {
    let way_m = fix.distance_m(last.fix.latitude_deg, last.fix.longitude_deg)
        - fix.accuracy_m
        - last.fix.accuracy_m;
    let (now, then) = (&stamp.clock, &last.stamp.clock);
    let elapsed_ms = if now.boot_id == then.boot_id {
        now.monotonic_ms.saturating_sub(then.monotonic_ms)
    } else {
        stamp.best().0.saturating_sub(last.stamp.best().0)
    };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
    let elapsed_s = (elapsed_ms as f64 / 1_000.0).max(1.0);
    way_m > elapsed_s * f64::from(policy.speed_max_kmh) / 3.6
}

impl PresenceEntry {
    /// The best known instant of the stamp.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.stamp.best()
    }
}

#[cfg(test)]
mod tests;
