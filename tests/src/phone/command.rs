//! What a phone process can be told.

use chrono::NaiveDate;
use homeround::model::{
    Coding, DocumentId, DocumentKind, EntryId, FieldPath, Fix, HandoverReason, Medication, Millis,
    NotDoneReason, PatientId, PersonId, PlanId, Reconciliation, TaskResult, TaskStatus,
    UnplannedReason, VisitId,
};
use serde::Deserialize;
use serde_json::Value;

use super::card::CardCommand;
use super::forms::Said;
use super::medication::DoseSaid;
use super::messages::MessageCommand;
use super::notices::NoticeCommand;
use super::survey::SurveyCommand;
use super::virtual_visit::CallSaid;
use super::work::Figures;

/// One line of stdin.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Makes keys and an encrypted store.
    Create {
        /// The person's PIN.
        pin: String,
    },
    /// Opens the store.
    Unlock {
        /// The person's PIN.
        pin: String,
    },
    /// Closes the store and forgets the keys.
    Lock,
    /// The access token from now on.
    Token {
        /// A JWT.
        token: String,
    },
    /// Ties this device to the token's person.
    Enrol,
    /// One run of the sync.
    Sync {
        /// Milliseconds that it may take.
        #[serde(default)]
        budget_ms: Option<u64>,
    },
    /// Own visits of a day; today unless said otherwise.
    Today {
        /// Which day.
        #[serde(default)]
        date: Option<NaiveDate>,
    },
    /// The order of one's own day: arrivals, travel, and a better order if one is asked for.
    Order {
        /// Which day; today unless said otherwise.
        #[serde(default)]
        date: Option<NaiveDate>,
        /// Look for a better order.
        #[serde(default)]
        suggest: bool,
    },
    /// One's own numbers of today.
    MyNumbers,
    /// A visit as it stands here.
    Visit {
        /// Which.
        visit: VisitId,
    },
    /// A patient's demographics, and what this phone holds of them.
    Patient {
        /// Who.
        patient: PatientId,
    },
    /// The conflicts of a visit.
    Conflicts {
        /// Which.
        visit: VisitId,
    },
    /// Records vital signs, measured now.
    Vitals {
        /// During which visit.
        visit: VisitId,
        /// The figures.
        #[serde(flatten)]
        figures: Figures,
    },
    /// Says what came of a task.
    Task {
        /// During which visit.
        visit: VisitId,
        /// Which.
        task: EntryId,
        /// Where it stands.
        status: TaskStatus,
        /// What came of it.
        #[serde(default)]
        result: Option<TaskResult>,
        /// Why it was not done.
        #[serde(default)]
        reason: Option<NotDoneReason>,
        /// In the person's words.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Adds a task.
    AddTask {
        /// To which visit.
        visit: VisitId,
        /// What is to be done.
        title: String,
    },
    /// A medication was given.
    MedicationGiven {
        /// During which visit.
        visit: VisitId,
        /// What, how much, and against which warnings.
        #[serde(flatten)]
        dose: DoseSaid,
    },
    /// Adds a line to the medication list.
    MedicationAdd {
        /// Whose.
        patient: PatientId,
        /// As the chart has it.
        medication: Medication,
    },
    /// Says what a look into the home found of the medication list.
    Reconcile {
        /// Whose.
        patient: PatientId,
        /// Of each line, and of what is not on the list.
        #[serde(flatten)]
        found: Reconciliation,
    },
    /// A medication was not given.
    MedicationNotGiven {
        /// During which visit.
        visit: VisitId,
        /// What.
        code: Coding,
        /// Why not.
        reason: NotDoneReason,
        /// In the person's words.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Types into the shared note; at its end unless said where.
    Note {
        /// Of which visit.
        visit: VisitId,
        /// What is typed.
        insert: String,
        /// Where, in Unicode scalar values.
        #[serde(default)]
        at: Option<usize>,
        /// How many are removed there.
        #[serde(default)]
        delete: usize,
    },
    /// Says in words what came of the visit.
    Outcome {
        /// Of which visit.
        visit: VisitId,
        /// The words.
        text: String,
    },
    /// Sets a single-valued measurement.
    Measure {
        /// Of which visit.
        visit: VisitId,
        /// `weight_kg`, `pain_score` or `glucose_mg_dl`.
        name: String,
        /// The figure.
        value: f64,
    },
    /// Adds a PNG picture that lies in a file.
    Attach {
        /// To which visit.
        visit: VisitId,
        /// Where it lies.
        file: std::path::PathBuf,
        /// In the person's words.
        caption: String,
        /// Which part of the body it shows.
        #[serde(default)]
        body_site: Option<Coding>,
    },
    /// Sends pictures that only this phone has.
    SendAttachments,
    /// Fetches a colleague's picture.
    FetchAttachment {
        /// Of which visit.
        visit: VisitId,
        /// Which entry.
        entry: EntryId,
    },
    /// Makes a visit that nobody booked.
    NewVisit {
        /// For whom.
        patient: PatientId,
        /// What for.
        service: String,
        /// Why nobody had booked it.
        reason: UnplannedReason,
        /// How long, in minutes.
        minutes: u32,
        /// When it begins; now unless said otherwise.
        #[serde(default)]
        start_ms: Option<Millis>,
    },
    /// Visits that may be this one.
    Duplicates {
        /// Which.
        visit: VisitId,
    },
    /// Decides that a visit and another one are two.
    TwoVisits {
        /// Which.
        visit: VisitId,
        /// The other one.
        other: VisitId,
    },
    /// Hands a visit over to a colleague.
    HandOver {
        /// Which.
        visit: VisitId,
        /// To whom.
        to: PersonId,
        /// Why.
        reason: HandoverReason,
    },
    /// To whom a visit was handed over, and where that stands.
    Handover {
        /// Which.
        visit: VisitId,
    },
    /// On the way.
    Travel {
        /// To which visit.
        visit: VisitId,
        /// Where.
        #[serde(default)]
        fix: Option<Fix>,
    },
    /// In the home.
    CheckIn {
        /// For which visit.
        visit: VisitId,
        /// Where.
        #[serde(default)]
        fix: Option<Fix>,
    },
    /// Leaves the home.
    Complete {
        /// Which visit is done.
        visit: VisitId,
        /// Where.
        #[serde(default)]
        fix: Option<Fix>,
    },
    /// Begins a form.
    FormStart {
        /// During which visit.
        visit: VisitId,
        /// Canonical address with version.
        questionnaire: String,
    },
    /// Answers one question of a form.
    FormAnswer {
        /// During which visit.
        visit: VisitId,
        /// Which form.
        form: EntryId,
        /// The question's place.
        key: String,
        /// The answer.
        answer: Said,
    },
    /// Adds a repetition of a group of a form.
    FormAdd {
        /// During which visit.
        visit: VisitId,
        /// Which form.
        form: EntryId,
        /// The group's place.
        key: String,
    },
    /// Says that a form is complete.
    FormComplete {
        /// During which visit.
        visit: VisitId,
        /// Which form.
        form: EntryId,
    },
    /// A form as it stands here.
    Form {
        /// During which visit.
        visit: VisitId,
        /// Which form.
        form: EntryId,
    },
    /// Notes something around the call of a virtual visit.
    Call {
        /// Of which visit.
        visit: VisitId,
        /// What.
        #[serde(flatten)]
        said: CallSaid,
    },
    /// A virtual visit as it stands here; null: it is at home.
    VirtualVisit {
        /// Which.
        visit: VisitId,
    },
    /// Begins a care plan from a template, today.
    PlanStart {
        /// Whose.
        patient: PatientId,
        /// Canonical address with version.
        template: String,
    },
    /// Adds an activity to a care plan, half an hour early to an hour late.
    PlanActivity {
        /// To which plan.
        plan: PlanId,
        /// What is done.
        title: String,
        /// When first, in the plan's time zone: `YYYY-MM-DDTHH:MM`.
        start: String,
        /// RFC 5545 recurrence rule.
        #[serde(default)]
        rule: Option<String>,
    },
    /// What care plans ask for at a visit.
    Planned {
        /// At which visit.
        visit: VisitId,
    },
    /// Says what came of a task that a care plan asks for.
    PlannedTask {
        /// During which visit.
        visit: VisitId,
        /// Which.
        task: EntryId,
        /// Where it stands.
        status: TaskStatus,
        /// Why it was not done.
        #[serde(default)]
        reason: Option<NotDoneReason>,
    },
    /// Takes such a task off a visit.
    PlannedRemove {
        /// Off which visit.
        visit: VisitId,
        /// Which.
        task: EntryId,
    },
    /// What is due of a care plan, and how it was kept to.
    PlanState {
        /// Which.
        plan: PlanId,
    },
    /// Settles a conflict.
    Settle {
        /// Of which visit.
        visit: VisitId,
        /// Which field.
        field: FieldPath,
        /// The value that stands.
        value: Value,
    },
    /// Takes the patient's signature by hand.
    SignOff {
        /// Under which visit.
        visit: VisitId,
        /// Points of each stroke: x, y in micrometres, t in milliseconds.
        strokes: Vec<Vec<(u32, u32, u32)>>,
    },
    /// Signatures by hand, with what was changed after each.
    SignOffs {
        /// Of which visit.
        visit: VisitId,
    },
    /// Seals a visit.
    Sign {
        /// Which.
        visit: VisitId,
        /// The PIN once more.
        pin: String,
    },
    /// Verifies a visit's seal.
    Verify {
        /// Which.
        visit: VisitId,
    },
    /// What came after the signature.
    Awaiting {
        /// Of which visit.
        visit: VisitId,
    },
    /// Takes what came after the signature in.
    Amend {
        /// Which visit.
        visit: VisitId,
        /// Why.
        reason: String,
    },
    /// Edits that could not stand.
    Quarantine,
    /// Every document here with its heads, its view and its open conflicts.
    Documents,
    /// One of them.
    Document {
        /// Which.
        document: DocumentId,
    },
    /// Who wrote what in a document.
    Authorship {
        /// Which.
        document: DocumentId,
    },
    /// The raw changes of a document, in hexadecimal.
    History {
        /// Which.
        document: DocumentId,
    },
    /// Where edits are.
    Whereabouts {
        /// In which document.
        document: DocumentId,
        /// Which edits, 64 hexadecimal digits each.
        hashes: Vec<String>,
    },
    /// What each set of vital signs of a visit says: NEWS2 and its parts.
    Scores {
        /// Of which visit.
        visit: VisitId,
    },
    /// What the store holds and how large its files are.
    Stats,
    /// Merges what arrived, indexes, folds, until there is nothing left to do.
    Idle,
    /// Finds patients and notes.
    Search {
        /// Words, the last by its beginning.
        words: String,
    },
    /// Drops every cache, builds it anew and compares.
    Rebuild,
    /// Checks the audit trail.
    Audit,
    /// Writes edits as fast as the store takes them, and a line
    /// `{"ack":"<hash>"}` after each durable commit, until killed or done.
    Burst {
        /// Into which visit.
        visit: VisitId,
        /// How many at most.
        #[serde(default = "many")]
        edits: u64,
    },
    /// Something about messages within the team.
    #[serde(untagged)]
    Messages(MessageCommand),
    /// Something about notices to a patient.
    #[serde(untagged)]
    Notice(NoticeCommand),
    /// Something about what a patient says of a visit.
    #[serde(untagged)]
    Survey(SurveyCommand),
    /// Something about a patient's card.
    #[serde(untagged)]
    Card(CardCommand),
}

const fn many() -> u64 {
    u64::MAX
}

/// How documents are named in commands and answers: `visit/0192...`.
pub(super) fn name_of(document: DocumentId) -> String {
    let kind = match document.kind {
        DocumentKind::Visit => "visit",
        DocumentKind::Chart => "chart",
        DocumentKind::Plan => "plan",
    };
    format!("{kind}/{}", document.id)
}
