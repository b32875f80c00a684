//! The rows as CSV (RFC 4180), for a spreadsheet or an aggregator's import. It
//! carries no signatures: what is verified is the JSON document.

use super::{Facts, Row};

const HEAD: [&str; 18] = [
    "service_type",
    "service_code",
    "recipient",
    "recipient_id",
    "recipient_mrn",
    "date",
    "location",
    "latitude_deg",
    "longitude_deg",
    "provider",
    "provider_id",
    "begin",
    "end",
    "state",
    "flags",
    "reasons",
    "status",
    "visit",
];

/// The rows with a line of names above, lines ended by CR LF.
#[must_use]
pub fn csv(facts: &Facts, rows: &[Row<'_>]) -> String {
    let head = HEAD.map(str::to_owned);
    let lines = rows.iter().map(|row| fields(facts, row));
    let lines = std::iter::once(head).chain(lines);
    lines
        .map(|line| line.map(|it| cell(&it)).join(",") + "\r\n")
        .collect()
}

fn fields(facts: &Facts, row: &Row<'_>) -> [String; 18] {
    let service = row.of.booking.as_ref().map(|booking| &booking.service);
    let patient = facts.patients.get(&row.of.patient);
    let address = patient.and_then(|patient| patient.address.as_ref());
    let location = address.map_or_else(String::new, |address| {
        let lines = address.lines.iter().map(String::as_str);
        let rest = [&address.city, &address.state, &address.postal_code];
        let parts = lines.chain(rest.into_iter().map(String::as_str));
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    });
    let degrees = |value: Option<f64>| value.map_or_else(String::new, |deg| format!("{deg:.7}"));
    let edge = |edge: &Option<super::Edge>| {
        edge.as_ref()
            .map_or_else(String::new, |edge| edge.local.clone())
    };
    let provider = facts.people.get(&row.provider);
    let flags: Vec<&str> = row.flags.iter().copied().collect();
    let reasons: Vec<&str> = row.reasons.iter().map(|one| one.1.name()).collect();
    [
        service.map_or_else(String::new, |service| service.text.clone()),
        service.map_or_else(String::new, |service| service.code.clone()),
        patient.map_or_else(String::new, homeround::model::Patient::display_name),
        row.of.patient.to_string(),
        patient
            .and_then(|patient| patient.mrn.clone())
            .unwrap_or_default(),
        row.date.clone(),
        location,
        degrees(address.and_then(|address| address.latitude_deg)),
        degrees(address.and_then(|address| address.longitude_deg)),
        provider.map_or_else(String::new, |person| person.name.clone()),
        row.provider.to_string(),
        edge(&row.begin),
        edge(&row.end),
        row.state.name().into(),
        flags.join(" "),
        reasons.join(" "),
        row.of.visit.status.name().into(),
        row.of.id.to_string(),
    ]
}

/// Quoted where it must be. A text that a spreadsheet would take for a formula
/// gets an apostrophe in front; a number stays one.
fn cell(text: &str) -> String {
    let formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        assert_eq!(cell("Saavedra"), "Saavedra");
        assert_eq!(cell("1 Main St, \"B\""), "\"1 Main St, \"\"B\"\"\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("-71.0589000"), "-71.0589000");
        assert_eq!(cell("-71 or so"), "'-71 or so");
    }
}
