//! The words that ask a patient how a visit was.

use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;

use super::NoticeText;
use crate::model::Millis;

const MONTHS_ES: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// That the patient is asked how a visit was.
#[derive(Debug, Clone, Copy)]
pub struct Invitation<'t> {
    /// Who came, as the directory names them; empty: the care team.
    pub who: &'t str,
    /// When the visit was booked to begin.
    pub began: Millis,
    /// The link works until then.
    pub until: Millis,
    /// Where the patient lives.
    pub zone: Tz,
    /// Where the questions are.
    pub link: &'t str,
}

impl Invitation<'_> {
    /// The words in one of [`LANGUAGES`](super::LANGUAGES); none for an instant that is no
    /// day.
    #[must_use]
    pub fn text(&self, language: &str) -> Option<NoticeText> {
        let (day, last) = (self.local(self.began)?, self.local(self.until)?);
        let link = self.link;
        let who = self.who.trim();
        if language == "es" {
            let who = if who.is_empty() {
                "su equipo de atención"
            } else {
                who
            };
            let (day, last) = (day_in_words(day, "es"), day_in_words(last, "es"));
            return Some(NoticeText {
                subject: "¿Cómo fue su visita?".into(),
                body: format!(
                    "Tuvo una visita con {who} el {day}. Nos gustaría saber cómo fue para usted. Son unos dos minutos, y no tiene que contestar todas las preguntas:\n\n{link}\n\nEl enlace sirve una vez, hasta el {last}. Su equipo de atención y su oficina verán sus respuestas. Nadie las lee en el momento: si necesita ayuda ahora, llame a su equipo de atención o al número de emergencias.\n\nRecibe este mensaje porque aceptó recibir avisos. Para no recibir más, dígaselo a su equipo de atención.\n"
                ),
            });
        }
        let who = if who.is_empty() {
            "your care team"
        } else {
            who
        };
        let (day, last) = (day_in_words(day, "en"), day_in_words(last, "en"));
        Some(NoticeText {
            subject: "How was your visit?".into(),
            body: format!(
                "You had a visit with {who} on {day}. We would like to know how it was for you. It takes about two minutes, and you need not answer every question:\n\n{link}\n\nThe link works once, until {last}. Your care team and its office see your answers. Nobody reads them at once: if you need help now, call your care team or the emergency number.\n\nYou get this message because you agreed to notices. To get no more, tell your care team.\n"
            ),
        })
    }

    fn local(&self, at: Millis) -> Option<NaiveDate> {
        let instant = DateTime::from_timestamp_millis(at.0)?;
        Some(instant.with_timezone(&self.zone).date_naive())
    }
}

/// A day without its year in one of [`LANGUAGES`](super::LANGUAGES), as `August 3`.
#[must_use]
pub fn day_in_words(day: NaiveDate, language: &str) -> String {
    if language == "es" {
        let month = MONTHS_ES.get(day.month0() as usize).unwrap_or(&"");
        return format!("{} de {month}", day.day());
    }
    day.format("%B %-d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_reads_who_was_there_and_until_when_the_link_works_by_their_own_calendar() {
        let zone: Tz = "America/Chicago".parse().unwrap();
        let asked = Invitation {
            who: "Maria Torres",
            // 2026-08-04 03:30 UTC: the evening before, in Chicago.
            began: Millis(1_785_814_200_000),
            until: Millis(1_785_814_200_000 + 14 * 86_400_000),
            zone,
            link: "https://care.example/survey/abc",
        };
        let english = asked.text("en").unwrap();
        assert!(english.body.contains("with Maria Torres on August 3."));
        assert!(english.body.contains("until August 17."));
        assert!(english.body.contains("\nhttps://care.example/survey/abc\n"));
        let spanish = Invitation { who: " ", ..asked }.text("es").unwrap();
        assert!(
            spanish
                .body
                .contains("con su equipo de atención el 3 de agosto.")
        );
        assert!(spanish.body.contains("hasta el 17 de agosto."));
    }
}
