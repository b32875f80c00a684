//! Reads a FHIR R4 `Questionnaire`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::Answer;
use super::definition::{Choice, Condition, Definition, Item, ItemKind, Operator, Range, Unit};
use super::key::{KEY_BYTES_MAX, ROW_BYTES, escape};
use super::path::Expression;
use super::words::Words;
use super::{DEFINITION_BYTES_MAX, FormError, ITEM_DEPTH_MAX, ITEMS_MAX, OPTIONS_MAX, REPEATS_MAX};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";
const SDC: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-";

impl Definition {
    /// Reads a questionnaire's JSON.
    ///
    /// Taken from FHIR R4 and *Structured Data Capture*: groups, nested and
    /// repeating items, `required`, `readOnly`, `enableWhen` with every
    /// operator, `initial`, `maxLength`, `answerOption`, a contained
    /// `answerValueSet`, and of extensions `minValue`, `maxValue`,
    /// `maxDecimalPlaces`, `questionnaire-unit`, `questionnaire-minOccurs`,
    /// `questionnaire-maxOccurs`, `questionnaire-hidden`,
    /// `questionnaire-optionExclusive`, `ordinalValue`, `itemWeight`, `variable`
    /// (of the whole form), `calculatedExpression`, `translation`. Everything
    /// else is kept in [`source`](Self::source) and has no effect. Options that
    /// lie in a value set elsewhere can't be listed offline: such a choice takes
    /// words.
    ///
    /// # Errors
    /// [`FormError`] names the item and the element: link ids that are missing,
    /// not unique or too long, unknown types and operators, conditions on items
    /// that are not there, expressions beyond [`path`](super::path), and sizes
    /// above the limits of [`super`].
    pub fn parse(json: &str) -> Result<Self, FormError> {
        if json.len() > DEFINITION_BYTES_MAX {
            let limit = format!("at most {DEFINITION_BYTES_MAX} bytes");
            return Err(FormError::new("", "Questionnaire", limit));
        }
        let source: Value = serde_json::from_str(json)
            .map_err(|error| FormError::new("", "Questionnaire", format!("JSON, {error}")))?;
        Self::from_value(source)
    }

    /// As [`parse`](Self::parse), of JSON that is read already.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_value(source: Value) -> Result<Self, FormError> {
        let of_root = |field, remedy: &str| FormError::new("", field, remedy);
        if source["resourceType"] != "Questionnaire" {
            return Err(of_root("resourceType", "Questionnaire"));
        }
        let text = |name: &str| source[name].as_str().unwrap_or_default().to_owned();
        let (url, version) = (text("url"), text("version"));
        if url.is_empty() || url.contains(['|', ' ', '\n']) {
            return Err(of_root("url", "a canonical address without version"));
        }
        if version.contains(['|', ' ', '\n']) {
            return Err(of_root("version", "a version without | and spaces"));
        }
        let mut reader = Reader {
            contained: &source["contained"],
            known: BTreeSet::new(),
        };
        let items = reader.items(&source, 1, 0)?;
        if items.is_empty() {
            return Err(of_root("item", "at least one item"));
        }
        check_conditions(&items, &reader.known)?;
        let title = Words::of(&source, "title");
        Ok(Self {
            title: if title.is_empty() {
                Words::of(&source, "name")
            } else {
                title
            },
            description: Words::of(&source, "description"),
            copyright: text("copyright"),
            status: text("status"),
            variables: variables(&source)?,
            items,
            url,
            version,
            source,
        })
    }
}

struct Reader<'a> {
    contained: &'a Value,
    known: BTreeSet<String>,
}

impl Reader<'_> {
    /// The items in an element; `rows`: how many things around them repeat.
    fn items(&mut self, of: &Value, depth: usize, rows: usize) -> Result<Vec<Item>, FormError> {
        let list = of["item"].as_array().map_or(&[][..], Vec::as_slice);
        list.iter()
            .map(|item| self.item(item, depth, rows))
            .collect()
    }

    fn item(&mut self, of: &Value, depth: usize, rows: usize) -> Result<Item, FormError> {
        let link_id = of["linkId"].as_str().unwrap_or_default().to_owned();
        let wrong = |field, remedy: String| FormError::new(&link_id, field, remedy);
        if link_id.is_empty() {
            return Err(wrong("linkId", "a link id on every item".into()));
        }
        if depth > ITEM_DEPTH_MAX || self.known.len() >= ITEMS_MAX {
            let limit = format!("at most {ITEMS_MAX} items, {ITEM_DEPTH_MAX} deep");
            return Err(wrong("item", limit));
        }
        if !self.known.insert(link_id.clone()) {
            return Err(wrong("linkId", "a link id of its own".into()));
        }
        let repeats = of["repeats"] == true;
        let rows = rows + usize::from(repeats);
        let room = KEY_BYTES_MAX.saturating_sub(rows * ROW_BYTES);
        if escape(&link_id).len() > room {
            return Err(wrong("linkId", format!("at most {room} bytes here")));
        }
        let (kind, open) = kind(of).map_err(|remedy| wrong("type", remedy))?;
        let options = self.options(of, &link_id)?;
        let external = matches!(kind, ItemKind::Choice) && options.is_empty();
        let item = Item {
            prefix: of["prefix"].as_str().unwrap_or_default().to_owned(),
            text: Words::of(of, "text"),
            required: of["required"] == true,
            read_only: of["readOnly"] == true,
            hidden: extension(of, CORE, "questionnaire-hidden")
                .is_some_and(|it| it["valueBoolean"] == true),
            max_length: limit(&of["maxLength"]),
            decimals: extension(of, CORE, "maxDecimalPlaces")
                .and_then(|it| it["valueInteger"].as_u64()?.try_into().ok()),
            occurs: occurs(of),
            range: Range {
                min: extension(of, CORE, "minValue").and_then(|it| Answer::from_fhir(it, "value")),
                max: extension(of, CORE, "maxValue").and_then(|it| Answer::from_fhir(it, "value")),
            },
            unit: unit(of),
            // Where the options are elsewhere, words are all there is.
            open: open || external,
            conditions: conditions(of, &link_id)?,
            any: behaviour(of, &link_id)?,
            initial: Vec::new(),
            calculated: calculated(of, &link_id)?,
            items: self.items(of, depth + 1, rows)?,
            options,
            repeats,
            kind,
            link_id,
        };
        with_initial(item, of)
    }

    fn options(&self, of: &Value, link_id: &str) -> Result<Vec<Choice>, FormError> {
        let listed = of["answerOption"].as_array().map_or(&[][..], Vec::as_slice);
        if listed.len() > OPTIONS_MAX {
            let limit = format!("at most {OPTIONS_MAX} options");
            return Err(FormError::new(link_id, "answerOption", limit));
        }
        if listed.is_empty() {
            return Ok(self.value_set(of).unwrap_or_default());
        }
        listed
            .iter()
            .map(|option| {
                let answer = Answer::from_fhir(option, "value").ok_or_else(|| {
                    let remedy = "a coding, string, integer, date or time";
                    FormError::new(link_id, "answerOption", remedy)
                })?;
                Ok(Choice {
                    text: match &answer {
                        Answer::Coding(coding) if coding.text.is_empty() => {
                            Words::new(&coding.code)
                        }
                        Answer::Coding(_) => Words::of(&option["valueCoding"], "display"),
                        Answer::Text(text) => Words::new(text),
                        other => Words::new(&other.to_value().to_string().replace('"', "")),
                    },
                    score: score(option).or_else(|| score(&option["valueCoding"])),
                    initial: option["initialSelected"] == true,
                    exclusive: extension(option, CORE, "questionnaire-optionExclusive")
                        .is_some_and(|it| it["valueBoolean"] == true),
                    answer,
                })
            })
            .collect()
    }

    /// The concepts of a value set that the questionnaire carries itself.
    fn value_set(&self, of: &Value) -> Option<Vec<Choice>> {
        let name = of["answerValueSet"].as_str()?.strip_prefix('#')?;
        let sets = self.contained.as_array()?;
        let set = sets.iter().find(|set| set["id"] == name)?;
        let expanded = set["expansion"]["contains"].as_array();
        let listed: Vec<(&str, &Value)> = match expanded {
            Some(concepts) => concepts
                .iter()
                .map(|it| (it["system"].as_str().unwrap_or_default(), it))
                .collect(),
            None => set["compose"]["include"]
                .as_array()?
                .iter()
                .flat_map(|part| {
                    let system = part["system"].as_str().unwrap_or_default();
                    let concepts = part["concept"].as_array();
                    concepts.into_iter().flatten().map(move |it| (system, it))
                })
                .collect(),
        };
        let choices = listed
            .into_iter()
            .take(OPTIONS_MAX)
            .map(|(system, concept)| {
                let text = |name: &str| concept[name].as_str().unwrap_or_default();
                let coding = crate::model::Coding::new(system, text("code"), text("display"));
                Choice {
                    answer: Answer::Coding(coding),
                    text: Words::of(concept, "display"),
                    score: score(concept),
                    initial: false,
                    exclusive: false,
                }
            });
        Some(choices.collect())
    }
}

fn kind(of: &Value) -> Result<(ItemKind, bool), String> {
    let name = of["type"].as_str().unwrap_or_default();
    let kind = match name {
        "group" => ItemKind::Group,
        "display" => ItemKind::Display,
        "boolean" => ItemKind::Boolean,
        "integer" => ItemKind::Integer,
        "decimal" => ItemKind::Decimal,
        "date" => ItemKind::Date,
        "dateTime" => ItemKind::DateTime,
        "time" => ItemKind::Time,
        "string" => ItemKind::Line,
        "text" => ItemKind::Text,
        "url" => ItemKind::Url,
        "choice" | "open-choice" => ItemKind::Choice,
        "quantity" => ItemKind::Quantity,
        "attachment" | "reference" => ItemKind::Unsupported(name.to_owned()),
        _ => return Err("an item type of FHIR R4, as group, choice or decimal".into()),
    };
    Ok((kind, name == "open-choice"))
}

/// What an item begins with: `initial`, and options that are chosen already.
fn with_initial(mut item: Item, of: &Value) -> Result<Item, FormError> {
    let written = of["initial"].as_array().map_or(&[][..], Vec::as_slice);
    let written = written
        .iter()
        .filter_map(|it| Answer::from_fhir(it, "value"));
    let chosen = item.options.iter().filter(|option| option.initial);
    let mut initial: Vec<Answer> = written
        .chain(chosen.map(|option| option.answer.clone()))
        .collect();
    for answer in &mut initial {
        // An option is written by its code alone.
        if let Some(option) = item.options.iter().find(|it| it.answer.same(answer)) {
            *answer = option.answer.clone();
        }
        answer
            .check(&item)
            .map_err(|error| FormError::new(&item.link_id, "initial", error.remedy))?;
    }
    if initial.len() > 1 && !item.repeats {
        let remedy = "one initial answer where the item does not repeat";
        return Err(FormError::new(&item.link_id, "initial", remedy));
    }
    item.initial = initial;
    Ok(item)
}

fn conditions(of: &Value, link_id: &str) -> Result<Vec<Condition>, FormError> {
    let listed = of["enableWhen"].as_array().map_or(&[][..], Vec::as_slice);
    let wrong = |remedy: &str| FormError::new(link_id, "enableWhen", remedy);
    listed
        .iter()
        .map(|condition| {
            let operator = match condition["operator"].as_str().unwrap_or_default() {
                "exists" => Operator::Exists,
                "=" => Operator::Equals,
                "!=" => Operator::NotEquals,
                ">" => Operator::Greater,
                "<" => Operator::Less,
                ">=" => Operator::AtLeast,
                "<=" => Operator::AtMost,
                _ => return Err(wrong("an operator: exists = != > < >= <=")),
            };
            let answer = Answer::from_fhir(condition, "answer")
                .ok_or_else(|| wrong("an answer[x] to compare with"))?;
            if operator == Operator::Exists && !matches!(answer, Answer::Bool(_)) {
                return Err(wrong("an answerBoolean beside exists"));
            }
            let question = condition["question"].as_str().unwrap_or_default();
            Ok(Condition {
                question: question.to_owned(),
                operator,
                answer,
            })
        })
        .collect()
}

/// Whether one of several conditions is enough.
fn behaviour(of: &Value, link_id: &str) -> Result<bool, FormError> {
    match of["enableBehavior"].as_str() {
        Some("any") => Ok(true),
        None | Some("all") => Ok(false),
        Some(_) => Err(FormError::new(link_id, "enableBehavior", "all or any")),
    }
}

fn check_conditions(items: &[Item], known: &BTreeSet<String>) -> Result<(), FormError> {
    items.iter().try_for_each(|item| {
        let stray = item
            .conditions
            .iter()
            .any(|it| !known.contains(&it.question));
        if stray {
            let remedy = "the link id of an item of this questionnaire";
            return Err(FormError::new(&item.link_id, "enableWhen.question", remedy));
        }
        check_conditions(&item.items, known)
    })
}

fn calculated(of: &Value, link_id: &str) -> Result<Option<Expression>, FormError> {
    let Some(extension) = extension(of, SDC, "calculatedExpression") else {
        return Ok(None);
    };
    expression(
        &extension["valueExpression"],
        link_id,
        "calculatedExpression",
    )
    .map(Some)
}

fn variables(source: &Value) -> Result<Vec<(String, Expression)>, FormError> {
    let url = format!("{CORE}variable");
    let listed = source["extension"].as_array().into_iter().flatten();
    listed
        .filter(|extension| extension["url"] == url)
        .map(|extension| {
            let value = &extension["valueExpression"];
            let name = value["name"].as_str().unwrap_or_default().to_owned();
            if name.is_empty() {
                return Err(FormError::new("", "variable", "a name"));
            }
            Ok((name, expression(value, "", "variable")?))
        })
        .collect()
}

fn expression(of: &Value, item: &str, field: &'static str) -> Result<Expression, FormError> {
    if of["language"] != "text/fhirpath" {
        return Err(FormError::new(
            item,
            field,
            "an expression in text/fhirpath",
        ));
    }
    let text = of["expression"].as_str().unwrap_or_default();
    Expression::parse(text).map_err(|error| FormError::new(item, field, error.to_string()))
}

/// The extension `name` of one of HL7's two families.
fn extension<'v>(of: &'v Value, family: &str, name: &str) -> Option<&'v Value> {
    let listed = of["extension"].as_array()?;
    listed.iter().find(|extension| {
        let url = extension["url"].as_str().unwrap_or_default();
        url.strip_prefix(family) == Some(name)
    })
}

fn score(of: &Value) -> Option<f64> {
    let found = extension(of, CORE, "ordinalValue").or_else(|| extension(of, CORE, "itemWeight"));
    found?["valueDecimal"].as_f64()
}

fn unit(of: &Value) -> Option<Unit> {
    let coding = &extension(of, CORE, "questionnaire-unit")?["valueCoding"];
    let text = |name: &str| coding[name].as_str().unwrap_or_default().to_owned();
    let (code, display) = (text("code"), text("display"));
    Some(Unit {
        system: text("system"),
        text: if display.is_empty() {
            code.clone()
        } else {
            display
        },
        code,
    })
}

fn occurs(of: &Value) -> (usize, usize) {
    let bound = |name| extension(of, CORE, name).and_then(|it| limit(&it["valueInteger"]));
    let least = bound("questionnaire-minOccurs").unwrap_or(0);
    let most = bound("questionnaire-maxOccurs").unwrap_or(REPEATS_MAX);
    (least.min(REPEATS_MAX), most.min(REPEATS_MAX))
}

fn limit(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|it| usize::try_from(it).ok())
}
