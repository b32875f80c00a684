//! The words of the screens for iOS, from the words of the screens for Android: one
//! source, so that both say the same in both languages.

use std::collections::{BTreeMap, BTreeSet};
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
    used(house, &strings)?;
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

/// Every key that the kit and the app name exists, in every language.
fn used(house: &House, strings: &BTreeMap<String, Value>) -> Result<(), Trouble> {
    for (key, entry) in strings {
        for (language, path) in SOURCES {
            if entry["localizations"].get(language).is_none() {
                return Err(Trouble::new(
                    format!("the text {key} is missing in {path}"),
                    "translate it there",
                ));
            }
        }
    }
    let folders = ["HomeroundKit/Sources/HomeroundKit/Screens", "App/Sources"];
    let folders = folders.map(|folder| house.root.join("ios").join(folder));
    for file in super::sources(&folders, "swift") {
        let text = fs::read_to_string(&file).unwrap_or_default();
        if let Some(key) = unknown(&text, strings) {
            return Err(Trouble::new(
                format!("{}: there is no text {key}", file.display()),
                "add it to Android's string resources, in both languages",
            ));
        }
    }
    Ok(())
}

/// The first literal that begins as keys do and is none, nor the end of one. Of a literal
/// with something put in, what stands before it counts.
fn unknown(source: &str, strings: &BTreeMap<String, Value>) -> Option<String> {
    let family = |key: &str| key.split('_').next().unwrap_or_default().to_owned();
    let families: BTreeSet<String> = strings.keys().map(|key| family(key)).collect();
    let literals = source
        .lines()
        .flat_map(|line| line.split('"').skip(1).step_by(2));
    let mut named = literals.filter(|literal| {
        let (first, rest) = literal.split_once('_').unwrap_or_default();
        !rest.contains(' ') && families.contains(first)
    });
    named
        .find(|literal| {
            let known = |key: &String| match literal.split_once("\\(") {
                Some((before, _)) => key.starts_with(before),
                None => key == literal || key.ends_with(&format!("_{literal}")),
            };
            !strings.keys().any(known)
        })
        .map(str::to_owned)
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
    fn a_key_that_does_not_exist_is_found_whole_or_by_its_beginning() {
        let keys = [
            "visit_note",
            "status_signed",
            "quarantine_access_ended",
            "access_pets",
        ];
        let strings = keys.map(|key| (key.to_owned(), Value::Null)).into();
        let find = |source| unknown(source, &strings);
        let good =
            r#"told("visit_note"); Words("status_\(one)"); ["access_ended"]; "visit the home_now""#;
        assert_eq!(find(good), None);
        assert_eq!(find(r#"told("visit_nota")"#), Some("visit_nota".into()));
        let began = r#"Words("visit_field_\(name)")"#;
        assert_eq!(find(began), Some(r"visit_field_\(name)".into()));
    }

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
