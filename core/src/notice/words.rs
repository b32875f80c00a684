//! The words of a notice.

use chrono::{DateTime, Days, NaiveDateTime};
use chrono_tz::Tz;

use crate::model::{Millis, NoticeKind};

/// Languages that notices are written in; the first where none fits.
pub const LANGUAGES: [&str; 2] = ["en", "es"];

/// The language that fits best: of the first that has one of [`LANGUAGES`] as its own.
#[must_use]
pub fn language_of<'t>(wanted: impl IntoIterator<Item = &'t str>) -> &'static str {
    let known = |tag: &str| {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        LANGUAGES
            .into_iter()
            .find(|it| it.eq_ignore_ascii_case(first))
    };
    wanted.into_iter().find_map(known).unwrap_or(LANGUAGES[0])
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeText {
    /// In one line.
    pub subject: String,
    /// The rest, lines of plain text.
    pub body: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'t> {
    /// What.
    pub kind: NoticeKind,
    /// Who comes, as the directory names them; empty: the care team.
    pub who: &'t str,
    /// The visit begins not before this.
    pub from: Millis,
    /// It begins by this.
    pub until: Millis,
    /// When it is told.
    pub now: Millis,
    /// Where the patient lives.
    pub zone: Tz,
}

impl Telling<'_> {
    /// The words in one of [`LANGUAGES`]; none for a kind that this version does not know.
    #[must_use]
    pub fn text(&self, language: &str) -> Option<NoticeText> {
        let spanish = language == "es";
        let when = if spanish {
            self.when_es()
        } else {
            self.when_en()
        }?;
        let who = match (self.who.trim(), spanish) {
            ("", false) => "Somebody of your care team",
            ("", true) => "Alguien de su equipo de atención",
            (name, _) => name,
        };
        let (subject, said) = match (self.kind, spanish) {
            (NoticeKind::OnMyWay, false) => (
                "Your visit: on the way",
                format!("{who} is on the way to you and expects to be with you {when}."),
            ),
            (NoticeKind::OnMyWay, true) => (
                "Su visita: en camino",
                format!("{who} está en camino y espera llegar {when}."),
            ),
            (NoticeKind::Late, false) => (
                "Your visit begins later",
                format!(
                    "{who} is running late and expects to be with you {when}. We are sorry that you have to wait."
                ),
            ),
            (NoticeKind::Late, true) => (
                "Su visita empieza más tarde",
                format!("{who} va con retraso y espera llegar {when}. Disculpe la espera."),
            ),
            (NoticeKind::Unknown, _) => return None,
        };
        let why = if spanish {
            "Recibe este aviso porque aceptó recibirlo. Para no recibir más, dígaselo a su equipo de atención."
        } else {
            "You get this notice because you agreed to it. To get no more, tell your care team."
        };
        Some(NoticeText {
            subject: subject.into(),
            body: format!("{said}\n\n{why}\n"),
        })
    }

    fn local(&self, at: Millis) -> Option<NaiveDateTime> {
        let instant = DateTime::from_timestamp_millis(at.0)?;
        Some(instant.with_timezone(&self.zone).naive_local())
    }

    /// From when until when, and whether that is another day than today.
    fn times(&self) -> Option<(NaiveDateTime, NaiveDateTime, bool)> {
        let (from, until) = (self.local(self.from)?, self.local(self.until)?);
        let today = self.local(self.now)?.date();
        let tomorrow = today.checked_add_days(Days::new(1)) == Some(from.date());
        Some((from, until, tomorrow))
    }

    fn when_en(&self) -> Option<String> {
        let (from, until, tomorrow) = self.times()?;
        let day = if tomorrow { "tomorrow " } else { "" };
        let clock = |at: NaiveDateTime| at.format("%-I:%M %p").to_string();
        Some(if from == until {
            format!("{day}at about {}", clock(from))
        } else {
            format!("{day}between {} and {}", clock(from), clock(until))
        })
    }

    fn when_es(&self) -> Option<String> {
        let (from, until, tomorrow) = self.times()?;
        let day = if tomorrow { "mañana " } else { "" };
        let clock = |at: NaiveDateTime| at.format("%-H:%M").to_string();
        Some(if from == until {
            format!("{day}hacia las {}", clock(from))
        } else {
            format!("{day}entre las {} y las {}", clock(from), clock(until))
        })
    }
}
