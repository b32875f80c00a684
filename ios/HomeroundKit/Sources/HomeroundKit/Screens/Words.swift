import Foundation
import HomeroundCore

/// A text of the string catalog: its key, what is put in, and the count that picks a plural.
public struct Words: Hashable, Sendable {
    public let key: String
    public let with: [String]
    public let count: Int?

    public init(_ key: String, _ with: String...) {
        self.key = key
        self.with = with
        count = nil
    }

    private init(key: String, count: Int) {
        self.key = key
        with = []
        self.count = count
    }

    /// A text with a plural: the count picks the form and is put in.
    public static func counted(_ key: String, _ count: Int) -> Words { Words(key: key, count: count) }
}

/// How much something matters.
public enum Tone: CaseIterable, Sendable { case quiet, active, good, warning, alarm }

/// What is drawn beside a text, so that no meaning hangs on colour alone.
public enum Glyph: String, CaseIterable, Sendable {
    case clock, road, home, pause, check, seal, cross, warning, offline, online, sync, unsent, lock,
        video
}

/// A small label.
public struct Chip: Hashable, Sendable {
    public let words: Words
    public let tone: Tone
    public let glyph: Glyph

    public init(_ words: Words, _ tone: Tone, _ glyph: Glyph) {
        self.words = words
        self.tone = tone
        self.glyph = glyph
    }
}

/// Something that a person is told, beside a field or for the whole screen.
public struct Problem: Hashable, Sendable {
    public let words: Words
    public let field: String?

    public init(_ words: Words, field: String? = nil) {
        self.words = words
        self.field = field
    }
}

/// `20..=300 per minute` as a person reads it.
private func range(_ limit: String) -> String {
    limit.replacingOccurrences(of: "..=", with: " – ")
        .replacingOccurrences(of: " per minute", with: "/min")
        .replacingOccurrences(of: " Cel", with: " °C")
}

private func refused(_ field: String, _ limit: String) -> Words {
    if field == "pin" { return Words("error_pin") }
    if field == "unlock" { return Words("error_sensor") }
    if field == "media_type" || field == "attachment" { return Words("error_file") }
    if limit == "below systolic_mmhg" { return Words("error_below_systolic") }
    if field == "consent" { return Words("error_consent") }
    if field == "name" { return Words("error_representative") }
    if field == "phone" { return Words("error_phone") }
    if field == "answers" { return Words("error_answers") }
    if field == "survey" { return Words("error_survey") }
    return Words("error_refused", range(limit))
}

/// What to tell a person.
public func problem(_ error: any Error) -> Problem {
    guard let error = error as? HomeroundError else { return Problem(Words("error_failed", "\(type(of: error))")) }
    switch error {
    case .Refused(let field, let limit): return Problem(refused(field, limit), field: field)
    case .Step: return Problem(Words("error_step"))
    case .Warned(let warnings): return Problem(.counted("error_warned", warnings.count))
    case .Locked: return Problem(Words("error_locked"))
    case .WrongPin(let left, _): return Problem(.counted("error_wrong_pin", Int(left)), field: "pin")
    case .NotEnrolled: return Problem(Words("error_not_enrolled"))
    case .NotAllowed(let rule, _): return Problem(Words(rule == "sign_in" ? "error_sign_in" : "error_not_allowed"))
    case .LeaseEnded: return Problem(Words("error_lease_ended"))
    case .Signed: return Problem(Words("error_signed"))
    case .ConflictsOpen(let open): return Problem(.counted("error_conflicts_open", Int(clamping: open)))
    case .NotFound: return Problem(Words("error_not_found"))
    case .Unsent(let count): return Problem(.counted("error_unsent", Int(clamping: count)))
    case .StorageFull(let needed): return Problem(Words("error_storage_full", "\(max(1, needed / 1_048_576))"))
    case .Damaged: return Problem(Words("error_damaged"))
    case .UpdateApp: return Problem(Words("error_update_app"))
    case .Retry: return Problem(Words("error_retry"))
    case .Cancelled: return Problem(Words("error_cancelled"))
    case .Failed(let code): return Problem(Words("error_failed", code))
    }
}

/// `inProgress` is `in_progress`: a case's name as the string catalog has it.
func snake(_ name: some Any) -> String {
    var out = ""
    for letter in "\(name)" {
        if letter.isUppercase { out += "_" }
        out += letter.lowercased()
    }
    return out
}

func chip(_ status: VisitStatus) -> Chip {
    let words = Words("status_\(snake(status))")
    switch status {
    case .scheduled: return Chip(words, .quiet, .clock)
    case .traveling: return Chip(words, .active, .road)
    case .inProgress: return Chip(words, .active, .home)
    case .onBreak: return Chip(words, .warning, .pause)
    case .completed: return Chip(words, .good, .check)
    case .signed, .amended: return Chip(words, .good, .seal)
    case .canceled: return Chip(words, .quiet, .cross)
    case .missed: return Chip(words, .warning, .cross)
    }
}

private let offline: Set<String> = ["offline", "unreachable", "timeout", "connection_broke"]

/// What the top of every screen says of the network: always visible, never in the way.
public func chip(_ state: SyncState) -> Chip {
    switch state {
    case .idle(let synced):
        return synced ? Chip(Words("sync_idle"), .quiet, .online) : Chip(Words("sync_not_yet"), .quiet, .sync)
    case .running: return Chip(Words("sync_running"), .quiet, .sync)
    case .waiting(_, let why):
        return offline.contains(why)
            ? Chip(Words("sync_offline"), .warning, .offline) : Chip(Words("sync_waiting"), .warning, .sync)
    case .blocked(let action, _): return Chip(Words("sync_\(snake(action))"), .alarm, .warning)
    }
}

/// Why something was not done.
public func words(_ reason: BreakReason) -> Words { Words("break_reason_\(snake(reason))") }

public func words(_ reason: NotDoneReason) -> Words { Words("reason_\(snake(reason))") }

/// Fields that have a name of their own in the string catalog, by section and last part.
private let fields: Set<String> = [
    "tasks_title", "tasks_status", "tasks_result", "tasks_reason", "tasks_comment", "status_status", "outcome_outcome",
    "note_note", "measures_weight_kg", "measures_pain_score", "measures_glucose_mg_dl", "medications_dose",
    "medications_status", "medications_dosing",
    "spo2_scale_spo2_scale", "conditions_clinical_status", "allergies_status", "allergies_severity",
    "handover_handover", "unplanned_unplanned", "notice_wishes_notice_wishes", "consent_consent",
]

/// Sections whose entries are only added.
private let sections: Set<String> = [
    "observations", "medications", "attachments", "forms", "steps", "corrections", "signatures", "amendments",
    "presence", "sign_offs", "tasks", "measures", "duplicates", "planned", "notices", "lobby", "survey",
]

/// What a field is called: `tasks/0192…/result` is the result of a task.
func fieldWords(_ path: String) -> Words {
    let parts = path.split(separator: "/")
    let first = parts.first.map(String.init) ?? ""
    let name = "\(first)_\(parts.last ?? "")"
    if fields.contains(name) { return Words("field_\(name)") }
    return sections.contains(first) ? Words("section_\(first)") : Words("field_other")
}

/// Codes of a quarantined edit that have words of their own.
private let quarantineCodes: Set<String> = [
    "access_ended", "depends_on_rejected", "no_grant", "not_permitted", "value_not_permitted", "policy",
    "author_mismatch", "role_mismatch", "subject_not_permitted", "sealed",
    "unplanned_unreadable", "handover_unreadable", "not_in_team", "notice_unreadable",
    "consent_unreadable", "survey_unreadable",
]

func quarantineWords(_ code: String) -> Words {
    quarantineCodes.contains(code) ? Words("quarantine_\(code)") : Words("quarantine_reason", code)
}
