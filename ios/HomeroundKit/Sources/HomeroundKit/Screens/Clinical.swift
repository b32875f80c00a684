import HomeroundCore

/// What one parameter adds to a score.
public struct ScorePart: Hashable, Sendable {
    public let name: Words
    public let points: Int
}

/// NEWS2 as a card: decision support, never a decision.
public struct ScoreCard: Sendable {
    public let title: Words
    public let tone: Tone
    /// The response that the Royal College of Physicians names; none without a band.
    public let response: Words?
    public let scale: Words
    public let parts: [ScorePart]
    /// What has to be measured before there is a total.
    public let missing: [Words]
    /// That it comes of what somebody told; none: all was measured.
    public var reported: Words?
}

/// A figure outside what is usual at the patient's age.
public struct UnusualRow: Hashable, Sendable {
    public let name: Words
    public let usual: Words
}

/// Something to think about before a dose is given.
public struct WarningRow: Hashable, Sendable {
    public let code: String
    public let about: EntryId?
    public let words: Words
}

/// A set of vital signs that waits for a second look, with what it says.
public struct VitalsCheck: Sendable {
    public let unusual: [UnusualRow]
    public let score: ScoreCard?
}

/// A dose other than the ordered one, while it is typed.
public struct DoseForm: Sendable {
    public let row: MedicationRow
    public var value: String
    public var unit: String

    public var ready: Bool { ![value, unit].contains { $0.allSatisfy(\.isWhitespace) } }
}

/// How much is given.
struct GivenDose: Sendable {
    let value: Double
    let unit: String
}

/// A dose that waits for a reason, with what there is to think about.
public struct WarnedDose: Sendable {
    public let row: MedicationRow
    public let warnings: [WarningRow]
    let dose: GivenDose?

    /// The same reason for each warning.
    func overrides(_ reason: String) -> [WarningOverride] {
        warnings.map { WarningOverride(warning: $0.code, about: $0.about, reason: reason) }
    }
}

/// Levels that a person can choose.
public let consciousnessLevels: [Consciousness] = [.alert, .newConfusion, .voice, .pain, .unresponsive]

public func words(_ level: Consciousness) -> Words { Words("consciousness_\(snake(level))") }

/// The scales that a person can choose.
public let spo2Scales: [Spo2Scale] = [.scale1, .scale2]

public func words(_ scale: Spo2Scale) -> Words { Words(scale == .scale2 ? "news2_scale_2" : "news2_scale_1") }

/// The score's card, with whose word it comes of.
func card(_ says: Assessment) -> ScoreCard? {
    guard let score = says.news2 else { return nil }
    var shown = card(score)
    shown.reported = says.reportedBy == nil ? nil : Words("news2_reported")
    return shown
}

func card(_ score: News2) -> ScoreCard {
    let tone: Tone =
        switch score.risk {
        case .high: .alarm
        case .medium, .lowMedium: .warning
        case .low: .good
        case nil: .quiet
        }
    return ScoreCard(
        title: score.total.map { Words("news2_total", "\($0)") } ?? Words("news2_incomplete", "\(score.points)"), tone: tone,
        response: score.risk.map { Words("news2_\(snake($0))") }, scale: words(score.scale),
        parts: score.parts.map { ScorePart(name: Words("vital_\($0.field)"), points: Int($0.points)) },
        missing: score.missing.map { Words("vital_\($0)") })
}

/// Figures that are worth a second look; what is usual is told in the unit that a figure was typed in.
func second(_ assessment: Assessment, typed: VitalsForm = VitalsForm()) -> [UnusualRow] {
    assessment.unusual.map { one in
        let unit = typed.others.first { $0.rawValue == one.field }?.other
        func told(_ figure: Double) -> String {
            guard let unit, let other = try? convertUnit(pair: unit.pair, value: figure, from: unit.kept, to: unit.code)
            else { return plain(figure) }
            return "\(plain(other)) \(unit.unit)"
        }
        let usual: Words =
            switch (one.low, one.high) {
            case (let low?, let high?): Words("usual_between", told(low), told(high))
            case (let low?, nil): Words("usual_from", told(low))
            case (nil, let high): Words("usual_up_to", high.map(told) ?? "")
            }
        return UnusualRow(name: Words("vital_\(one.field)"), usual: usual)
    }
}

func row(_ warning: MedicationWarning, _ formats: Formats, _ zone: String) -> WarningRow {
    let words: Words =
        switch warning.reason {
        case .tooSoon(let last, let until): Words("warning_too_soon", formats.moment(last, zone), formats.moment(until, zone))
        case .maxPerDay(let given, let max): Words("warning_max_per_day", "\(given)", "\(max)")
        case .doseDiffers(let value, let unit): Words("warning_dose_differs", plain(value), unit)
        case .unitDiffers(let unit): Words("warning_unit_differs", unit)
        case .notActive(let status): Words("warning_not_active", status)
        case .allergy(let text, _): Words("warning_allergy", text)
        }
    return WarningRow(code: warning.code, about: warning.about, words: words)
}

/// UCUM as a person reads it.
func units(_ ucum: String) -> String {
    switch ucum {
    case "mm[Hg]": "mmHg"
    case "Cel": "°C"
    case "{score}": ""
    default: ucum
    }
}

/// `500.0` is read as 500.
func plain(_ figure: Double) -> String {
    figure == figure.rounded() && abs(figure) < 1e15 ? "\(Int64(figure))" : "\(figure)"
}
