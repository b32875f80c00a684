import Foundation
import HomeroundCore

/// A part of a line: words of the string catalog, or text as it was written.
public enum Part: Hashable, Sendable {
    case words(Words)
    case text(String)
}

/// A line of something in the chart: what, and what is said of it.
public struct ChartRow: Identifiable, Sendable {
    public let id: String
    public let title: String
    public let detail: [Part]
}

/// A line of the timeline.
public struct TimelineRow: Identifiable, Sendable {
    public let id: String
    public let date: String
    public let title: String
    public let detail: String
    public let kind: String
    /// Who told it; none: it was measured.
    public let reported: Words?
}

/// A measurement of a trend.
public struct TrendRow: Identifiable, Sendable {
    public let id: Int
    public let date: String
    public let value: String
    public let by: String
    /// Who told it; none: it was measured.
    public let reported: Words?
}

/// One figure over time.
public struct TrendCard: Sendable {
    public let field: String
    public var rows: [TrendRow]
    public var more: Bool
}

/// What a trend can be asked for.
public let trendFields: [String] = ["news2"] + VitalField.allCases.filter { $0 != .oxygen }.map(\.rawValue)

/// What a trend is called.
public func trendWords(_ field: String) -> Words { Words(field == "news2" ? "trend_news2" : "vital_\(field)") }

/// What a patient's screen shows.
public struct PatientState: ScreenState {
    public var name = ""
    public var born = ""
    public var phones: [String] = []
    public var address = ""
    public var alerts: [ChartRow] = []
    public var allergies: [ChartRow] = []
    public var conditions: [ChartRow] = []
    public var medications: [ChartRow] = []
    public var contacts: [ChartRow] = []
    public var access: [ChartRow] = []
    public var team: [ChartRow] = []
    public var timeline: [TimelineRow] = []
    public var kind: String?
    public var trend: TrendCard?
    /// There is nothing of this patient on this phone.
    public var away = false
    public var busy = false
    public var more = false
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// A patient's chart, team and timeline; or the way to them in an emergency.
public final class PatientModel: Model<PatientState> {
    private static let page: UInt32 = 30
    private let phone: Homeround
    /// Which patient.
    public let id: PatientId
    private let patient: Patient
    private let formats: Formats
    private var next: String?
    private var nextTrend: String?

    public init(_ phone: Homeround, _ id: PatientId, _ formats: Formats) throws {
        self.phone = phone
        self.id = id
        patient = try phone.patient(id)
        self.formats = formats
        super.init(PatientState(), phone)
        act { [self] in try await look() }
    }

    /// One kind of the timeline alone, as in `Observation`; none: all.
    @discardableResult
    public func filter(_ kind: String?) -> Work {
        act { [self] in
            change {
                $0.kind = kind
                $0.timeline = []
            }
            try await page(from: nil)
        }
    }

    @discardableResult
    public func more() -> Work { act { [self] in try await page(from: next) } }

    /// One figure over time; none: none.
    @discardableResult
    public func trend(_ field: String?) -> Work {
        act { [self] in
            nextTrend = nil
            change { $0.trend = nil }
            if let field { try await trendPage(field) }
        }
    }

    @discardableResult
    public func moreTrend() -> Work {
        act { [self] in
            if let field = state.trend?.field { try await trendPage(field) }
        }
    }

    private func trendPage(_ field: String) async throws {
        let query = TrendQuery(code: try trendCode(field: field), from: nextTrend, limit: PatientModel.page)
        let page = try await patient.trend(query)
        nextTrend = page.next
        var rows = state.trend?.field == field ? state.trend?.rows ?? [] : []
        for point in page.points {
            let value = "\(plain(point.value)) \(units(point.unit))".trimmingCharacters(in: .whitespaces)
            let date = formats.moment(point.atMs, "UTC")
            let reported = point.reportedBy.map { words($0) }
            rows.append(
                TrendRow(id: rows.count, date: date, value: value, by: point.by?.name ?? "", reported: reported))
        }
        change { $0.trend = TrendCard(field: field, rows: rows, more: page.next != nil) }
    }

    /// Access in an emergency, with a reason that a reviewer will read; the patient comes with the next sync.
    @discardableResult
    public func breakGlass(_ reason: String) -> Work {
        act { [self] in
            change { $0.busy = true }
            defer { change { $0.busy = false } }
            try await patient.breakGlass(reason: reason)
            try await phone.sync.now()
            try await look()
        }
    }

    /// Reads the patient, or says that there is none on this phone.
    private func look() async throws {
        let who: Demographics
        do {
            who = try await patient.read()
        } catch HomeroundError.NotFound, HomeroundError.NotAllowed {
            change { $0.away = true }
            return
        }
        let team = try await patient.careTeams().flatMap(\.members)
        change {
            $0.name = who.name
            $0.born = who.birthDate ?? ""
            $0.phones = who.phones
            $0.address = who.address
            $0.team = team.enumerated().map { at, one in
                ChartRow(id: "\(at)", title: one.name, detail: [.text(one.role), one.phone.map(Part.text)].compactMap { $0 })
            }
            $0.loaded = true
            $0.away = false
        }
        try await page(from: nil)
        follow(patient.chart, PatientModel.take)
    }

    private static func take(_ state: inout PatientState, _ chart: ChartView) {
        state.alerts = chart.alerts.filter(\.alert.active).map {
            ChartRow(id: $0.id, title: $0.alert.text, detail: [.words(Words("severity_\(snake($0.alert.severity))"))])
        }
        state.allergies = chart.allergies.map { one in
            let severity = one.allergy.severity.map { Part.words(Words("severity_\(snake($0))")) }
            let detail = [.words(Words("allergy_\(snake(one.allergy.status))")), severity, one.allergy.reaction.map(Part.text)]
            return ChartRow(id: one.id, title: one.allergy.code.text, detail: detail.compactMap { $0 })
        }
        state.conditions = chart.conditions.map { one in
            let detail = [.words(Words("condition_\(one.condition.clinicalStatus)")), one.condition.onset.map(Part.text)]
            return ChartRow(id: one.id, title: one.condition.code.text, detail: detail.compactMap { $0 })
        }
        state.medications = chart.medications.map { one in
            let detail = [one.medication.dose, one.medication.frequency].compactMap { $0 }.map(Part.text)
            return ChartRow(id: one.id, title: one.medication.code.text, detail: detail)
        }
        state.contacts = chart.contacts.map { one in
            let detail = [one.contact.relationship, one.contact.phone].compactMap { $0 }.map(Part.text)
            return ChartRow(id: one.id, title: one.contact.name, detail: detail)
        }
        state.access = chart.homeAccess.map {
            ChartRow(id: $0.name, title: $0.text, detail: [.words(Words("access_\($0.name)"))])
        }
    }

    private func page(from: String?) async throws {
        let page = try await patient.timeline(TimelineQuery(resource: state.kind, from: from, limit: PatientModel.page))
        next = page.next
        change {
            $0.timeline += page.entries.map(row)
            $0.more = page.next != nil
        }
    }

    private func row(_ entry: TimelineEntry) -> TimelineRow {
        func told(_ value: String, _ unit: String?) -> String { unit.map { "\(value) \($0)" } ?? value }
        let value = entry.value.map { told($0, entry.unit) }
        let parts = entry.parts.map { "\($0.code.text) \(told($0.value, $0.unit))" }.joined(separator: ", ")
        let detail = [value, parts.isEmpty ? nil : parts].compactMap { $0 }.joined(separator: " · ")
        return TimelineRow(
            id: entry.id, date: formats.date(entry.atMs, "UTC"), title: entry.code.text, detail: detail, kind: entry.resource,
            reported: entry.measured.reportedBy.map { words($0) })
    }
}
