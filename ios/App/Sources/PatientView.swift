import HomeroundKit
import SwiftUI

/// A patient's chart, team and timeline, under the patient's card; or the way to them in an emergency.
struct PatientView<Card: View>: View {
    let model: PatientModel
    let go: (Place) -> Void
    @ViewBuilder let card: () -> Card

    private let kinds: [(kind: String?, key: String)] = [
        (nil, "patient_all"), ("Observation", "patient_observation"), ("Encounter", "patient_encounter"),
        ("MedicationAdministration", "patient_doses"),
        ("QuestionnaireResponse", "patient_forms"), ("DocumentReference", "patient_documents"),
        ("Communication", "patient_letters"),
    ]

    var body: some View {
        let state = model.state
        Page(
            title: state.name.isEmpty ? told("document_patient") : state.name, network: state.network, problem: state.problem,
            dismiss: { model.dismiss() }, sync: { go(.sync) }
        ) {
            if state.away {
                Emergency(asking: state.busy) { model.breakGlass($0) }
            } else {
                if state.loaded { card() }
                AlsoButton(told("plans_title")) { go(.plans(model.id)) }
                AlsoButton(told("messages_title")) { go(.messages(model.id)) }
                chart(state)
                Trends(model: model)
                timeline(state)
            }
        }
    }

    @ViewBuilder
    private func chart(_ state: PatientState) -> some View {
        if !state.born.isEmpty { Text(Words("patient_born", state.born).text).foregroundStyle(.secondary) }
        Text(([state.address] + state.phones).filter { !$0.isEmpty }.joined(separator: " · ")).foregroundStyle(.secondary)
        Group {
            rows("patient_alerts", state.alerts, always: false)
            rows("patient_allergies", state.allergies)
            rows("patient_medications", state.medications)
            rows("patient_conditions", state.conditions)
            rows("patient_access", state.access, always: false)
            rows("patient_contacts", state.contacts)
            rows("patient_team", state.team, always: false)
        }
    }

    private func timeline(_ state: PatientState) -> some View {
        Block(told("patient_timeline")) {
            Chooser(told("patient_timeline"), state.kind, change: { model.filter($0) }) {
                ForEach(kinds, id: \.key) { Text(told($0.key)).tag($0.kind) }
            }
            ForEach(state.timeline) { row in
                Divider()
                let detail = [row.date, row.detail, row.reported?.text ?? ""]
                Line(row.title, detail.filter { !$0.isEmpty }.joined(separator: " · "))
            }
            if state.more { AlsoButton(told("patient_more")) { model.more() } }
        }
    }

    @ViewBuilder
    private func rows(_ key: String, _ rows: [ChartRow], always: Bool = true) -> some View {
        if always || !rows.isEmpty {
            Block(told(key)) {
                if rows.isEmpty { Text(told("patient_none")).foregroundStyle(.secondary) }
                ForEach(rows) { row in
                    Line(row.title, row.detail.map(\.told).filter { !$0.isEmpty }.joined(separator: " · "))
                }
            }
        }
    }
}

/// Nothing of this patient is on the phone: access in an emergency, with a reason that is written down.
private struct Emergency: View {
    let asking: Bool
    let ask: (String) -> Void
    @State private var reason = ""

    var body: some View {
        Text(told("emergency_away"))
        Block(told("emergency_title")) {
            Text(told("emergency_hint")).foregroundStyle(.secondary)
            TextField(told("emergency_reason"), text: $reason, axis: .vertical).textFieldStyle(.roundedBorder)
            MainButton("emergency_ask", enabled: !asking && !reason.allSatisfy(\.isWhitespace)) { ask(reason) }
        }
    }
}
