//! Whether a patient wants notices, as our own export says it in a consent.

use homeround::model::{NoticeWishes, QuietHours, Refused};

use super::super::export::{EXTENSIONS, NOTICE_CONSENT};
use super::super::instant;
use super::super::types as fhir;
use super::beside::stated;
use super::way::{code, part};
use super::{Importer, Skip};

impl Importer<'_> {
    /// Wishes for the chart. Consents to anything else are not used.
    pub(super) fn consent(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Consent = self.parse(at)?;
        let system = format!("{EXTENSIONS}/consent");
        let ours =
            |coding: &fhir::FhirCoding| coding.system == system && coding.code == NOTICE_CONSENT;
        if !source.category.iter().flat_map(|it| &it.coding).any(ours) {
            return Err(Skip::NotUsed);
        }
        stated(&source.status)?;
        let patient = self.about(&source.patient, "patient")?;
        let url = format!("{EXTENSIONS}/notice-wishes");
        let said = source.extension.iter().find(|it| it.url == url);
        let said = said.ok_or_else(|| Skip::Malformed("extension".to_owned()))?;
        let wishes = self.wishes(&source, said);
        let wishes = wishes.ok_or_else(|| Skip::Malformed("extension".to_owned()))?;
        wishes
            .check()
            .map_err(|Refused { field, .. }| Skip::Malformed(field.to_owned()))?;
        let Some(chart) = self.charts.get_mut(&patient) else {
            return Err(Skip::Dangling("patient"));
        };
        chart.notice_wishes = Some(wishes);
        Ok(())
    }

    fn wishes(&self, source: &fhir::Consent, said: &fhir::Extension) -> Option<NoticeWishes> {
        let text = |name: &str| part(said, name).map(|it| it.value_string.clone());
        Some(NoticeWishes {
            by: self.named(said, "by")?,
            at_ms: instant::read(&source.date_time, self.zone)?,
            agreed: match source.provision.kind.as_str() {
                "permit" => true,
                "deny" => false,
                _ => return None,
            },
            wished_by: code(said, "wished-by")?,
            channel: code(said, "channel")?,
            address: text("address").unwrap_or_default(),
            language: text("language"),
            quiet: Some(QuietHours {
                from_minute: minute(&text("quiet-from")?)?,
                until_minute: minute(&text("quiet-until")?)?,
            }),
        })
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}
