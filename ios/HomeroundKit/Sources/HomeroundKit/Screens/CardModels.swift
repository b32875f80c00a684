import Foundation
import HomeroundCore

/// A field of what changed: what it is called, what stood there and what stands there now.
public struct ChangeLine: Hashable, Sendable {
    public let name: Words
    public let before: Part?
    public let now: Part?
}

/// Something that changed since one was there last.
public struct ChangeRow: Identifiable, Sendable {
    public let id: String
    public let kind: ChangeKind
    /// What it is called, as it was written, or the words of its kind.
    public let title: Part
    public let how: Chip
    public let lines: [ChangeLine]
    /// Why it was corrected.
    public let reason: Words?
    public let by: String
    public let at: String
    /// It was written before one left, and arrived after.
    public let late: Bool
}

/// What changed of one kind.
public struct ChangeGroup: Identifiable, Sendable {
    public var id: ChangeKind { kind }
    public let kind: ChangeKind
    public let rows: [ChangeRow]
}

/// The last figure of a vital sign.
public struct FigureRow: Identifiable, Sendable {
    public let id: String
    public let name: Words
    public let value: String
    public let before: Words?
    public let from: String
    /// Who told it; nil: it was measured.
    public let reported: Words?
}

/// What a patient's card shows.
public struct CardState: ScreenState {
    public var loaded = false
    public var name = ""
    /// Age, sex, date of birth.
    public var about: [Part] = []
    public var alerts: [ChartRow] = []
    /// The worst first; none: not for this role.
    public var allergies: [ChartRow]?
    public var conditions: [ChartRow]?
    public var medications: [ChartRow]?
    /// Who went through the medications last.
    public var reviewed: Words?
    public var figures: [FigureRow] = []
    public var score: ScoreCard?
    public var scoreBefore: Words?
    public var access: [ChartRow] = []
    public var contacts: [ChartRow] = []
    public var lead: ChartRow?
    public var asked: [String] = []
    public var overdue: [ChartRow] = []
    public var waiting: [Chip] = []
    public var messages: [ChartRow] = []
    /// Since when, or that one was never there.
    public var since: Words?
    public var count = 0
    public var changes: [ChangeRow] = []
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// The card of a patient, in the context of a visit if there is one.
public final class CardModel: Model<CardState> {
    /// Whose card.
    public let patient: PatientId
    private let formats: Formats
    private let zone: String

    public init(_ phone: Homeround, _ patient: PatientId, visit: VisitId?, _ formats: Formats, zone: String) throws {
        self.patient = patient
        self.formats = formats
        self.zone = zone
        super.init(CardState(), phone)
        follow(try phone.patient(patient).card(visit)) { [weak self] state, card in self?.take(&state, card) }
    }

    private func take(_ state: inout CardState, _ card: PatientCard) {
        state.loaded = true
        state.name = card.patient.name
        let sex = card.patient.gender.map { Part.words(Words("sex_\($0)")) }
        state.about = [card.ageMonths.map { age(Int($0)) }, sex, card.patient.birthDate.map(Part.text)].compactMap { $0 }
        clinical(&state, card)
        state.figures = (card.figures ?? []).map(figure)
        state.score = (card.score?.assessment).flatMap { HomeroundKit.card($0) }
        state.scoreBefore = card.score?.beforeTotal.map { Words("card_before", plain($0)) }
        state.access = card.homeAccess.map { way in
            ChartRow(id: way.name, title: way.text, detail: [.words(Words("access_\(way.name)"))])
        }
        state.contacts = numbered(card.contacts) { ($0.name, [$0.relationship, $0.phone].compactMap { $0 }.map(Part.text)) }
        state.lead = card.lead.map { lead in
            let detail = [.words(Words("role_supervisor")), lead.phone.map(Part.text)].compactMap { $0 }
            return ChartRow(id: lead.person, title: lead.name, detail: detail)
        }
        state.asked = card.asked.map(\.title)
        state.overdue = numbered(card.overdue ?? []) { ($0.title, [.text(formats.moment($0.dueMs, zone))]) }
        state.waiting = CardModel.waiting(card)
        state.messages = (card.messages ?? []).map {
            ChartRow(id: $0.id, title: $0.text, detail: [.text($0.by.name), .text(formats.moment($0.atMs, zone))])
        }
        state.since = sinceWords(card.since, formats, zone)
        state.count = Int(card.since.count)
        state.changes = card.since.changes.map { changeRow($0, formats, zone) }
    }

    private func clinical(_ state: inout CardState, _ card: PatientCard) {
        state.alerts = numbered(card.alerts) { ($0.text, [.words(Words("severity_\(snake($0.severity))"))]) }
        state.allergies = card.allergies.map { all in
            numbered(all) { one in
                let severity = one.severity.map { Part.words(Words("severity_\(snake($0))")) }
                return (one.code.text, [severity, one.reaction.map(Part.text)].compactMap { $0 })
            }
        }
        state.conditions = card.conditions.map { all in
            numbered(all) { ($0.code.text, [$0.onset].compactMap { $0 }.map(Part.text)) }
        }
        state.medications = card.medications.map { all in
            numbered(all) { ($0.code.text, [$0.dose, $0.frequency].compactMap { $0 }.map(Part.text)) }
        }
        state.reviewed = card.medicationsReviewed.map { Words("card_reviewed", formats.date($0.atMs, zone), $0.by.name) }
    }

    private func figure(_ one: LastFigure) -> FigureRow {
        let value = "\(plain(one.last.value)) \(units(one.last.unit))".trimmingCharacters(in: .whitespaces)
        let from = [formats.moment(one.last.atMs, zone), one.last.by?.name ?? ""].filter { !$0.isEmpty }
        let before = one.before.map { Words("card_before", "\(plain($0.value)) (\(formats.date($0.atMs, zone)))") }
        return FigureRow(
            id: one.field, name: Words("vital_\(one.field)"), value: value, before: before,
            from: from.joined(separator: " · "), reported: one.last.reportedBy.map { words($0) })
    }

    private static func waiting(_ card: PatientCard) -> [Chip] {
        let pressing = Chip(.counted("messages_pressing", Int(card.pressing)), .alarm, .warning)
        let unread = Chip(.counted("messages_unread", Int(card.unread)), .active, .unsent)
        return (card.pressing > 0 ? [pressing] : []) + (card.unread > 0 ? [unread] : [])
    }
}

private func numbered<Item>(_ all: [Item], _ row: (Item) -> (String, [Part])) -> [ChartRow] {
    all.enumerated().map { at, one in
        let (title, detail) = row(one)
        return ChartRow(id: "\(at)", title: title, detail: detail)
    }
}

/// An age as it is spoken of: in months up to two years.
private func age(_ months: Int) -> Part {
    .words(months < 24 ? .counted("card_months", months) : .counted("card_years", months / 12))
}

/// What the list of changes shows.
public struct ChangesState: ScreenState {
    public var name = ""
    public var since: Words?
    public var count = 0
    public var groups: [ChangeGroup] = []
    public var more = false
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// What changed about a patient since one was there last.
public final class ChangesModel: Model<ChangesState> {
    private static let page: UInt32 = 50
    private let patient: Patient
    private let formats: Formats
    private let zone: String
    private var rows: [ChangeRow] = []
    private var next: UInt32?

    public init(_ phone: Homeround, _ id: PatientId, _ formats: Formats, zone: String) throws {
        patient = try phone.patient(id)
        self.formats = formats
        self.zone = zone
        super.init(ChangesState(), phone)
        act { [self] in
            let name = try await patient.read().name
            change { $0.name = name }
            try await page(from: 0)
        }
    }

    @discardableResult
    public func more() -> Work {
        act { [self] in
            if let next { try await page(from: next) }
        }
    }

    private func page(from skip: UInt32) async throws {
        let page = try await patient.sinceLastHere(ChangeQuery(skip: skip, limit: ChangesModel.page))
        next = page.next
        for one in page.changes where !rows.contains(where: { $0.id == one.id }) {
            rows.append(changeRow(one, formats, zone))
        }
        let kinds = rows.map(\.kind).reduce(into: [ChangeKind]()) { kinds, kind in
            if !kinds.contains(kind) { kinds.append(kind) }
        }
        let groups = kinds.map { kind in ChangeGroup(kind: kind, rows: rows.filter { $0.kind == kind }) }
        change {
            $0.since = sinceWords(page, formats, zone)
            $0.count = Int(page.count)
            $0.groups = groups
            $0.more = page.next != nil
            $0.loaded = true
        }
    }
}

private func sinceWords(_ since: SinceLastHere, _ formats: Formats, _ zone: String) -> Words {
    since.last.map { Words("since_last", formats.moment($0.atMs, zone)) } ?? Words("since_never")
}

private func changeRow(_ one: PatientChange, _ formats: Formats, _ zone: String) -> ChangeRow {
    let lines = one.fields.map { field in
        let (before, now) = (value(one.kind, field.name, field.before), value(one.kind, field.name, field.now))
        return ChangeLine(name: fieldName(one.kind, field.name), before: before, now: now)
    }
    return ChangeRow(
        id: one.id, kind: one.kind, title: one.title.isEmpty ? .words(words(one.kind)) : .text(one.title), how: chip(one.how),
        lines: lines, reason: one.reason.map { Words("change_reason", $0) }, by: one.by.name,
        at: formats.moment(one.atMs, zone), late: one.late)
}

/// What a kind of change is called.
public func words(_ kind: ChangeKind) -> Words { Words("change_\(snake(kind))") }

private func chip(_ how: ChangeHow) -> Chip {
    switch how {
    case .added: Chip(Words("change_how_added"), .active, .check)
    case .changed: Chip(Words("change_how_changed"), .warning, .sync)
    case .takenBack: Chip(Words("change_how_taken_back"), .alarm, .cross)
    }
}

private func fieldName(_ kind: ChangeKind, _ field: String) -> Words {
    if VitalField(rawValue: field) != nil || field == "consciousness" || field == "on_oxygen" { return Words("vital_\(field)") }
    return Words(kind == .homeAccess ? "access_\(field)" : "changed_\(field)")
}

/// A value as a person reads it: codes are words of the string catalog, everything else is as it was written.
private func value(_ kind: ChangeKind, _ field: String, _ text: String?) -> Part? {
    guard let text else { return nil }
    if let figure = VitalField(rawValue: field) { return .text("\(text) \(figure.unit)") }
    if text == "true" || text == "false" { return .words(Words(text == "true" ? "form_yes" : "form_no")) }
    switch field {
    case "consciousness": return .words(Words("consciousness_\(text)"))
    case "severity": return .words(Words("severity_\(text)"))
    case "clinical_status": return .words(Words("condition_\(text)"))
    case "result": return .words(Words("result_\(text)"))
    case "section": return .words(Words("patient_\(text)"))
    case "spo2_scale": return .words(Words("news2_\(text)"))
    case "achievement": return .words(achievementWords(text))
    case "answered_by": return .words(Words("survey_by_\(text)"))
    case "given": return .words(Words("visit_\(text)"))
    case "reason" where [.task, .dose, .progress].contains(kind): return .words(Words("reason_\(text)"))
    case "status": return .words(status(kind, text.replacingOccurrences(of: "-", with: "_")))
    default: return .text(text)
    }
}

private func status(_ kind: ChangeKind, _ code: String) -> Words {
    switch kind {
    case .allergy: Words("allergy_\(code)")
    case .task, .activity, .progress: Words("task_\(code)")
    case .visit, .form: Words("status_\(code)")
    case .plan, .medication: Words("plan_status_\(code)")
    default: Words("changed_\(code)")
    }
}
