import HomeroundKit
import SwiftUI

/// The call of a virtual visit: consent, joining, who is there, and the phone where it fails.
struct CallPart: View {
    let model: VisitModel
    let call: CallState
    @Environment(\.openURL) private var openURL

    var body: some View {
        Block(told("call_title")) {
            if let consent = call.consent { ChipLabel(chip: consent) }
            ChipLabel(chip: call.state)
            ForEach([call.consentTold, call.since].compactMap { $0 }, id: \.self) { words in
                Text(words.text).foregroundStyle(.secondary)
            }
            if call.canJoin { MainButton("call_join") { model.join { openURL($0) } } }
            if call.open {
                Text(call.phone.map { Words("call_number", $0).text } ?? told("call_no_number")).foregroundStyle(.secondary)
                Reasons(
                    title: told("call_fall_back"), why: told("call_why"), all: FallbackReason.allCases, name: { words($0) }
                ) {
                    model.fallBack($0, comment: $1) { openURL($0) }
                }
                Asking(model: model, known: call.consent != nil)
            }
            ForEach(call.steps, id: \.self) { step in
                AlsoButton(words(step).text) { model.lobby(step) }
            }
            ForEach(call.rows) { row in
                Divider()
                let detail = [row.reason?.text, row.comment, row.told.text].compactMap { $0 }
                Line(row.state.text, detail.joined(separator: " · "))
            }
        }
    }
}

/// The patient is asked before the visit begins, and may be asked again.
private struct Asking: View {
    let model: VisitModel
    let known: Bool
    @State private var again = false
    @State private var entry = ConsentEntry()

    var body: some View {
        if known, !again {
            AlsoButton(told("consent_again")) { again = true }
        } else {
            Text(told("consent_title")).font(.headline).accessibilityAddTraits(.isHeader)
            Switch(told("consent_representative"), entry.representative) { entry.representative = $0 }
            if entry.representative { TypedField(told("consent_name"), entry.name) { entry.name = $0 } }
            Switch(told("consent_written"), entry.written) { entry.written = $0 }
            MainButton("consent_give", enabled: entry.ready) { say(true) }
            if entry.ready { AlsoButton(told("consent_decline")) { say(false) } }
        }
    }

    private func say(_ given: Bool) {
        again = false
        model.consent(entry, given: given)
    }
}
