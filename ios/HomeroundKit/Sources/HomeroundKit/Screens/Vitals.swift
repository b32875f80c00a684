import HomeroundCore

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

/// What was typed, by figure.
public struct VitalsForm: Sendable {
    public var typed: [VitalField: String] = [:]
    public var consciousness: Consciousness?
    /// Oxygen or air; none: not said.
    public var onOxygen: Bool?

    public init() {}

    public var empty: Bool {
        typed.values.allSatisfy { $0.allSatisfy(\.isWhitespace) } && consciousness == nil && onOxygen == nil
    }

    /// The figures, or the field that is no figure. Ranges are the core's to judge.
    func parse(_ formats: Formats) -> (Vitals, VitalField?) {
        var parsed: [VitalField: Double] = [:]
        for (field, text) in typed where !text.allSatisfy(\.isWhitespace) {
            // What no field of the core can hold is no figure either.
            guard let figure = formats.number(text), figure >= 0, figure <= 65_535 else { return (Vitals(), field) }
            parsed[field] = figure
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
