//! The R4 resources and datatypes in use: the elements that an import reads,
//! and no others. Everything is optional here, so that what stands without an
//! element is taken without it; an element of the wrong JSON type refuses the
//! resource.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A decimal as its sender wrote it: `7.10` stays `7.10`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(source)?;
        match raw.get().as_bytes().first() {
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw.get().to_owned())),
            _ => Err(serde::de::Error::custom("not a number")),
        }
    }
}

/// Declares a tolerant struct: every field has a default and FHIR's camel case.
macro_rules! element {
    ($name:ident { $($(#[$meta:meta])* $field:ident : $kind:ty),* $(,)? }) => {
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(crate) struct $name { $($(#[$meta])* pub(crate) $field: $kind),* }
    };
}

element!(FhirCoding {
    system: String,
    code: String,
    display: String
});
element!(Concept { coding: Vec<FhirCoding>, text: String });
element!(Provenance {
    recorded: String,
    signature: Vec<Signature>,
    extension: Vec<Extension>,
});
element!(Signature {
    #[serde(rename = "type")]
    kind: Vec<FhirCoding>,
    when: String,
    who: Reference,
    on_behalf_of: Reference,
    sig_format: String,
    data: String,
});
element!(Reference { reference: String, display: String, identifier: Option<Identifier> });
element!(Identifier {
    system: String,
    value: String,
    #[serde(rename = "type")]
    kind: Concept
});
element!(HumanName {
    #[serde(rename = "use")] usage: String,
    text: String,
    family: String,
    given: Vec<Option<String>>,
    prefix: Vec<String>,
});
element!(ContactPoint {
    system: String,
    value: String,
    #[serde(rename = "use")] usage: String,
    rank: Option<u32>,
});
element!(Extension {
    url: String,
    value_decimal: Option<f64>,
    value_code: String,
    value_string: String,
    value_instant: String,
    value_reference: Reference,
    value_identifier: Identifier,
    value_codeable_concept: Concept,
    value_url: String,
    value_contact_point: ContactPoint,
    extension: Vec<Extension>,
});
element!(PostalAddress {
    #[serde(rename = "use")] usage: String,
    line: Vec<Option<String>>,
    city: String,
    state: String,
    postal_code: String,
    text: String,
    extension: Vec<Extension>,
});
element!(Period {
    start: String,
    end: String
});
element!(Quantity {
    value: Option<Decimal>,
    comparator: String,
    unit: String,
    code: String,
});
element!(Range {
    low: Quantity,
    high: Quantity
});
element!(Ratio {
    numerator: Quantity,
    denominator: Quantity
});
element!(Annotation {
    text: String,
    time: String,
    author_reference: Reference
});

element!(PatientLanguage {
    language: Concept,
    preferred: bool
});
element!(PatientContact { relationship: Vec<Concept>, name: HumanName, telecom: Vec<ContactPoint> });
element!(Patient {
    identifier: Vec<Identifier>,
    name: Vec<HumanName>,
    telecom: Vec<ContactPoint>,
    gender: Option<String>,
    birth_date: Option<String>,
    deceased_boolean: bool,
    deceased_date_time: Option<String>,
    address: Vec<PostalAddress>,
    communication: Vec<PatientLanguage>,
    contact: Vec<PatientContact>,
    extension: Vec<Extension>,
});
element!(RelatedPerson {
    patient: Reference,
    relationship: Vec<Concept>,
    name: Vec<HumanName>,
    telecom: Vec<ContactPoint>,
});
element!(Practitioner { name: Vec<HumanName>, telecom: Vec<ContactPoint> });
element!(PractitionerRole {
    practitioner: Reference,
    telecom: Vec<ContactPoint>,
});
element!(Organization { name: String, alias: Vec<String>, telecom: Vec<ContactPoint>, address: Vec<PostalAddress> });

element!(CareTeamParticipant { role: Vec<Concept>, member: Reference });
element!(CareTeam {
    status: String,
    name: String,
    category: Vec<Concept>,
    subject: Reference,
    participant: Vec<CareTeamParticipant>,
    contained: Vec<Value>,
});

element!(ActivityDetail {
    code: Concept,
    status: String,
    description: String,
    scheduled_timing: Option<Value>,
    scheduled_period: Option<Period>,
    scheduled_string: Option<String>,
    performer: Vec<Reference>,
});
element!(CarePlanActivity {
    id: String,
    detail: Option<ActivityDetail>,
    reference: Reference,
    progress: Vec<Annotation>,
});
element!(CarePlan {
    status: String,
    title: String,
    description: String,
    category: Vec<Concept>,
    subject: Reference,
    encounter: Reference,
    period: Period,
    created: String,
    instantiates_canonical: Vec<String>,
    author: Reference,
    goal: Vec<Reference>,
    activity: Vec<CarePlanActivity>,
    contained: Vec<Value>,
});
element!(Goal {
    lifecycle_status: String,
    achievement_status: Concept,
    description: Concept,
    subject: Reference,
    start_date: String,
    status_date: String,
    target: Vec<GoalTarget>,
    note: Vec<Annotation>,
});
element!(GoalTarget { due_date: String });

element!(Condition {
    clinical_status: Concept,
    verification_status: Concept,
    category: Vec<Concept>,
    code: Option<Concept>,
    subject: Reference,
    encounter: Reference,
    onset_date_time: String,
    onset_period: Period,
    onset_string: String,
    recorded_date: String,
});
element!(Reaction { manifestation: Vec<Concept>, description: String, severity: String });
element!(AllergyIntolerance {
    clinical_status: Concept,
    verification_status: Concept,
    criticality: String,
    code: Option<Concept>,
    patient: Reference,
    encounter: Reference,
    reaction: Vec<Reaction>,
});

element!(Repeat {
    frequency: Option<u32>,
    period: Option<Decimal>,
    period_unit: String,
    when: Vec<String>,
});
element!(Timing {
    repeat: Repeat,
    code: Concept
});
element!(DoseAndRate { dose_quantity: Option<Quantity>, dose_range: Option<Range> });
element!(Dosage {
    text: String,
    timing: Timing,
    as_needed_boolean: bool,
    as_needed_codeable_concept: Option<Concept>,
    dose_and_rate: Vec<DoseAndRate>,
    max_dose_per_period: Option<Ratio>,
});
element!(AdministeredDosage { text: String, dose: Option<Quantity> });
element!(MedicationAdministration {
    status: String,
    status_reason: Vec<Concept>,
    medication_codeable_concept: Option<Concept>,
    medication_reference: Reference,
    subject: Reference,
    context: Reference,
    effective_date_time: String,
    effective_period: Period,
    dosage: AdministeredDosage,
    note: Vec<Annotation>,
    contained: Vec<Value>,
});
element!(MedicationUse {
    status: String,
    medication_codeable_concept: Option<Concept>,
    medication_reference: Reference,
    subject: Reference,
    encounter: Reference,
    context: Reference,
    authored_on: String,
    date_asserted: String,
    effective_date_time: String,
    effective_period: Period,
    dosage_instruction: Vec<Dosage>,
    dosage: Vec<Dosage>,
    derived_from: Vec<Reference>,
    contained: Vec<Value>,
});
element!(Ingredient {
    item_codeable_concept: Concept
});
element!(Medication { code: Concept, ingredient: Vec<Ingredient> });

element!(Observation {
    status: String,
    category: Vec<Concept>,
    code: Option<Concept>,
    subject: Reference,
    encounter: Reference,
    effective_date_time: String,
    effective_instant: String,
    effective_period: Period,
    issued: String,
    value_quantity: Option<Quantity>,
    value_codeable_concept: Option<Concept>,
    value_string: Option<String>,
    value_boolean: Option<bool>,
    value_integer: Option<i64>,
    value_range: Option<Range>,
    value_ratio: Option<Ratio>,
    value_time: Option<String>,
    value_date_time: Option<String>,
    value_period: Option<Period>,
    data_absent_reason: Option<Concept>,
    body_site: Concept,
    method: Concept,
    device: Reference,
    performer: Vec<Reference>,
    contained: Vec<Value>,
    // A component has the same values; its other elements stay empty.
    component: Vec<Observation>,
});
element!(Device {
    #[serde(rename = "type")]
    kind: Concept,
});
element!(Encounter {
    status: String,
    class: FhirCoding,
    #[serde(rename = "type")] kind: Vec<Concept>,
    subject: Reference,
    period: Period,
    reason_code: Vec<Concept>,
    appointment: Vec<Reference>,
});
element!(AppointmentParticipant {
    actor: Reference,
    status: String
});
element!(Appointment {
    extension: Vec<Extension>,
    status: String,
    service_type: Vec<Concept>,
    appointment_type: Concept,
    priority: Option<u32>,
    description: String,
    start: String,
    end: String,
    minutes_duration: Option<u32>,
    participant: Vec<AppointmentParticipant>,
});
element!(Task {
    extension: Vec<Value>,
    owner: Reference,
    status: String,
    status_reason: Concept,
    business_status: Concept,
    priority: String,
    code: Option<Concept>,
    description: String,
    focus: Reference,
    #[serde(rename = "for")] subject: Reference,
    encounter: Reference,
    based_on: Vec<Reference>,
    authored_on: String,
    last_modified: String,
    execution_period: Period,
    note: Vec<Annotation>,
});
element!(Attachment { content_type: String, data: Option<String>, url: String, title: String, creation: String });
element!(Media {
    status: String,
    #[serde(rename = "type")] kind: Concept,
    view: Concept,
    subject: Reference,
    encounter: Reference,
    created_date_time: String,
    created_period: Period,
    issued: String,
    body_site: Concept,
    content: Attachment,
    note: Vec<Annotation>,
});
element!(Payload {
    content_string: String,
    content_attachment: Attachment,
    content_reference: Reference
});
element!(Communication {
    status: String,
    category: Vec<Concept>,
    topic: Concept,
    subject: Reference,
    encounter: Reference,
    sent: String,
    received: String,
    sender: Reference,
    payload: Vec<Payload>,
});
element!(QuestionnaireResponse {
    status: String,
    questionnaire: String,
    subject: Reference,
    encounter: Reference,
    authored: String,
    author: Reference,
    source: Reference,
    item: Vec<ResponseItem>,
});
element!(ResponseItem {
    link_id: String,
    text: String,
    answer: Vec<Answered>,
    item: Vec<ResponseItem>,
});
element!(Answered {
    item: Vec<ResponseItem>,
    value_boolean: Option<bool>,
    value_decimal: Option<Decimal>,
    value_integer: Option<Decimal>,
    value_date: String,
    value_date_time: String,
    value_time: String,
    value_string: String,
    value_uri: String,
    value_coding: Option<FhirCoding>,
    value_quantity: Option<Quantity>,
    value_reference: Reference,
    value_attachment: Attachment,
});
element!(ConsentProvision {
    #[serde(rename = "type")]
    kind: String
});
element!(Consent {
    status: String,
    category: Vec<Concept>,
    patient: Reference,
    date_time: String,
    provision: ConsentProvision,
    extension: Vec<Extension>,
});
element!(Flag { status: String, code: Concept, subject: Reference, extension: Vec<Extension> });
element!(DocumentContent {
    attachment: Attachment
});
element!(DocumentContext { encounter: Vec<Reference>, period: Period });
element!(DocumentReference {
    status: String,
    #[serde(rename = "type")] kind: Concept,
    category: Vec<Concept>,
    subject: Reference,
    date: String,
    description: String,
    content: Vec<DocumentContent>,
    context: DocumentContext,
});
