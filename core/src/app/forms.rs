//! Forms: which can be filled, and filling one, answer by answer.
//!
//! A form is pinned to its questionnaire's canonical address with version when
//! it begins. Definitions are never replaced: those that come with the app stay
//! in the app, and each version that the backend sends is a record of its own.
//! So a later version of a form breaks no answer to an earlier one, and where a
//! definition is not on this phone the answers are still read as they lie.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Homeround;
use super::edit::{Desk, Saved};
use super::error::AppError;
use super::visit::{VisitHandle, put};
use crate::forms::{
    Answer, Definition, Filled, FormError, Key, SHIPPED, Words, is_survey, shipped,
};
use crate::merge::Op;
use crate::model::{EntryId, Form, Millis, RecordId, RecordKind};
use crate::store::Rows;

/// Questionnaires that are looked through at a time.
const PAGE: u32 = 50;

/// A form that can be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormOffer {
    /// Canonical address with version: what [`VisitHandle::start_form`] takes.
    pub questionnaire: String,
    /// What it is called.
    pub title: Words,
    /// What it is for.
    pub description: Words,
    /// On whose permission it is used.
    pub copyright: String,
    /// It comes with the app; else the organisation's backend sent it.
    pub shipped: bool,
}

/// A form of a visit, with what is needed to judge and show it.
#[derive(Debug, Clone)]
pub struct OpenForm {
    /// Which.
    pub id: EntryId,
    /// Canonical address with version that it is pinned to.
    pub questionnaire: String,
    /// What it asks; none: not on this phone, or not to be read here.
    pub definition: Option<Definition>,
    /// Why the definition can't be read, where it is there.
    pub trouble: Option<FormError>,
    /// The answers as they lie, by key.
    pub answers: BTreeMap<String, Value>,
    /// Keys on which people disagree.
    pub conflicts: BTreeSet<String>,
    /// When somebody said that it is complete.
    pub completed_at: Option<Millis>,
}

impl OpenForm {
    /// Every item with its answers and what is wrong; none without a definition.
    #[must_use]
    pub fn filled(&self) -> Option<Filled<'_>> {
        let definition = self.definition.as_ref()?;
        Some(Filled::judge(definition, &self.answers))
    }
}

/// Enough of a questionnaire to know whether it is the one.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    url: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    version: std::borrow::Cow<'a, str>,
}

impl Homeround {
    /// The forms that can be begun on this phone, in the order of their titles: of
    /// each its latest version, where that is active.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn forms(&self) -> Result<Vec<FormOffer>, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let mut latest: BTreeMap<String, (Definition, bool)> = BTreeMap::new();
        let mut offer = |definition: Definition, shipped: bool| {
            // The patient's, and no form of a clinician's.
            if is_survey(&definition.url) {
                return;
            }
            let known = latest.get(&definition.url);
            let newer = known.is_none_or(|(known, _)| {
                by_version(&known.version, &definition.version) == Ordering::Less
            });
            if newer {
                latest.insert(definition.url.clone(), (definition, shipped));
            }
        };
        for form in SHIPPED {
            if let Ok(definition) = Definition::parse(form.json) {
                offer(definition, true);
            }
        }
        each_questionnaire(&reader, |body| {
            if let Ok(definition) = Definition::parse(body) {
                offer(definition, false);
            }
            None::<()>
        })?;
        let active = latest.into_values().filter(|(it, _)| it.status == "active");
        let mut offers: Vec<FormOffer> = active
            .map(|(definition, shipped)| FormOffer {
                questionnaire: definition.canonical(),
                title: definition.title,
                description: definition.description,
                copyright: definition.copyright,
                shipped,
            })
            .collect();
        offers.sort_by(|one, other| one.title.own().cmp(other.title.own()));
        Ok(offers)
    }

    /// The definition of a canonical address with version; none: not on this
    /// phone.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn questionnaire(
        &self,
        canonical: &str,
    ) -> Result<Option<Result<Definition, FormError>>, AppError> {
        let reads = self.inner.reads()?;
        definition(&*reads.store.reader()?, canonical)
    }
}

impl VisitHandle {
    /// Begins a form: pins the questionnaire's version and sets its initial
    /// answers. [`Saved::entry`] is the form.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `questionnaire` for one that is not on this phone
    /// or can't be filled; [`AppError::Signed`]; [`AppError::NotAllowed`].
    pub fn start_form(&self, questionnaire: &str) -> Result<Saved, AppError> {
        let definition = self.definition(questionnaire)?;
        self.edit("form", |desk| {
            let begun = desk.add_item("forms", serde_json::Map::new())?;
            let mut answers = serde_json::Map::new();
            for (key, value) in definition.initial(|| desk.mint())? {
                answers.insert(key.to_string(), value);
            }
            let Op::AddItem {
                section,
                id,
                mut fields,
            } = begun
            else {
                return Err(AppError::Failed { code: "form" });
            };
            fields.insert("questionnaire".into(), json!(definition.canonical()));
            fields.insert("answers".into(), Value::Object(answers));
            Ok(vec![Op::AddItem {
                section,
                id,
                fields,
            }])
        })
    }

    /// A form of this visit, with its definition and its conflicts.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another visit's form; as [`read`](Self::read).
    pub fn form(&self, form: EntryId) -> Result<OpenForm, AppError> {
        let mut visit = self.read()?;
        let found = visit.forms.remove(&form);
        let found = found.ok_or(AppError::NotFound { what: "form" })?;
        let prefix = format!("forms/{form}/answers/");
        let conflicts = self.conflicts()?;
        let keys = conflicts
            .iter()
            .filter_map(|it| it.path.0.strip_prefix(&prefix));
        let reads = self.inner.reads()?;
        let known = definition(&*reads.store.reader()?, &found.questionnaire)?;
        let (definition, trouble) = match known {
            Some(Ok(definition)) => (Some(definition), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        Ok(OpenForm {
            id: form,
            conflicts: keys.map(str::to_owned).collect(),
            questionnaire: found.questionnaire,
            answers: found.answers,
            completed_at: found.completed_at_ms,
            definition,
            trouble,
        })
    }

    /// Answers one question. `key` is the place that the form's item says; of a
    /// repeating question the item's own place adds an answer. A figure takes the
    /// item's unit.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the item by its link id and says what it takes;
    /// on `form` when it is complete; [`AppError::NotFound`];
    /// [`AppError::Signed`]; [`AppError::NotAllowed`].
    pub fn set_answer(&self, form: EntryId, key: &str, answer: &Answer) -> Result<Saved, AppError> {
        let key = parse(key)?;
        self.fill(form, |filled, desk| {
            let item = must_take(filled, &key)?;
            let answer = answer.clone().fitted(item);
            answer.check(item).map_err(form_error)?;
            let mut at = key.clone();
            let further = item.repeats && filled.is_head(&key);
            if further {
                must_have_room(filled, &key)?;
                at.rows.push(desk.mint()?);
            }
            Ok(vec![answer_at(form, &at, answer.to_value())])
        })
    }

    /// Takes an answer back; its place is open again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where nothing is answered; as
    /// [`set_answer`](Self::set_answer).
    pub fn clear_answer(&self, form: EntryId, key: &str) -> Result<Saved, AppError> {
        let written = key.to_owned();
        self.fill(form, |_, desk| {
            let stands = &desk.view["forms"][form.to_string()]["answers"][&written];
            if stands.is_null() {
                return Err(AppError::NotFound { what: "answer" });
            }
            let path = format!("forms/{form}/answers/{written}");
            Ok(vec![put(&path, Value::Null)])
        })
    }

    /// Adds a repetition of a repeating group, with its initial answers.
    /// [`Saved::entry`] is the repetition: the last id in the keys of its items.
    ///
    /// # Errors
    /// [`AppError::Refused`] on the item when there are enough; as
    /// [`set_answer`](Self::set_answer).
    pub fn add_repetition(&self, form: EntryId, key: &str) -> Result<Saved, AppError> {
        let key = parse(key)?;
        self.fill(form, |filled, desk| {
            let item = filled.definition().item(&key.link_id);
            let group = item.filter(|item| item.repeats && !item.is_question());
            let group = group.ok_or_else(|| refused(&key, "a group that repeats"))?;
            if !filled.is_head(&key) {
                return Err(refused(&key, "a group that is shown"));
            }
            must_have_room(filled, &key)?;
            let mut at = key.clone();
            at.rows.push(desk.mint()?);
            let begins = filled
                .definition()
                .initial_of(&group.items, &at.rows, &mut || desk.mint())?;
            let mut ops = vec![answer_at(form, &at, Value::Bool(true))];
            let begins = begins.into_iter();
            ops.extend(begins.map(|(key, value)| answer_at(form, &key, value)));
            Ok(ops)
        })
    }

    /// Takes a repetition of a group away, with its answers. What a colleague
    /// answers in it at the same time keeps it in sight.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there; as
    /// [`set_answer`](Self::set_answer).
    pub fn remove_repetition(&self, form: EntryId, key: &str) -> Result<Saved, AppError> {
        let key = parse(key)?;
        self.fill(form, |filled, desk| {
            let item = filled.definition().item(&key.link_id);
            let group = item.is_some_and(|item| item.repeats && !item.is_question());
            if !group || !filled.is_repetition(&key) {
                return Err(AppError::NotFound { what: "repetition" });
            }
            let mut ops = Vec::new();
            let marks = &desk.view["forms"][form.to_string()]["answers"][key.to_string()];
            if *marks != Value::Bool(false) {
                ops.push(answer_at(form, &key, Value::Bool(false)));
            }
            let stored = filled.stored_in(&key).into_iter();
            ops.extend(stored.map(|key| answer_at(form, &key, Value::Null)));
            Ok(ops)
        })
    }

    /// Says that the form is complete.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `form` with the link ids of the items that are
    /// missing or wrong; as [`set_answer`](Self::set_answer).
    pub fn complete_form(&self, form: EntryId) -> Result<Saved, AppError> {
        self.fill(form, |filled, desk| {
            let completion = filled.completion();
            if !completion.is_complete() {
                let open = completion.missing.iter().chain(&completion.wrong);
                let names: BTreeSet<&str> = open.map(|key| key.link_id.as_str()).collect();
                let names: Vec<&str> = names.into_iter().collect();
                return Err(AppError::Refused {
                    field: "form".into(),
                    limit: format!("an answer that fits to each of: {}", names.join(", ")),
                });
            }
            let path = format!("forms/{form}/completed_at_ms");
            Ok(vec![put(&path, json!(desk.stamp.best()))])
        })
    }

    /// Opens a complete form again, to change an answer.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `form` when it is open; [`AppError::NotFound`];
    /// [`AppError::Signed`]; [`AppError::NotAllowed`].
    pub fn reopen_form(&self, form: EntryId) -> Result<Saved, AppError> {
        self.edit("form", |desk| {
            if form_of(desk, form)?.completed_at_ms.is_none() {
                return Err(AppError::Refused {
                    field: "form".into(),
                    limit: "a complete form".into(),
                });
            }
            let path = format!("forms/{form}/completed_at_ms");
            Ok(vec![put(&path, Value::Null)])
        })
    }

    /// An edit of an open form, judged as it stands in the same transaction.
    fn fill(
        &self,
        form: EntryId,
        make: impl FnOnce(&Filled<'_>, &mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        let visit = self.read()?;
        let pinned = visit.forms.get(&form);
        let pinned = pinned.ok_or(AppError::NotFound { what: "form" })?;
        let definition = self.definition(&pinned.questionnaire)?;
        self.edit("form", |desk| {
            let stands = form_of(desk, form)?;
            if stands.completed_at_ms.is_some() {
                return Err(AppError::Refused {
                    field: "form".into(),
                    limit: "an open form; open it again to change an answer".into(),
                });
            }
            make(&Filled::judge(&definition, &stands.answers), desk)
        })
    }

    fn definition(&self, canonical: &str) -> Result<Definition, AppError> {
        let reads = self.inner.reads()?;
        let known = definition(&*reads.store.reader()?, canonical)?;
        let known = known.ok_or_else(|| AppError::Refused {
            field: "questionnaire".into(),
            limit: "one that is on this phone, with its version".into(),
        })?;
        known.map_err(|error| AppError::Refused {
            field: "questionnaire".into(),
            limit: error.to_string(),
        })
    }
}

fn form_of(desk: &Desk<'_>, form: EntryId) -> Result<Form, AppError> {
    let found = desk.view["forms"].get(form.to_string());
    let found = found.ok_or(AppError::NotFound { what: "form" })?;
    Form::deserialize(found).map_err(|_| AppError::Failed { code: "shape" })
}

/// The definition of a canonical address: of the app, else of the backend.
pub(super) fn definition(
    rows: &Rows,
    canonical: &str,
) -> Result<Option<Result<Definition, FormError>>, AppError> {
    if let Some(known) = shipped(canonical) {
        return Ok(Some(known));
    }
    let (url, version) = canonical.split_once('|').unwrap_or((canonical, ""));
    each_questionnaire(rows, |body| {
        let head: Head<'_> = serde_json::from_str(body).ok()?;
        (head.url == url && head.version == version).then(|| Definition::parse(body))
    })
}

/// Looks at each questionnaire of the backend until `look` finds something.
fn each_questionnaire<T>(
    rows: &Rows,
    mut look: impl FnMut(&str) -> Option<T>,
) -> Result<Option<T>, AppError> {
    let mut after: Option<RecordId> = None;
    loop {
        let page = rows.records(RecordKind::Questionnaire, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        after = Some(last.id);
        for body in page.iter().filter_map(|record| record.body.as_deref()) {
            if let Some(found) = look(body) {
                return Ok(Some(found));
            }
        }
    }
}

/// Versions by their parts, figures as figures: 1.10 is later than 1.9.
pub(super) fn by_version(one: &str, other: &str) -> Ordering {
    let parts = |text: &str| -> Vec<(u64, String)> {
        let parts = text.split(['.', '-']);
        parts
            .map(|part| {
                part.parse()
                    .map_or_else(|_| (0, part.to_owned()), |it| (it, String::new()))
            })
            .collect()
    };
    parts(one).cmp(&parts(other))
}

fn parse(key: &str) -> Result<Key, AppError> {
    Key::parse(key).ok_or_else(|| AppError::Refused {
        field: "key".into(),
        limit: "the place that an item of the form says".into(),
    })
}

fn refused(key: &Key, limit: &str) -> AppError {
    AppError::Refused {
        field: key.link_id.clone(),
        limit: limit.into(),
    }
}

fn form_error(error: FormError) -> AppError {
    AppError::Refused {
        field: error.item,
        limit: error.remedy,
    }
}

/// The question at a place that is shown and may be answered.
fn must_take<'f>(filled: &'f Filled<'_>, key: &Key) -> Result<&'f crate::forms::Item, AppError> {
    let item = filled.definition().item(&key.link_id);
    let item = item.ok_or_else(|| refused(key, "a question of this form"))?;
    if !item.is_question() || item.read_only || item.is_calculated() {
        return Err(refused(key, "a question that is answered by a person"));
    }
    if !filled.takes(key) {
        return Err(refused(key, "a question that is shown"));
    }
    Ok(item)
}

fn must_have_room(filled: &Filled<'_>, key: &Key) -> Result<(), AppError> {
    let shown = filled.shown();
    let room = shown
        .iter()
        .any(|it| it.key == *key && !it.is_row && it.can_add);
    room.then_some(()).ok_or_else(|| {
        let most = filled
            .definition()
            .item(&key.link_id)
            .map_or(0, |item| item.occurs.1);
        refused(key, &format!("at most {most} of it"))
    })
}

fn answer_at(form: EntryId, key: &Key, value: Value) -> Op {
    put(&format!("forms/{form}/answers/{key}"), value)
}
