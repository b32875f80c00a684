import Foundation
import HomeroundCore

/// Another unit that a figure may be read off in: as a person reads it, and both by their UCUM codes.
public struct OtherUnit: Sendable {
    public let unit: String
    let pair: UnitPair
    let code: String
    let kept: String
}

/// A figure of the vital signs: its name in the core, and its unit as a person reads it.
public enum VitalField: String, CaseIterable, Sendable {
    case pulse = "pulse_bpm"
    case systolic = "systolic_mmhg"
    case diastolic = "diastolic_mmhg"
    case temperature = "temperature_c"
    case spo2 = "spo2_percent"
    case respirations = "respirations_per_min"
    case weight = "weight_kg"
    case glucose = "glucose_mg_dl"
    case pain = "pain_score"
    case oxygen = "oxygen_flow_l_min"

    public var unit: String {
        switch self {
        case .pulse, .respirations: "/min"
        case .systolic, .diastolic: "mmHg"
        case .temperature: "°C"
        case .spo2: "%"
        case .weight: "kg"
        case .glucose: "mg/dL"
        case .pain: "0–10"
        case .oxygen: "L/min"
        }
    }
}

extension VitalField {
    /// The other unit that it may be read off in.
    public var other: OtherUnit? {
        switch self {
        case .temperature: OtherUnit(unit: "°F", pair: .temperature, code: "[degF]", kept: "Cel")
        case .weight: OtherUnit(unit: "lb", pair: .weight, code: "[lb_av]", kept: "kg")
        case .glucose: OtherUnit(unit: "mmol/L", pair: .glucose, code: "mmol/L", kept: "mg/dL")
        default: nil
        }
    }

    /// Where it can be measured, if that matters.
    public var sites: [HowChoice] {
        switch self {
        case .temperature:
            [
                snomed("site_mouth", "74262004", "Oral cavity structure"),
                snomed("site_armpit", "91470000", "Axillary region structure"),
                snomed("site_ear", "42859004", "Tympanic membrane structure"),
                snomed("site_forehead", "52795006", "Forehead structure"),
                snomed("site_rectum", "34402009", "Rectum structure"),
            ]
        case .systolic:
            [
                snomed("site_left_arm", "368208006", "Left upper arm structure"),
                snomed("site_right_arm", "368209003", "Right upper arm structure"),
            ]
        default: []
        }
    }

    /// How it can be measured, if that matters.
    public var methods: [HowChoice] {
        let palpation = snomed("method_palpation", "113011001", "Palpation")
        let auscultation = snomed("method_auscultation", "37931006", "Auscultation")
        switch self {
        case .pulse: return [palpation, auscultation]
        case .systolic: return [auscultation, palpation]
        default: return []
        }
    }
}

/// Where or how a figure was measured: a key of the string catalog, and its code.
public struct HowChoice: Hashable, Sendable {
    public let key: String
    public let code: Coding
}

private func snomed(_ key: String, _ code: String, _ text: String) -> HowChoice {
    HowChoice(key: key, code: Coding(system: "http://snomed.info/sct", code: code, text: text))
}

/// What was typed, by figure.
public struct VitalsForm: Equatable, Sendable {
    public var typed: [VitalField: String] = [:]
    /// Figures that are typed in their other unit.
    public var others: Set<VitalField> = []
    public var sites: [VitalField: HowChoice] = [:]
    public var methods: [VitalField: HowChoice] = [:]
    public var consciousness: Consciousness?
    /// Oxygen or air; none: not said.
    public var onOxygen: Bool?
    /// Who told the figures; none: they were measured.
    public var reportedBy: ReportedBy?
    /// With what it was measured, of figures that somebody told.
    public var device = ""

    public init() {}

    /// The unit that a figure is typed in.
    public func unit(_ field: VitalField) -> String {
        if others.contains(field), let other = field.other { return other.unit }
        return field.unit
    }

    /// Whether something is typed.
    public func says(_ field: VitalField) -> Bool { !(typed[field] ?? "").allSatisfy(\.isWhitespace) }

    /// What is recorded, of figures that were parsed.
    func entry(_ vitals: Vitals, _ atMs: Int64) -> VitalsEntry {
        let said = VitalField.allCases.filter { says($0) && (sites[$0] != nil || methods[$0] != nil) }
        let figures = said.map { field in
            MeasuredFigure(
                figure: field.rawValue, measured: Measured(bodySite: sites[field]?.code, method: methods[field]?.code))
        }
        guard let reportedBy else { return VitalsEntry(measuredAtMs: atMs, vitals: vitals, figures: figures) }
        let name = device.trimmingCharacters(in: .whitespaces)
        let device = name.isEmpty ? nil : Coding(system: "", code: "", text: name)
        let whole = Measured(device: device, reportedBy: reportedBy)
        return VitalsEntry(measuredAtMs: atMs, vitals: vitals, measured: whole, figures: figures)
    }

    public var empty: Bool {
        typed.values.allSatisfy { $0.allSatisfy(\.isWhitespace) } && consciousness == nil && onOxygen == nil
    }

    /// The figures, or the field that is no figure. Ranges are the core's to judge.
    func parse(_ formats: Formats) throws -> (Vitals, VitalField?) {
        var parsed: [VitalField: Double] = [:]
        for (field, text) in typed where !text.allSatisfy(\.isWhitespace) {
            // What no field of the core can hold is no figure either.
            guard let figure = formats.number(text), figure >= 0, figure <= 65_535 else { return (Vitals(), field) }
            if others.contains(field), let unit = field.other {
                parsed[field] = try convertUnit(pair: unit.pair, value: figure, from: unit.code, to: unit.kept)
            } else {
                parsed[field] = figure
            }
        }
        func short(_ field: VitalField) -> UInt16? { parsed[field].map { UInt16($0) } }
        func byte(_ field: VitalField) -> UInt8? { parsed[field].map { UInt8(clamping: Int($0)) } }
        let vitals = Vitals(
            pulseBpm: short(.pulse), systolicMmhg: short(.systolic), diastolicMmhg: short(.diastolic),
            temperatureC: parsed[.temperature], spo2Percent: byte(.spo2), respirationsPerMin: short(.respirations),
            weightKg: parsed[.weight], glucoseMgDl: short(.glucose), painScore: byte(.pain),
            consciousness: consciousness, onOxygen: onOxygen, oxygenFlowLMin: parsed[.oxygen])
        return (vitals, nil)
    }
}

/// A line that a person reads: a word of the string catalog, if there is one, and a figure.
public struct Reading: Hashable, Sendable {
    public let name: Words?
    public let text: String

    init(_ key: String? = nil, _ text: String) {
        name = key.map { Words($0) }
        self.text = text
    }
}

func readings(_ finding: Finding) -> [Reading] {
    switch finding {
    case .vitals(let vitals): readings(vitals)
    case .quantity(let code, let value, let unit): [Reading(nil, "\(code.text) \(value.formatted()) \(unit)")]
    case .text(let code, let text): [Reading(nil, "\(code.text): \(text)")]
    case .unknown: [Reading("finding_unknown", "")]
    }
}

private func readings(_ vitals: Vitals) -> [Reading] {
    let pressure = vitals.systolicMmhg.map { "\($0)/\(vitals.diastolicMmhg.map(String.init) ?? "–") mmHg" }
    return [
        vitals.pulseBpm.map { Reading("vital_pulse_bpm", "\($0) /min") },
        pressure.map { Reading("vital_pressure", $0) },
        vitals.temperatureC.map { Reading("vital_temperature_c", "\($0) °C") },
        vitals.spo2Percent.map { Reading("vital_spo2_percent", "\($0) %") },
        vitals.respirationsPerMin.map { Reading("vital_respirations_per_min", "\($0) /min") },
        vitals.weightKg.map { Reading("vital_weight_kg", "\($0) kg") },
        vitals.glucoseMgDl.map { Reading("vital_glucose_mg_dl", "\($0) mg/dL") },
        vitals.painScore.map { Reading("vital_pain_score", "\($0)/10") },
        vitals.consciousness.map { Reading("consciousness_\(snake($0))", "") },
        vitals.onOxygen.map { Reading($0 ? "oxygen_given" : "oxygen_air", "") },
        vitals.oxygenFlowLMin.map { Reading("vital_oxygen_flow_l_min", "\($0) L/min") },
    ].compactMap { $0 }
}
