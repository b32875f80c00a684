import HomeroundKit
import SwiftUI

/// Fields of a dose, shown with what is wrong with them.
let doseFields: Set<String> = ["dose_value", "dose_unit"]

/// Units of figures that have two; where and how those were measured that were typed.
struct How: View {
    let model: VisitModel

    var body: some View {
        let form = model.state.vitals
        ForEach(VitalField.allCases.filter { form.says($0) }, id: \.self) { field in
            let name = told("vital_\(field.rawValue)")
            if let other = field.other {
                Text(Words("how_unit", name).text).font(.subheadline)
                choice(field.unit, !form.others.contains(field)) { if form.others.contains(field) { model.swapUnit(field) } }
                choice(other.unit, form.others.contains(field)) { if !form.others.contains(field) { model.swapUnit(field) } }
            }
            if !field.sites.isEmpty {
                Text(Words("how_site", name).text).font(.subheadline)
                ForEach(field.sites, id: \.self) { site in
                    choice(told(site.key), form.sites[field] == site) { model.chooseSite(field, site) }
                }
            }
            if !field.methods.isEmpty {
                Text(Words("how_method", name).text).font(.subheadline)
                ForEach(field.methods, id: \.self) { method in
                    choice(told(method.key), form.methods[field] == method) { model.chooseMethod(field, method) }
                }
            }
        }
    }
}

/// Whether the figures were measured here, or who told them, and with what they were measured then.
struct Teller: View {
    let model: VisitModel

    var body: some View {
        let form = model.state.vitals
        Text(told("reported_title")).font(.subheadline)
        choice(told("reported_measured"), form.reportedBy == nil) { model.chooseTeller(nil) }
        ForEach(tellers, id: \.self) { by in
            choice(words(by).text, form.reportedBy == by) { model.chooseTeller(by) }
        }
        if form.reportedBy != nil { TypedField(told("reported_device"), form.device) { model.typeDevice($0) } }
    }
}

/// The scale for the saturation: another one is decided only after what that means was read.
struct Scale: View {
    let model: VisitModel
    @State private var asked: Spo2Scale?

    var body: some View {
        let holds = model.state.spo2Scale ?? .scale1
        Text(told("scale_title")).font(.subheadline)
        ForEach(spo2Scales, id: \.self) { scale in
            choice(words(scale).text, scale == holds) { asked = scale == holds ? nil : scale }
        }
        if let scale = asked {
            Text(told("scale_warning"))
            MainButton("scale_decide") {
                asked = nil
                model.decideScale(scale)
            }
            AlsoButton(told("scale_keep")) { asked = nil }
        }
    }
}

/// Figures that are worth a second look, before they are recorded.
struct LookAgain: View {
    let model: VisitModel
    let check: VitalsCheck

    var body: some View {
        VStack(alignment: .leading, spacing: 6) {
            Label(told("check_title"), systemImage: Glyph.warning.symbol).font(.headline).accessibilityAddTraits(.isHeader)
            ForEach(check.unusual, id: \.self) { one in Text("\(one.name.text): \(one.usual.text)") }
            MainButton("check_confirm") { model.confirmVitals() }
            AlsoButton(told("check_back")) { model.holdVitals() }
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Tone.warning.colour.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
        if let card = check.score { Score(card: card) }
    }
}

/// How much was given, where it is not what was ordered.
struct OtherDose: View {
    let model: VisitModel
    let form: DoseForm

    var body: some View {
        field("dose_value", form.value) { typed in change { $0.value = typed } }.keyboardType(.decimalPad)
        field("dose_unit", form.unit) { typed in change { $0.unit = typed } }
        MainButton("visit_given", enabled: form.ready) { model.giveDose() }
        AlsoButton(told("dose_close")) { model.closeDose() }
    }

    private func field(_ name: String, _ value: String, _ type: @escaping (String) -> Void) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            TypedField(told(name), value, change: type)
            if let problem = model.state.problem, problem.field == name {
                Label(problem.words.text, systemImage: Glyph.warning.symbol).foregroundStyle(.red)
            }
        }
    }

    private func change(_ with: (inout DoseForm) -> Void) {
        var form = form
        with(&form)
        model.typeDose(form)
    }
}

@MainActor
private func choice(_ label: String, _ chosen: Bool, _ choose: @escaping @MainActor () -> Void) -> some View {
    AlsoButton(chosen ? "\(label) ✓" : label) { choose() }
}
