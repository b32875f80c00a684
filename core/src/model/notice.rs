//! Notices to patients: that somebody is on the way, or will be late. Asked for on a phone,
//! with or without signal; sent by the backend, to those alone who agreed.

use serde::{Deserialize, Serialize};

use super::{EntryId, HOUR_MS, Millis, PatientId, PersonId, Refused, Stamp, VisitId};

/// Notices of one visit, at most.
pub const NOTICES_PER_VISIT_MAX: usize = 10;
/// Longest time within which an arrival is promised.
pub const ARRIVAL_WINDOW_MS_MAX: i64 = 6 * HOUR_MS;
/// How far ahead an arrival may be announced.
pub const ARRIVAL_AHEAD_MS_MAX: i64 = 24 * HOUR_MS;
/// Minutes of a day.
const DAY_MINUTES: u16 = 1_440;
/// Characters of an address at most (RFC 5321).
const ADDRESS_CHARS_MAX: usize = 254;

/// What a patient is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Somebody has set out.
    OnMyWay,
    /// The visit begins later than booked.
    Late,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

impl NoticeKind {
    /// Every kind that can be asked for.
    pub const ALL: [Self; 2] = [Self::OnMyWay, Self::Late];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnMyWay => "on_my_way",
            Self::Late => "late",
            Self::Unknown => "unknown",
        }
    }
}

/// That the patient is to be told: section `notices` of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeEntry {
    /// Who asks for it.
    pub by: PersonId,
    /// What.
    pub kind: NoticeKind,
    /// The visit begins not before this.
    pub arrives_from_ms: Millis,
    /// It begins by this.
    pub arrives_until_ms: Millis,
    /// When it was asked for, with what is needed to judge the clock.
    pub stamp: Stamp,
}

impl NoticeEntry {
    /// Checks kind and times.
    ///
    /// # Errors
    /// [`Refused`] names the field and what is accepted.
    pub fn check(&self) -> Result<(), Refused> {
        if self.kind == NoticeKind::Unknown {
            return Err(Refused::new("kind", "on_my_way or late"));
        }
        let window_ms = self.arrives_until_ms.0.checked_sub(self.arrives_from_ms.0);
        if !window_ms.is_some_and(|ms| (0..=ARRIVAL_WINDOW_MS_MAX).contains(&ms)) {
            let limit = "at arrives_from_ms or up to 6 hours after it";
            return Err(Refused::new("arrives_until_ms", limit));
        }
        let ahead_ms = self
            .arrives_until_ms
            .0
            .checked_sub(self.stamp.best().0)
            .unwrap_or(-1);
        if !(0..=ARRIVAL_AHEAD_MS_MAX).contains(&ahead_ms) {
            let limit = "ahead, within 24 hours";
            return Err(Refused::new("arrives_until_ms", limit));
        }
        Ok(())
    }
}

/// How a notice reaches a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeChannel {
    /// An e-mail.
    Email,
    /// A text message to a phone.
    Sms,
    /// A message to an app of the patient's.
    Push,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

impl NoticeChannel {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Unknown => "unknown",
        }
    }
}

/// Who said something for the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WishedBy {
    /// The patient.
    Patient,
    /// Who may speak for the patient.
    Representative,
    /// Somebody whom this version does not know.
    #[serde(other)]
    Unknown,
}

/// Hours in which nobody is to be written to, by the clock on the wall of the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// Minute of the day at which they begin, `0..=1439`.
    pub from_minute: u16,
    /// Minute of the day at which they end, `0..=1439`; before `from_minute`: on the next
    /// day. The same: there are none.
    pub until_minute: u16,
}

impl Default for QuietHours {
    /// From nine in the evening until eight in the morning.
    fn default() -> Self {
        Self {
            from_minute: 21 * 60,
            until_minute: 8 * 60,
        }
    }
}

/// Whether and how a patient wants notices: field `notice_wishes` of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeWishes {
    /// Who wrote it down.
    pub by: PersonId,
    /// When, by the writer's clock.
    pub at_ms: Millis,
    /// Whether the patient agreed; without that nothing is sent.
    pub agreed: bool,
    /// Who said so.
    pub wished_by: WishedBy,
    /// How they are reached.
    pub channel: NoticeChannel,
    /// Where: an e-mail address, a phone number with its country code, or what the push
    /// service calls the patient's app. May be empty where nobody agreed.
    #[serde(default)]
    pub address: String,
    /// BCP 47 language; none: the patient's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When nobody is to be written to; none: [`QuietHours::default`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

impl NoticeWishes {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// [`Refused`] names the field and what is accepted.
    pub fn check(&self) -> Result<(), Refused> {
        if self.wished_by == WishedBy::Unknown {
            return Err(Refused::new("wished_by", "patient or representative"));
        }
        let minutes = self.quiet.unwrap_or_default();
        if minutes.from_minute >= DAY_MINUTES || minutes.until_minute >= DAY_MINUTES {
            return Err(Refused::new("quiet", "minutes of a day, 0..=1439"));
        }
        if self.language.as_deref().is_some_and(|it| !is_language(it)) {
            return Err(Refused::new("language", "a BCP 47 language, as in es"));
        }
        match self.channel {
            _ if !self.agreed && self.address.is_empty() => Ok(()),
            NoticeChannel::Email if is_email(&self.address) => Ok(()),
            NoticeChannel::Sms if is_phone(&self.address) => Ok(()),
            NoticeChannel::Email => Err(Refused::new("address", "an e-mail address")),
            NoticeChannel::Sms => {
                let limit = "a phone number with its country code, as in +15550100";
                Err(Refused::new("address", limit))
            }
            NoticeChannel::Push if is_app(&self.address) => Ok(()),
            NoticeChannel::Push => {
                let limit = "what a push service calls an app, 16 to 512 letters without spaces";
                Err(Refused::new("address", limit))
            }
            NoticeChannel::Unknown => Err(Refused::new("channel", "email, sms or push")),
        }
    }
}

pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|it| it.is_ascii_alphabetic())
        && parts
            .all(|it| (1..=8).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_alphanumeric()))
        && text.len() <= 35
}

/// One address and nothing else: no list, no name, nothing that a header could end with.
fn is_email(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_graphic() && !b"<>()[]\\,;:\"@".contains(&it);
    let part = |it: &str| !it.is_empty() && !it.starts_with('.') && !it.ends_with('.');
    text.len() <= ADDRESS_CHARS_MAX
        && text.split_once('@').is_some_and(|(local, domain)| {
            let sound = |it: &str| part(it) && !it.contains("..") && it.bytes().all(plain);
            sound(local)
                && sound(domain)
                && domain
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || b".-".contains(&it))
        })
}

/// A push service's own name of an app on a device: opaque, and one word.
fn is_app(text: &str) -> bool {
    (16..=512).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
}

/// As E.164 writes it.
fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
}

/// Where a notice stands: a record of the backend, whose id is the entry's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDelivery {
    /// The entry of the visit that asked for it.
    pub notice: EntryId,
    /// Of which visit.
    pub visit: VisitId,
    /// To whom.
    pub patient: PatientId,
    /// Where it stands.
    pub state: NoticeState,
    /// Why it was not sent, or is not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotSent>,
    /// How it went; none: it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<NoticeChannel>,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Since when, by the backend's clock.
    pub at_ms: Millis,
    /// When it is tried next; none: no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<Millis>,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// The backend has it and will send it.
    Queued,
    /// Handed to who delivers it.
    Sent,
    /// It was not sent, and will not be.
    NotSent,
    /// A state that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why a notice is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// Nobody has asked the patient.
    NotAsked,
    /// The patient does not want any.
    Declined,
    /// Two people wrote down different wishes: somebody settles them first.
    Contested,
    /// There is no address.
    NoAddress,
    /// The backend has no page that a link could lead to.
    NoPage,
    /// The backend has nobody who delivers by this channel.
    NoProvider,
    /// It is night at the patient's.
    QuietHours,
    /// The visit has begun, is over or called off, or the time has passed; of a survey: it
    /// was answered already, or is too long ago.
    TooLate,
    /// The clock of the phone that asked for it was ahead: its times can't be right.
    ClockDoubt,
    /// A later notice of the visit says it better.
    Superseded,
    /// The visit has had as many as it may.
    TooMany,
    /// Who delivers does not take it now; it is tried again as long as it helps.
    Delayed,
    /// Who delivers does not take it: the address may be wrong.
    Refused,
    /// A reason that this version does not know.
    #[serde(other)]
    Unknown,
}

impl NotSent {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Declined => "declined",
            Self::Contested => "contested",
            Self::NoAddress => "no_address",
            Self::NoPage => "no_page",
            Self::NoProvider => "no_provider",
            Self::QuietHours => "quiet_hours",
            Self::TooLate => "too_late",
            Self::ClockDoubt => "clock_doubt",
            Self::Superseded => "superseded",
            Self::TooMany => "too_many",
            Self::Delayed => "delayed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests;
