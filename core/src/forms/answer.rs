//! One answer, with its type.

use serde_json::{Map, Value, json};

use super::definition::{Item, ItemKind, Unit};
use super::{ANSWER_CHARS_MAX, FormError};
use crate::model::Coding;

/// An answer. In the document it is one JSON value: true or false, a figure or
/// a string as they are, the others as an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A figure.
    Decimal(f64),
    /// `YYYY-MM-DD`.
    Date(String),
    /// An instant with offset, as RFC 3339 has it.
    DateTime(String),
    /// `HH:MM:SS`.
    Time(String),
    /// Words.
    Text(String),
    /// One of the options. Without a code: the person's own words in a choice
    /// that is open.
    Coding(Coding),
    /// A figure with its unit.
    Quantity {
        /// How much.
        value: f64,
        /// In what; the item's own unit where it has one.
        unit: Unit,
    },
}

impl Answer {
    /// The value as it lies in the document.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Bool(yes) => json!(yes),
            Self::Integer(figure) => json!(figure),
            // A whole figure is written whole, so that it reads the same on
            // every phone.
            Self::Decimal(figure) => number(*figure),
            Self::Date(text) | Self::DateTime(text) | Self::Time(text) | Self::Text(text) => {
                json!(text)
            }
            Self::Coding(coding) => json!(coding),
            Self::Quantity { value, unit } => {
                let mut fields = Map::new();
                fields.insert("value".into(), number(*value));
                fields.insert("unit".into(), json!(unit.text));
                if !unit.code.is_empty() {
                    fields.insert("system".into(), json!(unit.system));
                    fields.insert("code".into(), json!(unit.code));
                }
                Value::Object(fields)
            }
        }
    }

    /// Reads what lies in the document as the item means it; none where it
    /// does not fit the item, as what an older version of the form left.
    #[must_use]
    pub fn read(item: &Item, value: &Value) -> Option<Self> {
        let text = || value.as_str().map(str::to_owned);
        match &item.kind {
            ItemKind::Boolean => value.as_bool().map(Self::Bool),
            ItemKind::Integer => whole(value).map(Self::Integer),
            ItemKind::Decimal => value.as_f64().map(Self::Decimal),
            ItemKind::Date => text().filter(|it| is_date(it)).map(Self::Date),
            ItemKind::DateTime => text().filter(|it| is_instant(it)).map(Self::DateTime),
            ItemKind::Time => text().filter(|it| is_time(it)).map(Self::Time),
            ItemKind::Line | ItemKind::Text | ItemKind::Url => text().map(Self::Text),
            ItemKind::Choice => Self::read_choice(item, value),
            ItemKind::Quantity => Self::read_quantity(item, value),
            ItemKind::Group | ItemKind::Display | ItemKind::Unsupported(_) => None,
        }
    }

    fn read_choice(item: &Item, value: &Value) -> Option<Self> {
        if let Some(option) = item
            .options
            .iter()
            .find(|it| it.answer.to_value() == *value)
        {
            return Some(option.answer.clone());
        }
        match value {
            // Answered by an older app, which took any scalar.
            Value::String(text) => {
                let known = item.options.iter().find(|option| match &option.answer {
                    Self::Coding(coding) => coding.code == *text || coding.text == *text,
                    other => other.to_value() == *value,
                });
                Some(known.map_or_else(
                    || Self::Coding(Coding::text(text)),
                    |option| option.answer.clone(),
                ))
            }
            Value::Object(_) => {
                let coding: Coding = serde_json::from_value(value.clone()).ok()?;
                let known = item.options.iter().find(|option| match &option.answer {
                    Self::Coding(one) => same_code(one, &coding),
                    _ => false,
                });
                Some(known.map_or(Self::Coding(coding), |option| option.answer.clone()))
            }
            _ => None,
        }
    }

    fn read_quantity(item: &Item, value: &Value) -> Option<Self> {
        let own = || item.unit.clone().unwrap_or_default();
        match value {
            Value::Number(figure) => Some(Self::Quantity {
                value: figure.as_f64()?,
                unit: own(),
            }),
            Value::Object(fields) => {
                let text = |name: &str| {
                    let text = fields.get(name).and_then(Value::as_str);
                    text.unwrap_or_default().to_owned()
                };
                Some(Self::Quantity {
                    value: fields.get("value")?.as_f64()?,
                    unit: Unit {
                        system: text("system"),
                        code: text("code"),
                        text: text("unit"),
                    },
                })
            }
            _ => None,
        }
    }

    /// The same answer as its item has it: a figure with the item's unit, a code
    /// with the option's words, words of one's own in an open choice.
    #[must_use]
    pub fn fitted(self, item: &Item) -> Self {
        match (&item.kind, self) {
            (ItemKind::Quantity, answer @ (Self::Integer(_) | Self::Decimal(_))) => {
                Self::Quantity {
                    value: answer.figure().unwrap_or_default(),
                    unit: item.unit.clone().unwrap_or_default(),
                }
            }
            (ItemKind::Quantity, Self::Quantity { value, unit }) => {
                let own = item.unit.clone();
                let own = own.filter(|own| own.text == unit.text && unit.code.is_empty());
                Self::Quantity {
                    value,
                    unit: own.unwrap_or(unit),
                }
            }
            (ItemKind::Decimal, answer @ Self::Integer(_)) => {
                Self::Decimal(answer.figure().unwrap_or_default())
            }
            (ItemKind::Integer, answer @ Self::Decimal(_)) => {
                Self::read(item, &answer.to_value()).unwrap_or(answer)
            }
            (ItemKind::Choice, Self::Text(words)) if item.open => {
                Self::Coding(Coding::text(&words))
            }
            (ItemKind::Choice, answer) => {
                let option = item
                    .options
                    .iter()
                    .find(|option| option.answer.same(&answer));
                option.map_or(answer, |option| option.answer.clone())
            }
            (_, answer) => answer,
        }
    }

    /// Checks a new answer against its item: type, range, length, options.
    ///
    /// # Errors
    /// [`FormError`] names the item and what it takes.
    pub fn check(&self, item: &Item) -> Result<(), FormError> {
        let refused = |remedy: String| FormError::new(&item.link_id, "answer", remedy);
        let fits = Self::read(item, &self.to_value()).as_ref() == Some(self)
            || matches!((self, &item.kind), (Self::Decimal(it), ItemKind::Integer) if it.fract() == 0.0);
        let finite = match self {
            Self::Decimal(figure) | Self::Quantity { value: figure, .. } => figure.is_finite(),
            _ => true,
        };
        if !fits || !finite {
            return Err(refused(item.kind.takes().to_owned()));
        }
        self.check_range(item, &refused)?;
        match self {
            Self::Text(text) => {
                let limit = item.max_length.unwrap_or(ANSWER_CHARS_MAX);
                if text.trim().is_empty() {
                    return Err(refused("at least one character; clear the answer".into()));
                }
                if text.chars().count() > limit {
                    return Err(refused(format!("at most {limit} characters")));
                }
                if item.kind == ItemKind::Line && text.contains(['\n', '\r']) {
                    return Err(refused("one line".into()));
                }
                Ok(())
            }
            Self::Coding(coding) if coding.code.is_empty() => {
                let words = coding.text.trim();
                if !item.open {
                    return Err(refused("one of the options".into()));
                }
                if words.is_empty() || words.chars().count() > ANSWER_CHARS_MAX {
                    return Err(refused(format!("1 to {ANSWER_CHARS_MAX} characters")));
                }
                Ok(())
            }
            _ if item.kind == ItemKind::Choice && !item.options.is_empty() => {
                let known = item.options.iter().any(|option| option.answer == *self);
                known
                    .then_some(())
                    .ok_or_else(|| refused("one of the options".into()))
            }
            Self::Quantity { unit, .. } => match &item.unit {
                Some(own) if own != unit => Err(refused(format!("in {}", own.text))),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn check_range(
        &self,
        item: &Item,
        refused: &impl Fn(String) -> FormError,
    ) -> Result<(), FormError> {
        if item.range.holds(self) == Some(false) {
            return Err(refused(item.range.to_string()));
        }
        if let (Some(places), Some(figure)) = (item.decimals, self.figure()) {
            let scaled = figure * 10f64.powi(i32::try_from(places).unwrap_or(i32::MAX));
            if (scaled - scaled.round()).abs() > 1e-6 {
                return Err(refused(format!("at most {places} decimal places")));
            }
        }
        Ok(())
    }

    /// The figure, if it is one.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "forms ask for no figure above 2^53"
    )]
    pub const fn figure(&self) -> Option<f64> {
        match self {
            Self::Integer(figure) => Some(*figure as f64),
            Self::Decimal(figure) | Self::Quantity { value: figure, .. } => Some(*figure),
            _ => None,
        }
    }

    /// The words that stand for a date, an instant or a time.
    pub(super) fn moment(&self) -> Option<&str> {
        match self {
            Self::Date(text) | Self::DateTime(text) | Self::Time(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it means what another one means: codes and not their texts count.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Coding(one), Self::Coding(other)) => same_code(one, other),
            (
                Self::Quantity { value, unit },
                Self::Quantity {
                    value: other,
                    unit: of,
                },
            ) => (value - other).abs() < 1e-9 && (unit.code == of.code && unit.text == of.text),
            _ => match (self.figure(), other.figure()) {
                (Some(one), Some(other)) => (one - other).abs() < 1e-9,
                _ => self == other,
            },
        }
    }

    /// Name and value of the answer's `value[x]`.
    #[must_use]
    pub fn to_fhir(&self) -> (&'static str, Value) {
        match self {
            Self::Bool(yes) => ("valueBoolean", json!(yes)),
            Self::Integer(figure) => ("valueInteger", json!(figure)),
            Self::Decimal(figure) => ("valueDecimal", number(*figure)),
            Self::Date(text) => ("valueDate", json!(text)),
            Self::DateTime(text) => ("valueDateTime", json!(text)),
            Self::Time(text) => ("valueTime", json!(text)),
            Self::Text(text) => ("valueString", json!(text)),
            Self::Coding(coding) if coding.code.is_empty() => ("valueString", json!(coding.text)),
            Self::Coding(coding) => {
                let mut fields = Map::new();
                if !coding.system.is_empty() {
                    fields.insert("system".into(), json!(coding.system));
                }
                fields.insert("code".into(), json!(coding.code));
                if !coding.text.is_empty() {
                    fields.insert("display".into(), json!(coding.text));
                }
                ("valueCoding", Value::Object(fields))
            }
            Self::Quantity { .. } => ("valueQuantity", self.to_value()),
        }
    }

    /// Reads the `value[x]` or `answer[x]` whose name begins with `prefix`.
    pub(super) fn from_fhir(element: &Value, prefix: &str) -> Option<Self> {
        let fields = element.as_object()?;
        let (name, value) = fields.iter().find(|(name, _)| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_uppercase()))
        })?;
        let text = || value.as_str().map(str::to_owned);
        match name.strip_prefix(prefix)? {
            "Boolean" => value.as_bool().map(Self::Bool),
            "Integer" => value.as_i64().map(Self::Integer),
            "Decimal" => value.as_f64().map(Self::Decimal),
            "Date" => text().map(Self::Date),
            "DateTime" => text().map(Self::DateTime),
            "Time" => text().map(Self::Time),
            "String" | "Uri" => text().map(Self::Text),
            "Coding" => Some(Self::Coding(coding_of(value))),
            "Quantity" => Some(Self::Quantity {
                value: value["value"].as_f64()?,
                unit: Unit {
                    system: value["system"].as_str().unwrap_or_default().into(),
                    code: value["code"].as_str().unwrap_or_default().into(),
                    text: value["unit"].as_str().unwrap_or_default().into(),
                },
            }),
            _ => None,
        }
    }
}

/// A FHIR `Coding` as the model has it.
pub(super) fn coding_of(value: &Value) -> Coding {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    Coding::new(text("system"), text("code"), text("display"))
}

fn same_code(one: &Coding, other: &Coding) -> bool {
    if one.code.is_empty() && other.code.is_empty() {
        return one.text == other.text;
    }
    one.code == other.code && one.system == other.system
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let figure = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        (figure.fract() == 0.0 && figure.abs() < 9e15).then_some(figure as i64)
    })
}

/// A figure as JSON: whole ones without a point.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn number(figure: f64) -> Value {
    if figure.fract() == 0.0 && figure.abs() < 9e15 {
        json!(figure as i64)
    } else {
        json!(figure)
    }
}

pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_instant(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

fn is_time(text: &str) -> bool {
    text.len() >= 8 && chrono::NaiveTime::parse_from_str(text, "%H:%M:%S%.f").is_ok()
}
