import HomeroundKit
import SwiftUI

/// Who was in the home, from when until when, how sure that is, and the reason that is asked for.
struct PresencePart: View {
    let model: VisitModel

    var body: some View {
        Block(told("visit_presence")) {
            ForEach(model.state.presence) { row in
                Divider()
                Line(row.by, row.open ? told("presence_here") : "")
                if row.overlaps { Text(told("presence_overlaps")).foregroundStyle(.secondary) }
                ForEach(row.stamps) { stamp in
                    Line(stamp.told.text, stamp.causes.map(\.text).joined(separator: ", "))
                    ChipLabel(chip: stamp.state)
                    if let reason = stamp.reason {
                        Text([reason.text, stamp.comment].compactMap { $0 }.joined(separator: " · "))
                            .foregroundStyle(.secondary)
                    }
                    if stamp.asks { PresenceReasons { model.explain(stamp.id, $0, comment: $1) } }
                }
            }
        }
    }
}

/// A button that asks for a coded reason, and for a word on it if one is wanted.
private struct PresenceReasons: View {
    let chosen: (PresenceReason, String) -> Void
    @State private var asking = false
    @State private var comment = ""

    var body: some View {
        AlsoButton(told("presence_explain")) { asking.toggle() }
        if asking {
            TextField(told("visit_comment"), text: $comment, axis: .vertical).textFieldStyle(.roundedBorder)
            Text(told("visit_reason")).foregroundStyle(.secondary)
            ForEach(PresenceReason.allCases, id: \.self) { reason in
                AlsoButton(words(reason).text) {
                    asking = false
                    chosen(reason, comment)
                }
            }
        }
    }
}
