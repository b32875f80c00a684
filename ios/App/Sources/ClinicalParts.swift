import HomeroundKit
import SwiftUI

/// How awake the patient is, and whether oxygen is given: a second touch takes a choice back.
struct Awake: View {
    let model: VisitModel

    var body: some View {
        let form = model.state.vitals
        Text(told("vital_consciousness")).font(.subheadline)
        ForEach(consciousnessLevels, id: \.self) { level in
            choice(words(level).text, form.consciousness == level) {
                model.chooseConsciousness(form.consciousness == level ? nil : level)
            }
        }
        Text(told("vital_on_oxygen")).font(.subheadline)
        choice(told("oxygen_air"), form.onOxygen == false) { model.chooseOxygen(form.onOxygen == false ? nil : false) }
        choice(told("oxygen_given"), form.onOxygen == true) { model.chooseOxygen(form.onOxygen == true ? nil : true) }
    }

    private func choice(_ label: String, _ chosen: Bool, _ choose: @escaping () -> Void) -> some View {
        AlsoButton(chosen ? "\(label) ✓" : label) { choose() }
    }
}

/// What a set of vital signs says.
struct Says: View {
    let finding: FindingRow

    var body: some View {
        ForEach(finding.unusual, id: \.self) { one in
            Text("\(one.name.text): \(one.usual.text)").foregroundStyle(.secondary)
        }
        if let card = finding.score { Score(card: card) }
    }
}

/// NEWS2 with its parts.
struct Score: View {
    let card: ScoreCard

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(card.title.text).font(.headline).accessibilityAddTraits(.isHeader)
            if let response = card.response { Text(response.text) }
            Text(card.parts.map { "\($0.name.text) \($0.points)" }.joined(separator: " · ")).font(.subheadline)
            if !card.missing.isEmpty {
                Text(Words("news2_missing", card.missing.map(\.text).joined(separator: ", ")).text).font(.subheadline)
            }
            if let reported = card.reported { Text(reported.text).font(.subheadline) }
            Text(card.scale.text).font(.subheadline)
            Text(told("news2_source")).font(.subheadline).foregroundStyle(.secondary)
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(card.tone.colour.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
    }
}

/// What there is to think about before a dose is given, and the reason of whoever goes on.
struct Think: View {
    let model: VisitModel
    let warned: WarnedDose
    @State private var reason = ""

    var body: some View {
        VStack(alignment: .leading, spacing: 6) {
            Label(told("warning_title"), systemImage: Glyph.warning.symbol).font(.headline).accessibilityAddTraits(.isHeader)
            ForEach(warned.warnings, id: \.self) { Text($0.words.text) }
            TextField(told("warning_reason"), text: $reason, axis: .vertical).textFieldStyle(.roundedBorder)
            MainButton("warning_go_on", enabled: !reason.allSatisfy(\.isWhitespace)) { model.goOn(reason) }
            AlsoButton(told("warning_hold_back")) { model.holdBack() }
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Tone.warning.colour.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
    }
}

/// The medication list against what is in the home.
struct Compare: View {
    let model: VisitModel

    var body: some View {
        if let form = model.state.reconcile {
            Text(told("reconcile_title")).font(.headline).accessibilityAddTraits(.isHeader)
            ForEach(form.rows) { row in
                Line(row.title, row.dose)
                ForEach(homeFindings, id: \.self) { finding in
                    AlsoButton(row.finding == finding ? "\(words(finding).text) ✓" : words(finding).text) {
                        model.answerLine(row.id, finding)
                    }
                }
                if let finding = row.finding, finding != .taking {
                    TypedField(told("reconcile_comment"), row.comment, axis: .vertical) { model.commentLine(row.id, $0) }
                }
            }
            TypedField(told("reconcile_beside"), form.beside, axis: .vertical) { model.typeBeside($0) }
            MainButton("reconcile_save", enabled: form.complete) { model.saveList() }
            AlsoButton(told("reconcile_close")) { model.closeList() }
        } else {
            AlsoButton(told("reconcile_start")) { model.compareList() }
        }
    }
}

/// One figure over time, newest first.
struct Trends: View {
    let model: PatientModel

    var body: some View {
        let card = model.state.trend
        Block(told("trend_title")) {
            Chooser(told("trend_title"), card?.field, change: { model.trend($0) }) {
                Text(told("trend_title")).tag(String?.none)
                ForEach(trendFields, id: \.self) { Text(trendWords($0).text).tag(String?.some($0)) }
            }
            if let card {
                if card.rows.isEmpty { Text(told("patient_none")).foregroundStyle(.secondary) }
                ForEach(card.rows) { row in
                    let detail = [row.date, row.by, row.reported?.text ?? ""]
                    Line(row.value, detail.filter { !$0.isEmpty }.joined(separator: " · "))
                }
                if card.more { AlsoButton(told("patient_more")) { model.moreTrend() } }
            }
        }
    }
}
