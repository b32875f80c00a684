//! A question about an edit, asked of the rules and of the reference.

use homeround::access::{Actor, Change, Subject};
use homeround::model::{DocumentKind, Millis, Role};
use serde_json::{Value, json};

use super::super::reference::{self, Access, Author, Form, Part};
use super::super::rules::Rules;
use super::state::{Edit, Set, granted, path_of, patient, person};

/// A question about an edit.
pub(super) struct Asked<'e> {
    pub(super) who: usize,
    pub(super) role: Role,
    /// The instant, as the rules and as the reference know it.
    pub(super) at: (Millis, i64),
    pub(super) sealed: bool,
    pub(super) edit: &'e Edit,
}

impl Asked<'_> {
    /// What the rules say, and what the reference says.
    pub(super) fn answers(&self, rules: &Rules, set: &Set, book: &[Access]) -> (bool, bool) {
        let edit = self.edit;
        let actor = Actor {
            person: person(self.who),
            role: self.role,
        };
        let subject = Subject {
            kind: edit.kind,
            patient: patient(edit.whom),
            sealed: self.sealed,
            seal_known: edit.knew_of_seal,
        };
        let values: Vec<Value> = edit
            .parts
            .iter()
            .map(|part| value(self.who, part))
            .collect();
        let changes: Vec<Change<'_>> = edit
            .parts
            .iter()
            .zip(&values)
            .map(|(part, value)| Change {
                path: path_of(part.place),
                by: value["by"].as_str().and_then(|by| by.parse().ok()),
                value: Some(value),
                creates: edit.creates,
            })
            .collect();
        let policy = set.policy();
        let grants = granted(book);
        let answer = rules.may_change(&policy, &actor, &subject, &grants, self.at.0, &changes);
        let longest = set.emergency_max.min(reference::EMERGENCY_MAX_MS);
        let as_whom = (self.who, self.role);
        let knows = self.sealed && edit.knew_of_seal && edit.kind == DocumentKind::Visit;
        let expected = reference::may_read(as_whom, edit.whom, book, self.at.1, longest)
            && reference::may_write(self.role, &edit.parts, edit.creates, &set.bans, knows);
        (answer, expected)
    }
}

/// What a part writes.
pub(super) fn value(who: usize, part: &Part) -> Value {
    let mut entry = match part.place.form {
        Form::Value => return json!("x"),
        Form::Status(to) => return json!(to),
        Form::Step(to) => json!({ "to": to }),
        Form::Entry => json!({ "reason": "late result" }),
        Form::Noted(source) => json!({ "source": source }),
        Form::About(section) => json!({ "section": section }),
        Form::Settles(field, chosen) => json!({ "field": field, "chosen": chosen }),
        Form::Signature => json!({ "role": part.signs_as.name() }),
    };
    match part.author {
        Author::Own => entry["by"] = json!(person(who)),
        Author::Another => entry["by"] = json!(person(who + 1)),
        Author::Nobody => {}
    }
    entry
}

pub(super) fn paths(edit: &Edit) -> (usize, Vec<&'static str>) {
    let paths = edit.parts.iter().map(|part| part.place.path);
    (edit.whom, paths.collect())
}
