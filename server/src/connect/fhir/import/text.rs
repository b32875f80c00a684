//! Small readings of datatypes: what a person sees of a name, a code, a figure.

use homeround::model::Coding;

use super::super::types::{
    Concept, ContactPoint, HumanName, Observation, PostalAddress, Quantity, Range,
};

/// The first of some texts that says anything.
pub(crate) fn first_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> &'t str {
    texts
        .into_iter()
        .map(str::trim)
        .find(|text| !text.is_empty())
        .unwrap_or("")
}

/// The text, or none when it says nothing.
pub(crate) fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// At most `limit` bytes of a text, cut between characters.
pub(crate) fn clip(text: &str, limit: usize) -> String {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").to_owned()
}

/// What a person reads of a concept.
pub(crate) fn words(concept: &Concept) -> &str {
    let displays = concept.coding.iter().map(|coding| coding.display.as_str());
    let codes = concept.coding.iter().map(|coding| coding.code.as_str());
    first_of(
        std::iter::once(concept.text.as_str())
            .chain(displays)
            .chain(codes),
    )
}

/// The first code of a concept, with what a person reads.
pub(crate) fn coding(concept: &Concept) -> Coding {
    let code = concept
        .coding
        .iter()
        .find(|coding| !coding.code.is_empty())
        .or(concept.coding.first());
    match code {
        Some(code) => {
            let text = first_of([concept.text.as_str(), &code.display, words(concept)]);
            Coding::new(&code.system, &code.code, text)
        }
        None => Coding::text(concept.text.trim()),
    }
}

/// Every code of a concept that names its system.
pub(crate) fn codings(concept: &Concept) -> Vec<Coding> {
    let coded = concept
        .coding
        .iter()
        .filter(|coding| !coding.code.is_empty() && !coding.system.is_empty());
    coded
        .map(|coding| {
            let text = first_of([coding.display.as_str(), words(concept)]);
            Coding::new(&coding.system, &coding.code, text)
        })
        .collect()
}

/// The first of some concepts, or a text in its place.
pub(crate) fn coding_or(concepts: &[Concept], otherwise: &str) -> Coding {
    concepts
        .iter()
        .map(coding)
        .find(|coding| !coding.text.is_empty())
        .unwrap_or_else(|| Coding::text(otherwise))
}

/// The first code of a concept, alone.
pub(crate) fn code(concept: &Concept) -> &str {
    first_of(concept.coding.iter().map(|coding| coding.code.as_str()))
}

/// The first category's code.
pub(crate) fn category(concepts: &[Concept]) -> Option<String> {
    some(first_of(concepts.iter().map(code)))
}

/// The name to use of several: official, then usual, then any that is not an old one.
pub(crate) fn best_name(names: &[HumanName]) -> Option<&HumanName> {
    let rank = |name: &HumanName| match name.usage.as_str() {
        "official" => 0,
        "usual" => 1,
        "" | "nickname" | "temp" | "anonymous" => 2,
        _ => 3,
    };
    names.iter().min_by_key(|name| rank(name))
}

/// Given names without what a sender marked as absent.
pub(crate) fn given(name: &HumanName) -> Vec<String> {
    name.given
        .iter()
        .flatten()
        .filter_map(|part| some(part))
        .collect()
}

/// A name in one line.
pub(crate) fn full_name(name: &HumanName) -> String {
    if let Some(text) = some(&name.text) {
        return text;
    }
    let mut parts: Vec<String> = name.prefix.iter().filter_map(|part| some(part)).collect();
    parts.extend(given(name));
    parts.extend(some(&name.family));
    parts.join(" ")
}

/// Phone numbers, the preferred one first.
pub(crate) fn phones(points: &[ContactPoint]) -> Vec<String> {
    let mut phones: Vec<&ContactPoint> = points
        .iter()
        .filter(|point| matches!(point.system.as_str(), "phone" | "sms"))
        .filter(|point| point.usage != "old" && !point.value.trim().is_empty())
        .collect();
    phones.sort_by_key(|point| point.rank.unwrap_or(u32::MAX));
    phones
        .iter()
        .map(|point| point.value.trim().to_owned())
        .collect()
}

/// Where somebody lives, of several addresses.
pub(crate) fn best_address(addresses: &[PostalAddress]) -> Option<&PostalAddress> {
    let rank = |address: &PostalAddress| match address.usage.as_str() {
        "home" => 0,
        "" | "temp" => 1,
        "old" => 3,
        _ => 2,
    };
    addresses.iter().min_by_key(|address| rank(address))
}

/// Street lines; an address of one text is one line.
pub(crate) fn lines(address: &PostalAddress) -> Vec<String> {
    let lines: Vec<String> = address
        .line
        .iter()
        .flatten()
        .filter_map(|line| some(line))
        .collect();
    if lines.is_empty() {
        some(&address.text).into_iter().collect()
    } else {
        lines
    }
}

/// A figure with its comparator, as its sender wrote it, and its unit.
pub(crate) fn quantity(quantity: &Quantity) -> Option<(String, Option<String>)> {
    let value = quantity.value.as_ref()?;
    let unit = some(first_of([quantity.code.as_str(), &quantity.unit]));
    Some((format!("{}{}", quantity.comparator, value.0), unit))
}

/// A figure with its unit in one text, as in `20 mg`.
pub(crate) fn quantity_words(amount: &Quantity) -> Option<String> {
    let (value, unit) = quantity(amount)?;
    let unit = some(&amount.unit).or(unit);
    Some(unit.map_or(value.clone(), |unit| format!("{value} {unit}")))
}

/// A range in one text, with its unit.
pub(crate) fn range(range: &Range) -> Option<(String, Option<String>)> {
    let (low, high) = (quantity(&range.low), quantity(&range.high));
    match (low, high) {
        (Some((low, unit)), Some((high, _))) => Some((format!("{low} to {high}"), unit)),
        (Some((low, unit)), None) => Some((format!(">={low}"), unit)),
        (None, Some((high, unit))) => Some((format!("<={high}"), unit)),
        (None, None) => None,
    }
}

/// What an observation or a component of one found, in words or figures, and its unit.
pub(crate) fn value(found: &Observation) -> (Option<String>, Option<String>) {
    if let Some(measured) = found.value_quantity.as_ref().and_then(quantity) {
        return (Some(measured.0), measured.1);
    }
    if let Some(measured) = found.value_range.as_ref().and_then(range) {
        return (Some(measured.0), measured.1);
    }
    let period = |start: &str, end: &str| format!("{start} to {end}");
    let text = found
        .value_codeable_concept
        .as_ref()
        .and_then(|concept| some(words(concept)))
        .or_else(|| found.value_string.as_deref().and_then(some))
        .or_else(|| {
            found
                .value_boolean
                .map(|yes| if yes { "yes" } else { "no" }.to_owned())
        })
        .or_else(|| found.value_integer.map(|figure| figure.to_string()))
        .or_else(|| found.value_time.as_deref().and_then(some))
        .or_else(|| found.value_date_time.as_deref().and_then(some))
        .or_else(|| {
            found
                .value_period
                .as_ref()
                .map(|it| period(&it.start, &it.end))
        })
        .or_else(|| {
            let ratio = found.value_ratio.as_ref()?;
            let above = quantity_words(&ratio.numerator)?;
            Some(format!("{above} : {}", quantity_words(&ratio.denominator)?))
        })
        .or_else(|| {
            found
                .data_absent_reason
                .as_ref()
                .and_then(|why| some(words(why)))
        });
    (text, None)
}
