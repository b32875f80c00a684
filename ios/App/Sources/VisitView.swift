import HomeroundKit
import SwiftUI

/// A visit; the card says who the patient is in its context, the survey what they said of it.
struct VisitView<Card: View, Survey: View>: View {
    let model: VisitModel
    let go: (Place) -> Void
    @ViewBuilder let card: (PatientId) -> Card
    @ViewBuilder let survey: () -> Survey
    @State private var proving: Action?

    var body: some View {
        let state = model.state
        Page(
            title: state.patient, network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }, fields: Set(VitalField.allCases.map(\.rawValue)).union(doseFields)
        ) {
            head(state)
            if !state.alerts.isEmpty { Notice(title: told("visit_alerts"), lines: state.alerts, tone: .warning) }
            if !state.allergies.isEmpty { Notice(title: told("visit_allergies"), lines: state.allergies, tone: .alarm) }
            if let patient = state.patientId { card(patient) }
            if !state.conflicts.isEmpty { Conflicts(rows: state.conflicts) { model.settle($0, $1) } }
            WayPart(model: model, go: go)
            if let call = state.call { CallPart(model: model, call: call) }
            steps(state)
            if let proving { Proof(action: proving, sensor: state.sensor, done: { prove(proving, $0) }) }
            if !state.late.isEmpty { Late(rows: state.late) }
            if !state.presence.isEmpty { PresencePart(model: model) }
            if !state.tasks.isEmpty { Tasks(model: model) }
            if !state.planned.isEmpty { PlannedTasks(model: model) }
            VitalSigns(model: model)
            if !state.medications.isEmpty { Medications(model: model) }
            Block(told("visit_note")) {
                Text(told("visit_note_hint")).foregroundStyle(.secondary)
                if state.editable {
                    TypedField(told("visit_note"), state.noteShown, axis: .vertical) { model.typeNote($0) }
                        .accessibilityLabel(told("visit_note"))
                    if state.draft != nil { MainButton("visit_save") { model.saveNote() } }
                } else {
                    Text(state.note)
                }
            }
            Block(told("visit_outcome")) {
                SavedField(name: told("visit_outcome"), saved: state.outcome, editable: state.editable) { model.setOutcome($0) }
            }
            Photos(model: model)
            Block(told("forms_title")) {
                if !state.forms.isEmpty {
                    Text(Words.counted("forms_begun", state.forms.count).text).foregroundStyle(.secondary)
                }
                AlsoButton(told("forms_open")) { go(.forms(model.id)) }
            }
            survey()
            if !state.signOffs.isEmpty || state.maySignOff { SignOffPart(model: model) }
        }
    }

    @ViewBuilder
    private func head(_ state: VisitState) -> some View {
        Text("\(state.window) · \(state.service)").foregroundStyle(.secondary)
        Text(state.address).foregroundStyle(.secondary)
        ChipLabel(chip: state.status)
        if let signed = state.signed { Text(signed.text).foregroundStyle(.secondary) }
    }

    @ViewBuilder
    private func steps(_ state: VisitState) -> some View {
        ForEach(state.actions, id: \.self) { action in
            if action == .break {
                Reasons(
                    title: action.words.text, why: told("visit_break_why"), all: BreakReason.allCases, name: { words($0) }
                ) {
                    model.pause($0, comment: $1)
                }
            } else if action == state.actions.first {
                MainButton(action.words.key) { take(action) }
            } else {
                AlsoButton(action.words.text) { take(action) }
            }
        }
        if let patient = state.patientId { AlsoButton(told("visit_patient")) { go(.patient(patient)) } }
        AlsoButton(told("notices_title")) { go(.notices(model.id)) }
        ForEach(state.endings, id: \.self) { ending in
            Reasons(title: ending.words.text) { model.end(ending, $0, comment: $1) }
        }
    }

    private func take(_ action: Action) {
        if action == .sign || action == .amend { proving = action } else { model.take(action) }
    }

    private func prove(_ action: Action, _ typed: String) {
        proving = nil
        if action == .sign { model.take(.sign, pin: typed) } else { model.take(.amend, reason: typed) }
    }
}

/// What must be seen before anything is done.
private struct Notice: View {
    let title: String
    let lines: [String]
    let tone: Tone

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Label(title, systemImage: Glyph.warning.symbol).font(.headline).accessibilityAddTraits(.isHeader)
            ForEach(lines, id: \.self) { Text($0) }
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(tone.colour.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
    }
}

/// The PIN for a signature, or the reason of an amendment.
private struct Proof: View {
    let action: Action
    let sensor: Bool
    let done: (String) -> Void
    @State private var typed = ""

    var body: some View {
        Block(told(action == .sign ? "visit_sign_title" : "visit_amend_title")) {
            if action == .sign {
                SecureField(told("visit_sign_hint"), text: $typed).keyboardType(.numberPad).textFieldStyle(.roundedBorder)
            } else {
                TextField(told("visit_amend_hint"), text: $typed, axis: .vertical).textFieldStyle(.roundedBorder)
            }
            MainButton(action.words.key, enabled: !typed.allSatisfy(\.isWhitespace)) { done(typed) }
            if action == .sign, sensor { AlsoButton(told("visit_sign_sensor")) { done("") } }
        }
    }
}

/// Every value, who entered it and when; a person chooses.
struct Conflicts: View {
    let rows: [ConflictRow]
    let settle: (ConflictRow, Choice) -> Void

    var body: some View {
        Block(told("visit_conflicts_title")) {
            Text(told("conflict_hint")).foregroundStyle(.secondary)
            ForEach(rows) { row in
                Divider()
                Line(row.about.isEmpty ? row.title.text : row.about, row.title.text)
                ForEach(row.choices) { choice in
                    Text(choice.coded?.text ?? choice.text).font(.title3)
                    Text(by(choice)).foregroundStyle(.secondary)
                    if choice.shown { Text(told("conflict_shown")).foregroundStyle(.secondary) }
                    AlsoButton(told("conflict_choose")) { settle(row, choice) }
                }
            }
        }
    }

    private func by(_ choice: Choice) -> String {
        (choice.mine ? Words("conflict_mine", choice.at) : Words("conflict_by", choice.by, choice.at)).text
    }
}

/// What came after the signature and waits for the signer.
private struct Late: View {
    let rows: [LateRow]

    var body: some View {
        Block(told("late_title")) {
            Text(told("late_hint")).foregroundStyle(.secondary)
            ForEach(rows) { row in
                Divider()
                Line("\(row.by) · \(row.at)", row.fields.map(\.text).joined(separator: ", "))
                Text(row.told.text).foregroundStyle(.secondary)
            }
        }
    }
}

/// A button that asks for a coded reason, and for a word on it if one is wanted.
struct Reasons<Reason: Hashable>: View {
    let title: String
    let why: String
    let all: [Reason]
    let name: (Reason) -> Words
    let chosen: (Reason, String) -> Void
    @State private var asking = false
    @State private var comment = ""

    var body: some View {
        AlsoButton(title) { asking.toggle() }
        if asking {
            TextField(told("visit_comment"), text: $comment, axis: .vertical).textFieldStyle(.roundedBorder)
            Text(why).foregroundStyle(.secondary)
            ForEach(all, id: \.self) { reason in
                AlsoButton(name(reason).text) {
                    asking = false
                    chosen(reason, comment)
                }
            }
        }
    }
}

extension Reasons where Reason == NotDoneReason {
    init(title: String, chosen: @escaping (NotDoneReason, String) -> Void) {
        self.init(title: title, why: told("visit_reason"), all: NotDoneReason.allCases, name: { words($0) }, chosen: chosen)
    }
}
