//! What a person reads, in the languages that a questionnaire has.

use std::collections::BTreeMap;

use serde_json::Value;

const TRANSLATION: &str = "http://hl7.org/fhir/StructureDefinition/translation";

/// A text and its translations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    own: String,
    /// By BCP 47 language, in lower case.
    translations: BTreeMap<String, String>,
}

impl Words {
    /// Text in one language.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            own: text.to_owned(),
            translations: BTreeMap::new(),
        }
    }

    /// Reads the string `name` of a FHIR element, and its translations from
    /// the twin `_name`.
    pub(crate) fn of(element: &Value, name: &str) -> Self {
        let mut words = Self::new(element[name].as_str().unwrap_or_default());
        let twin = &element[format!("_{name}")]["extension"];
        for extension in twin.as_array().into_iter().flatten() {
            if extension["url"] != TRANSLATION {
                continue;
            }
            let part = |wanted: &str| {
                let parts = extension["extension"].as_array()?;
                let part = parts.iter().find(|part| part["url"] == wanted)?;
                let value = part.as_object()?;
                value
                    .iter()
                    .find_map(|(key, value)| key.starts_with("value").then(|| value.as_str())?)
            };
            if let (Some(language), Some(content)) = (part("lang"), part("content")) {
                words
                    .translations
                    .insert(language.to_lowercase(), content.to_owned());
            }
        }
        words
    }

    /// The text in a language (BCP 47, as `es` or `es-MX`), else in the wider
    /// language, else as the questionnaire has it.
    #[must_use]
    pub fn in_language(&self, language: &str) -> &str {
        let language = language.to_lowercase();
        let mut tag = language.as_str();
        loop {
            if let Some(text) = self.translations.get(tag) {
                return text;
            }
            match tag.rsplit_once('-') {
                Some((wider, _)) => tag = wider,
                None => return &self.own,
            }
        }
    }

    /// The text as the questionnaire has it.
    #[must_use]
    pub fn own(&self) -> &str {
        &self.own
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }
}
