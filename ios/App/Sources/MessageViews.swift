import HomeroundKit
import SwiftUI

/// The messages about everybody on this phone.
struct InboxView: View {
    let model: InboxModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: told("messages_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            if state.loaded, state.rows.isEmpty { Text(told("messages_none")).foregroundStyle(.secondary) }
            ForEach(state.rows) { row in
                Block(row.name.isEmpty ? told("document_patient") : row.name) {
                    ForEach(row.notes, id: \.self) { ChipLabel(chip: $0) }
                    Line(row.last.isEmpty ? told("message_gone") : row.last, "\(row.by) · \(row.at)")
                    AlsoButton(told("messages_open")) { go(.messages(row.patient)) }
                }
            }
        }
    }
}

/// The messages about one patient, and a new one.
struct MessagesView: View {
    let model: MessagesModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: [told("messages_title"), state.name].filter { !$0.isEmpty }.joined(separator: " · "),
            network: state.network, problem: state.problem, dismiss: { model.dismiss() }, sync: { go(.sync) },
            fields: ["text"]
        ) {
            Text(told("messages_hint")).foregroundStyle(.secondary)
            if state.loaded, state.rows.isEmpty { Text(told("messages_none")).foregroundStyle(.secondary) }
            ForEach(state.rows) { Said(model: model, row: $0) }
            Writing(model: model)
        }
    }
}

private struct Said: View {
    let model: MessagesModel
    let row: MessageRow
    @State private var taking = false
    @State private var reason = ""

    var body: some View {
        Block(row.by.isEmpty ? told("message_somebody") : row.by) {
            if let answers = row.answers { Text("› \(answers)").foregroundStyle(.secondary) }
            if let takenBack = row.takenBack {
                Text(takenBack.text).foregroundStyle(.secondary)
            } else {
                if row.new { ChipLabel(chip: Chip(Words("message_new"), .active, .unsent)) }
                if row.urgent { ChipLabel(chip: Chip(Words("message_urgent"), .alarm, .warning)) }
                Text(row.text)
            }
            Text(about).font(.subheadline).foregroundStyle(.secondary)
            if row.takenBack == nil {
                AlsoButton(told("message_answer")) { model.answer(row) }
                if row.mine { AlsoButton(told("message_take_back")) { taking.toggle() } }
            }
            if taking, row.takenBack == nil {
                TextField(told("message_take_back_reason"), text: $reason, axis: .vertical).textFieldStyle(.roundedBorder)
                MainButton("message_take_back_now", enabled: !reason.allSatisfy(\.isWhitespace)) { model.takeBack(row, reason) }
            }
        }
    }

    private var about: String {
        [row.at, row.to?.text ?? "", row.readBy?.text ?? ""].filter { !$0.isEmpty }.joined(separator: " · ")
    }
}

private struct Writing: View {
    let model: MessagesModel

    var body: some View {
        let state = model.state
        Block(told("message_write")) {
            if let answered = state.answering {
                Text("› \(answered.text)").foregroundStyle(.secondary)
                AlsoButton(told("message_no_answer")) { model.answer(nil) }
            }
            TypedField(told("message_text"), state.draft, axis: .vertical) { model.type($0) }
            if let problem = state.problem, problem.field == "text" { Trouble(problem: problem) { model.dismiss() } }
            Switch(told("message_urgent"), state.urgent) { model.urgent($0) }
            ForEach(state.people) { one in
                Switch(Words("message_for", one.name).text, state.to.contains(one.id)) { model.address(one.id, $0) }
            }
            MainButton("message_send", enabled: !state.draft.allSatisfy(\.isWhitespace)) { model.send() }
        }
    }
}
