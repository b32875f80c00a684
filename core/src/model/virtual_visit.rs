//! A virtual visit: by video, and by phone where that fails.
//!
//! No video service is part of this. Whoever makes the visit notes who waits, who is
//! there and who left. A service that reports the same by its webhook writes the same
//! entries, with [`LobbySource::Service`], from the backend: no device may.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EntryId, Millis, PersonId, Refused, Stamp, check_comment};

/// Most bytes of a link to join by.
pub const JOIN_LINK_BYTES_MAX: usize = 2_048;
/// Most characters of a phone number as a person writes it.
pub const PHONE_CHARS_MAX: usize = 40;
/// Most characters of a representative's name.
pub const REPRESENTATIVE_CHARS_MAX: usize = 200;

/// A link to join a video call by. Whoever has it may come in: it is kept as it came, and
/// is in no debug output and so in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JoinLink(String);

impl fmt::Debug for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinLink(..)")
    }
}

impl JoinLink {
    /// Takes a link that [`check`](Self::check) accepts.
    ///
    /// # Errors
    /// [`Refused`] on `join_link`.
    pub fn new(link: &str) -> Result<Self, Refused> {
        let link = Self(link.to_owned());
        link.check()?;
        Ok(link)
    }

    /// Checks that a browser that opens it goes where it says: `https` with a host, no
    /// name or password in front of it, at most [`JOIN_LINK_BYTES_MAX`] bytes of ASCII.
    ///
    /// # Errors
    /// [`Refused`] on `join_link`.
    pub fn check(&self) -> Result<(), Refused> {
        let refused = Refused::new(
            "join_link",
            "an https link with a host and without credentials, 2048 bytes",
        );
        let rest = self.0.strip_prefix("https://");
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        let named = host.is_some_and(|host| {
            let first = host.bytes().next();
            first.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[')
                && !host.contains('@')
        });
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte);
        if named && self.0.len() <= JOIN_LINK_BYTES_MAX && self.0.bytes().all(plain) {
            Ok(())
        } else {
            Err(refused)
        }
    }

    /// The address; none for a link that [`check`](Self::check) refuses, as one that a
    /// backend that did not look wrote.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.check().ok().map(|()| self.0.as_str())
    }
}

/// What a booking says of a virtual visit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VirtualBooking {
    /// Where the call is; none: the office has yet to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_link: Option<JoinLink>,
    /// The patient's number to call where there is no video; none: the first of the
    /// patient's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl VirtualBooking {
    /// Checks what the office gave.
    ///
    /// # Errors
    /// [`Refused`] on `join_link` or `phone`.
    pub fn check(&self) -> Result<(), Refused> {
        self.join_link.as_ref().map_or(Ok(()), JoinLink::check)?;
        self.phone.as_deref().map_or(Ok(()), check_phone)
    }
}

/// Checks a phone number as a person writes it.
///
/// # Errors
/// [`Refused`] on `phone`.
pub fn check_phone(phone: &str) -> Result<(), Refused> {
    let written = |letter: char| letter.is_ascii_digit() || "+ -().".contains(letter);
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    if phone.len() <= PHONE_CHARS_MAX && digits >= 3 && phone.chars().all(written) {
        Ok(())
    } else {
        Err(Refused::new(
            "phone",
            "3 digits or more, with + - ( ) . and spaces, 40 characters",
        ))
    }
}

/// The address that calls a number (RFC 3966); none: it is no number that can be dialed.
/// What follows a letter, as an extension, is left to the person.
#[must_use]
pub fn phone_url(phone: &str) -> Option<String> {
    let dialed = phone
        .trim()
        .split(|it: char| it.is_alphabetic() || ",;#*".contains(it));
    let dialed = dialed.into_iter().next()?.trim();
    let digits: String = dialed.chars().filter(char::is_ascii_digit).collect();
    let plus = if dialed.starts_with('+') { "+" } else { "" };
    (digits.len() >= 3).then(|| format!("tel:{plus}{digits}"))
}

/// What a patient says to a virtual visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentDecision {
    /// Yes.
    Given,
    /// No. The visit is ended with a reason, and is documented all the same.
    Declined,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

impl ConsentDecision {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Declined => "declined",
            Self::Unknown => "unknown",
        }
    }
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentParty {
    /// The patient.
    Patient,
    /// Who decides for the patient.
    Representative,
    /// Somebody whom this version does not know.
    #[serde(other)]
    Unknown,
}

/// How it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentForm {
    /// By word of mouth.
    Spoken,
    /// In writing.
    Written,
    /// In a way that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The patient's consent to a virtual visit: field `consent` of a visit. Given on one
/// phone and declined on another is a conflict, and until it is settled it is declined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitConsent {
    /// What was said.
    pub decision: ConsentDecision,
    /// By whom.
    pub party: ConsentParty,
    /// The representative's name, 1 to 200 characters; of nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How.
    pub form: ConsentForm,
    /// Who noted it.
    pub by: PersonId,
    /// When, with what is needed to judge the clock.
    pub stamp: Stamp,
}

impl VisitConsent {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// [`Refused`] names the field.
    pub fn check(&self) -> Result<(), Refused> {
        if self.decision == ConsentDecision::Unknown {
            return Err(Refused::new("decision", "given or declined"));
        }
        if self.form == ConsentForm::Unknown {
            return Err(Refused::new("form", "spoken or written"));
        }
        let length = self.name.as_deref().map(|name| name.trim().chars().count());
        let named = match self.party {
            ConsentParty::Patient => length.is_none(),
            ConsentParty::Representative => {
                length.is_some_and(|length| (1..=REPRESENTATIVE_CHARS_MAX).contains(&length))
            }
            ConsentParty::Unknown => {
                return Err(Refused::new("party", "patient or representative"));
            }
        };
        if named {
            Ok(())
        } else {
            Err(Refused::new(
                "name",
                "1..=200 characters, of a representative alone",
            ))
        }
    }
}

/// Who says who is in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LobbySource {
    /// Whoever makes the visit.
    Member,
    /// A video service, through the backend: where its webhook would write.
    Service,
    /// Somebody whom this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why a virtual visit goes on by phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// No picture.
    NoVideo,
    /// No sound.
    NoSound,
    /// The patient can't use the video, or has nothing to use it with.
    PatientCannot,
    /// The connection.
    Connection,
    /// Anything else; the comment says what.
    #[serde(other)]
    Other,
}

impl FallbackReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::NoVideo,
        Self::NoSound,
        Self::PatientCannot,
        Self::Connection,
        Self::Other,
    ];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoVideo => "no_video",
            Self::NoSound => "no_sound",
            Self::PatientCannot => "patient_cannot",
            Self::Connection => "connection",
            Self::Other => "other",
        }
    }
}

/// That a visit goes on by phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneCall {
    /// Why.
    pub reason: FallbackReason,
    /// In the person's own words, up to 1 000 characters; needed where the reason is
    /// `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The number that is called.
    pub phone: String,
}

impl PhoneCall {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// [`Refused`] on `comment` or `phone`.
    pub fn check(&self) -> Result<(), Refused> {
        check_comment(
            self.comment.as_deref(),
            self.reason == FallbackReason::Other,
        )?;
        // A number of the chart's may have words behind it.
        if self.phone.chars().count() <= PHONE_CHARS_MAX && phone_url(&self.phone).is_some() {
            return Ok(());
        }
        Err(Refused::new(
            "phone",
            "a number that can be dialed, 40 characters",
        ))
    }
}

/// What happened around a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum LobbyWhat {
    /// The care member is there and waits for the patient.
    Waiting,
    /// The patient is there and waits to be let in.
    InLobby,
    /// Both are in the call.
    Joined,
    /// The call is over, or was left.
    Left,
    /// It goes on by phone.
    PhoneCall(PhoneCall),
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// One thing that happened around a call: section `lobby` of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LobbyEntry {
    /// Who noted it.
    pub by: PersonId,
    /// When, with what is needed to judge the clock.
    pub stamp: Stamp,
    /// Who says so.
    pub source: LobbySource,
    /// What.
    #[serde(flatten)]
    pub what: LobbyWhat,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LobbyState {
    /// Nothing was noted yet.
    NotBegun,
    /// The care member waits for the patient.
    Waiting,
    /// The patient waits to be let in.
    InLobby,
    /// Both are in the call.
    Joined,
    /// The visit goes on by phone.
    ByPhone,
    /// The call is over, or was left.
    Left,
}

impl LobbyState {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotBegun => "not_begun",
            Self::Waiting => "waiting",
            Self::InLobby => "in_lobby",
            Self::Joined => "joined",
            Self::ByPhone => "by_phone",
            Self::Left => "left",
        }
    }
}

/// The entries of a lobby in the order of their best known instants.
#[must_use]
pub fn in_lobby_order(lobby: &BTreeMap<EntryId, LobbyEntry>) -> Vec<(EntryId, &LobbyEntry)> {
    let mut all: Vec<_> = lobby.iter().map(|(id, entry)| (*id, entry)).collect();
    all.sort_by_key(|(id, entry)| (entry.stamp.best(), *id));
    all
}

/// Where the call stands, and since when: what was noted last says so.
#[must_use]
pub fn lobby_state(lobby: &BTreeMap<EntryId, LobbyEntry>) -> (LobbyState, Option<Millis>) {
    let known = in_lobby_order(lobby)
        .into_iter()
        .rev()
        .find_map(|(_, entry)| {
            let state = match entry.what {
                LobbyWhat::Waiting => LobbyState::Waiting,
                LobbyWhat::InLobby => LobbyState::InLobby,
                LobbyWhat::Joined => LobbyState::Joined,
                LobbyWhat::Left => LobbyState::Left,
                LobbyWhat::PhoneCall(_) => LobbyState::ByPhone,
                LobbyWhat::Unknown => return None,
            };
            Some((state, Some(entry.stamp.best())))
        });
    known.unwrap_or((LobbyState::NotBegun, None))
}

#[cfg(test)]
mod tests;
