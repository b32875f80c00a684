//! The words of the screens for iOS, from the words of the screens for Android: one
//! source, so that both say the same in both languages.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::Trouble;
use crate::house::House;

const SOURCES: [(&str, &str); 2] = [
    ("en", "android/ui/src/main/res/values/strings.xml"),
    ("es", "android/ui/src/main/res/values-es/strings.xml"),
];
const CATALOG: &str = "ios/App/Resources/Localizable.xcstrings";

/// A text, or its forms by plural category.
#[derive(Debug, PartialEq)]
enum Text {
    Plain(String),
    Plural(BTreeMap<String, String>),
}

/// Compares the string catalog with Android's resources, or writes it.
///
/// # Errors
/// [`Trouble`] when they differ.
pub(super) fn catalog(house: &House, write: bool) -> Result<(), Trouble> {
    let mut strings: BTreeMap<String, serde_json::Map<String, Value>> = BTreeMap::new();
    for (language, path) in SOURCES {
        let xml = fs::read_to_string(house.root.join(path)).map_err(|error| {
            Trouble::new(format!("{path} can't be read: {error}"), "restore it")
        })?;
        for (key, text) in read(&xml) {
            let entry = strings.entry(key).or_default();
            entry.insert(language.into(), localization(&text));
        }
    }
    let strings: BTreeMap<String, Value> = strings
        .into_iter()
        .map(|(key, texts)| {
            let entry = json!({ "extractionState": "manual", "localizations": texts });
            (key, entry)
        })
        .collect();
    let catalog = json!({ "sourceLanguage": "en", "strings": strings, "version": "1.0" });
    let text = format!("{catalog:#}\n");
    let path = house.root.join(CATALOG);
    if write {
        return fs::write(&path, text).map_err(|error| {
            Trouble::new(
                format!("{CATALOG} can't be written: {error}"),
                "check the folder",
            )
        });
    }
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    Err(Trouble::new(
        format!("{CATALOG} does not say what Android's string resources say"),
        "cargo xtask swift --strings writes it",
    ))
}

fn localization(text: &Text) -> Value {
    let unit =
        |text: &str| json!({ "stringUnit": { "state": "translated", "value": apple(text) } });
    match text {
        Text::Plain(text) => unit(text),
        Text::Plural(forms) => {
            let forms: BTreeMap<&String, Value> = forms
                .iter()
                .map(|(form, text)| (form, unit(text)))
                .collect();
            json!({ "variations": { "plural": forms } })
        }
    }
}

/// `%1$s` is `%1$@` on Apple's platforms, and `%d` is `%lld`.
fn apple(text: &str) -> String {
    let text = text.replace("%d", "%lld").replace("%s", "%@");
    (1..=9).fold(text, |text, at| {
        text.replace(&format!("%{at}$s"), &format!("%{at}$@"))
    })
}

/// Reads string resources as this project writes them: an element a line.
fn read(xml: &str) -> BTreeMap<String, Text> {
    let mut found = BTreeMap::new();
    let mut plural: Option<(String, BTreeMap<String, String>)> = None;
    for line in xml.lines().map(str::trim) {
        if let Some(key) = attribute(line, "<plurals name=") {
            plural = Some((key, BTreeMap::new()));
        } else if line == "</plurals>" {
            if let Some((key, forms)) = plural.take() {
                found.insert(key, Text::Plural(forms));
            }
        } else if let Some(form) = attribute(line, "<item quantity=") {
            if let Some((_, forms)) = &mut plural {
                forms.insert(form, content(line));
            }
        } else if let Some(key) = attribute(line, "<string name=") {
            found.insert(key, Text::Plain(content(line)));
        }
    }
    found
}

fn attribute(line: &str, before: &str) -> Option<String> {
    let rest = line.strip_prefix(before)?.strip_prefix('"')?;
    Some(rest.split('"').next()?.to_owned())
}

fn content(line: &str) -> String {
    let start = line.find('>').map_or(0, |at| at + 1);
    let end = line.rfind("</").unwrap_or(line.len());
    line.get(start..end)
        .unwrap_or_default()
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_plurals_are_read_and_places_are_apples() {
        let xml = r#"<resources>
            <string name="a">One &amp; %1$s, %2$s</string>
            <plurals name="b">
                <item quantity="one">%d visit</item>
                <item quantity="other">%d visits</item>
            </plurals>
        </resources>"#;
        let read = read(xml);
        assert_eq!(read["a"], Text::Plain("One & %1$s, %2$s".into()));
        assert_eq!(apple("One %1$s of %s, %d"), "One %1$@ of %@, %lld");
        let Text::Plural(forms) = &read["b"] else {
            panic!("a plural");
        };
        assert_eq!(forms["other"], "%d visits");
    }
}
