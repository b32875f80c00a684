//! What should be true of access, written so that it can be seen to be right: no patterns,
//! no rows, and nothing of the code that it is held against but the names of things.

use homeround::model::DocumentKind::{self, Chart, Plan, Visit};
use homeround::model::Role;

/// The longest access in an emergency, whatever a policy says, in milliseconds.
pub const EMERGENCY_MAX_MS: i64 = 24 * 3_600_000;

/// Why somebody has access to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Member of the care team.
    CareTeam,
    /// Booked for a visit.
    Assignment,
    /// Took it, with a reason.
    Emergency,
}

/// One access of somebody to a patient, as the office's book has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Who, by number.
    pub who: usize,
    /// To whom, by number.
    pub whom: usize,
    /// Why.
    pub why: Why,
    /// First instant, in milliseconds.
    pub from: i64,
    /// The instant at which it is over.
    pub until: Option<i64>,
    /// The office ended it.
    pub over: bool,
}

/// Whether somebody may read what is known of a patient. An emergency counts for
/// `emergency_max` milliseconds at the most.
#[must_use]
pub fn may_read(
    (who, role): (usize, Role),
    whom: usize,
    book: &[Access],
    now: i64,
    emergency_max: i64,
) -> bool {
    let needs_none = matches!(role, Role::Coordinator | Role::Supervisor | Role::Auditor);
    let holds = |access: &Access| {
        let theirs = access.who == who && access.whom == whom;
        let in_time = match access.until {
            Some(until) => access.from <= now && now < until,
            None => access.from <= now,
        };
        let sound = match (access.why, access.until) {
            (Why::Emergency, Some(until)) => until - access.from <= emergency_max,
            (Why::Emergency, None) => false,
            (Why::CareTeam | Why::Assignment, _) => true,
        };
        theirs && !access.over && in_time && sound
    };
    needs_none || book.iter().any(holds)
}

/// How an edit of a place looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A plain value.
    Value,
    /// A status.
    Status(&'static str),
    /// An entry that notes a step to a status.
    Step(&'static str),
    /// An entry.
    Entry,
    /// An entry that says who its source is.
    Noted(&'static str),
    /// An entry about a section.
    About(&'static str),
    /// An entry that settles a field on a value.
    Settles(&'static str, &'static str),
    /// A signature.
    Signature,
}

/// A place in a document, and who may write there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// In which document.
    pub kind: DocumentKind,
    /// Where; `1` and `q1` stand for items.
    pub path: &'static str,
    /// How.
    pub form: Form,
    /// N nurse, T therapist, A aide, C coordinator, S supervisor. Auditors write nothing.
    pub writers: &'static str,
}

const fn place(kind: DocumentKind, path: &'static str, form: Form, writers: &'static str) -> Place {
    Place {
        kind,
        path,
        form,
        writers,
    }
}

/// Places that people write to, and some that nobody may.
pub static PLACES: &[Place] = &[
    place(Visit, "status", Form::Status("in_progress"), "NTAS"),
    place(Visit, "status", Form::Status("completed"), "NTAS"),
    place(Visit, "status", Form::Status("canceled"), "NTACS"),
    place(Visit, "status", Form::Status("missed"), "NTACS"),
    place(Visit, "status", Form::Status("signed"), "NTS"),
    place(Visit, "status", Form::Status("amended"), "NTS"),
    place(Visit, "steps/1", Form::Step("traveling"), "NTAS"),
    place(Visit, "steps/1", Form::Step("missed"), "NTACS"),
    place(Visit, "steps/1", Form::Step("signed"), "NTS"),
    place(Visit, "steps/1", Form::Step("amended"), "NTS"),
    place(Visit, "presence/1", Form::Entry, "NTAS"),
    place(Visit, "unplanned", Form::Entry, "NTAS"),
    place(Visit, "handover", Form::Entry, "NTACS"),
    place(Visit, "consent", Form::Entry, "NTAS"),
    place(Visit, "lobby/1", Form::Noted("member"), "NTAS"),
    place(Visit, "lobby/1", Form::Noted("service"), ""),
    place(Visit, "duplicates/1", Form::Entry, "NTACS"),
    place(Visit, "notices/1", Form::Entry, "NTACS"),
    place(Visit, "outcome", Form::Value, "NTS"),
    place(Visit, "note", Form::Value, "NTAS"),
    place(Visit, "tasks/1", Form::Value, "NTACS"),
    place(Visit, "tasks/1/result", Form::Value, "NTACS"),
    place(Visit, "planned/1", Form::Value, "NTACS"),
    place(Visit, "observations/1", Form::Entry, "NTAS"),
    place(Visit, "measures/weight_kg", Form::Value, "NTAS"),
    place(Visit, "medications/1", Form::Entry, "NS"),
    place(Visit, "forms/1/answers/q1", Form::Value, "NTAS"),
    place(Visit, "attachments/1", Form::Entry, "NTAS"),
    place(Visit, "survey/1", Form::Entry, "NTACS"),
    place(Visit, "corrections/1", Form::About("observations"), "NTAS"),
    place(Visit, "corrections/1", Form::About("medications"), "NS"),
    place(Visit, "corrections/1", Form::About("sign_offs"), "NTAS"),
    place(Visit, "signatures/1", Form::Signature, "NTS"),
    place(Visit, "sign_offs/1", Form::Signature, "NTAS"),
    place(Visit, "amendments/1", Form::Entry, "NTS"),
    place(
        Visit,
        "settlements/1",
        Form::Settles("tasks/1/result", "done"),
        "NTACS",
    ),
    place(
        Visit,
        "settlements/1",
        Form::Settles("outcome", "better"),
        "NTS",
    ),
    place(
        Visit,
        "settlements/1",
        Form::Settles("status", "canceled"),
        "NTACS",
    ),
    place(
        Visit,
        "settlements/1",
        Form::Settles("status", "signed"),
        "NTS",
    ),
    place(
        Visit,
        "settlements/1",
        Form::Settles("medications/1", "x"),
        "",
    ),
    place(
        Visit,
        "settlements/1",
        Form::Settles("handover", "somebody"),
        "NTACS",
    ),
    place(Visit, "billing", Form::Value, ""),
    place(Visit, "tasks", Form::Value, ""),
    place(Visit, "patient", Form::Value, ""),
    place(Chart, "contacts/1/phone", Form::Value, "NTCS"),
    place(Chart, "home_access/door_code", Form::Value, "NTACS"),
    place(Chart, "alerts/1/text", Form::Value, "NTCS"),
    place(Chart, "notice_wishes", Form::Entry, "NTACS"),
    place(
        Chart,
        "settlements/1",
        Form::Settles("notice_wishes", "somebody"),
        "NTACS",
    ),
    place(Chart, "spo2_scale", Form::Value, "NS"),
    place(Chart, "allergies/1/severity", Form::Value, "NS"),
    place(Chart, "conditions/1/clinical_status", Form::Value, "NS"),
    place(Chart, "medications/1/dose", Form::Value, "NS"),
    place(Chart, "medications/1/dosing", Form::Value, "NS"),
    place(Chart, "reviews/1", Form::About("medications"), "NS"),
    place(Chart, "reviews/1", Form::About("contacts"), "NTCS"),
    place(Chart, "messages/1", Form::Entry, "NTAS"),
    place(Chart, "message_reads/1", Form::Entry, "NTAS"),
    place(Chart, "looks/1", Form::Entry, "NTAS"),
    place(Chart, "corrections/1", Form::About("messages"), "NTAS"),
    place(Chart, "corrections/1", Form::About("allergies"), "NS"),
    place(Chart, "corrections/1", Form::About("contacts"), "NTCS"),
    place(
        Chart,
        "settlements/1",
        Form::Settles("allergies/1/severity", "mild"),
        "NS",
    ),
    place(
        Chart,
        "settlements/1",
        Form::Settles("home_access/door_code", "12"),
        "NTACS",
    ),
    place(Chart, "patient", Form::Value, ""),
    place(Plan, "title", Form::Value, "NTS"),
    place(Plan, "status", Form::Value, "NS"),
    place(Plan, "time_zone", Form::Value, "NTS"),
    place(Plan, "template", Form::Value, "NTS"),
    place(Plan, "assignee", Form::Value, "NTS"),
    place(Plan, "narrative", Form::Value, "NTS"),
    place(Plan, "goals/1/achievement", Form::Value, "NTS"),
    place(Plan, "activities/1/status", Form::Value, "NTS"),
    place(Plan, "activities/1/schedule", Form::Value, "NTS"),
    place(Plan, "adherence/1", Form::Entry, "NTAS"),
    place(Plan, "progress/1", Form::Entry, "NTAS"),
    place(Plan, "pauses/1", Form::Entry, "NTS"),
    place(
        Plan,
        "settlements/1",
        Form::Settles("activities/1/progress", "5"),
        "NTS",
    ),
    place(Plan, "settlements/1", Form::Settles("status", "x"), "NS"),
];

/// Who may begin a document of a kind.
#[must_use]
pub const fn creators(kind: DocumentKind) -> &'static str {
    match kind {
        Visit => "CS",
        Chart => "NCS",
        Plan => "NTS",
    }
}

/// Who may begin a visit beside them, if it says why nobody had booked it.
const UNPLANNED_CREATORS: &str = "NTA";

/// Whom a part of an edit names as its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Who makes the edit.
    Own,
    /// Somebody else.
    Another,
    /// Nobody.
    Nobody,
}

/// One thing that an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where and how.
    pub place: &'static Place,
    /// Whom an entry names.
    pub author: Author,
    /// Which role a signature names.
    pub signs_as: Role,
}

/// What a tenant denies beyond the rules: to a role, a section of a kind of document.
pub type Ban = (Role, DocumentKind, &'static str);

/// Whether a role may do all of this to a document: one part that is not allowed
/// forbids the whole. `sealed`: it carries a signature that its author knew of.
#[must_use]
pub fn may_write(role: Role, parts: &[Part], creates: bool, bans: &[Ban], sealed: bool) -> bool {
    let settled: Vec<&str> = (parts.iter())
        .filter_map(|part| match part.place.form {
            Form::Settles(field @ ("handover" | "notice_wishes"), _) => Some(field),
            _ => None,
        })
        .collect();
    let unplanned = parts.iter().any(|part| part.place.path == "unplanned");
    let allowed = |part: &Part| {
        let kind = part.place.kind;
        let begins = creators(kind).contains(letter(role))
            || (unplanned && UNPLANNED_CREATORS.contains(letter(role)));
        match (creates, part.place.path) {
            // Whose it is belongs to every document from its birth.
            (true, "patient") => begins,
            (true, _) => begins && may_do(role, part, bans, &settled),
            (false, _) => may_do(role, part, bans, &settled),
        }
    };
    let amends = parts.iter().any(|part| part.place.path == "amendments/1");
    let keeps_seal = |part: &Part| match part.place.form {
        Form::Status(to) | Form::Step(to) => amends && to == "amended",
        // A signature by hand was no part of what was sealed, and neither is that it was wrong.
        Form::Signature | Form::About("sign_offs") => true,
        // Who leaves after a colleague signed still stamps it, a visit that was signed may all
        // the same be there twice, and its patient says how it was.
        _ => amends || ["presence/1", "duplicates/1", "survey/1"].contains(&part.place.path),
    };
    parts.iter().all(allowed) && (!sealed || parts.iter().all(keeps_seal))
}

/// `settled`: the fields that the edit settles, so that it may say another's word for them.
fn may_do(role: Role, part: &Part, bans: &[Ban], settled: &[&str]) -> bool {
    let Place {
        kind,
        path,
        form,
        writers,
    } = *part.place;
    let banned = |path: &'static str| bans.contains(&(role, kind, section(path)));
    let own = part.author == Author::Own || settled.contains(&path);
    let sound = match form {
        Form::Value | Form::Status(_) => true,
        Form::Entry | Form::Noted(_) | Form::Step(_) => own,
        Form::Signature => own && part.signs_as == role,
        Form::About(about) | Form::Settles(about, _) => own && !banned(about),
    };
    writers.contains(letter(role)) && !banned(path) && sound
}

/// Whether a role is shown a section of what it may read.
#[must_use]
pub fn may_see(role: Role, kind: DocumentKind, section: &str) -> bool {
    let plans = match kind {
        Visit => [
            "status",
            "steps",
            "presence",
            "tasks",
            "planned",
            "unplanned",
            "handover",
            "duplicates",
            "notices",
            "survey",
        ]
        .contains(&section),
        Chart => ["contacts", "home_access", "alerts", "notice_wishes"].contains(&section),
        Plan => false,
    };
    role != Role::Coordinator || plans
}

/// How long access in an emergency is given, in milliseconds; none: it is refused.
#[must_use]
pub fn emergency(role: Role, reason: &str, wanted: i64, max: i64) -> Option<i64> {
    let treats = matches!(role, Role::Nurse | Role::Therapist | Role::Aide);
    let told = (10..=500).contains(&reason.trim().chars().count());
    let given = wanted.min(max).min(EMERGENCY_MAX_MS);
    (treats && told && given > 0).then_some(given)
}

/// How much of an offline lease a phone knows to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leash {
    long: i64,
    used: i64,
    boot: u64,
    uptime: i64,
    looked: bool,
}

impl Leash {
    /// The backend grants so many milliseconds.
    #[must_use]
    pub const fn granted(long: i64, boot: u64, uptime: i64) -> Self {
        Self {
            long,
            used: 0,
            boot,
            uptime,
            looked: false,
        }
    }

    /// Looks, and answers whether anything may be shown.
    pub const fn look(&mut self, boot: u64, uptime: i64) -> bool {
        if boot == self.boot {
            self.used = self.used.saturating_add(uptime - self.uptime);
        } else if self.looked {
            self.used = self.used.saturating_add(uptime);
        } else {
            // Nothing is known about the time between the grant and the restart.
            self.used = i64::MAX;
        }
        (self.boot, self.uptime, self.looked) = (boot, uptime, true);
        self.used < self.long
    }
}

/// The first step of a path.
#[must_use]
pub fn section(path: &'static str) -> &'static str {
    path.split('/').next().unwrap_or(path)
}

/// The letter of a role.
#[must_use]
pub const fn letter(role: Role) -> char {
    match role {
        Role::Nurse => 'N',
        Role::Therapist => 'T',
        Role::Aide => 'A',
        Role::Coordinator => 'C',
        Role::Supervisor => 'S',
        Role::Auditor => 'U',
    }
}
