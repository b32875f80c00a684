import HomeroundKit
import SwiftUI

/// That nobody had booked the visit, that it may be there twice, to whom it was handed over.
struct WayPart: View {
    let model: VisitModel
    let go: (Place) -> Void
    @State private var comment = ""

    var body: some View {
        let way = model.state.way
        if let made = way.unplanned {
            Text([made.text, way.unplannedWhy?.text, way.unplannedComment].compactMap { $0 }.joined(separator: " · "))
                .foregroundStyle(.secondary)
        }
        if let other = way.duplicateOf {
            Text(told("way_duplicate")).foregroundStyle(.secondary)
            AlsoButton(told("way_open_other")) { go(.visit(other)) }
        }
        if !way.twins.isEmpty { twins(way.twins) }
        if let given = way.handover {
            Block(told("handover_title")) {
                Line(given.told.text, [given.reason.text, given.comment].compactMap { $0 }.joined(separator: " · "))
                ChipLabel(chip: given.state)
            }
        }
        if !way.colleagues.isEmpty { HandOver(model: model, colleagues: way.colleagues) }
    }

    private func twins(_ rows: [TwinRow]) -> some View {
        Block(told("way_twin_title")) {
            Text(told("way_twin_hint")).foregroundStyle(.secondary)
            TextField(told("visit_comment"), text: $comment, axis: .vertical).textFieldStyle(.roundedBorder)
            ForEach(rows) { row in
                Divider()
                Line(row.told, [row.why.text, row.who].filter { !$0.isEmpty }.joined(separator: " · "))
                ChipLabel(chip: row.status)
                AlsoButton(told("way_open_other")) { go(.visit(row.id)) }
                AlsoButton(told("way_same_visit")) { model.sameVisit(row.id, comment: comment) }
                AlsoButton(told("way_two_visits")) { model.twoVisits(row.id, comment: comment) }
            }
        }
    }
}

/// To whom, why, and whether the rest of the day goes too.
private struct HandOver: View {
    let model: VisitModel
    let colleagues: [By]
    @State private var asking = false
    @State private var chosen: By?
    @State private var day = false
    @State private var comment = ""

    var body: some View {
        AlsoButton(told("handover_action")) { asking.toggle() }
        if asking {
            Block(told("handover_to")) {
                ForEach(colleagues, id: \.self) { one in
                    Switch(one.name, chosen == one) { chosen = $0 ? one : nil }
                }
                Switch(told("handover_day"), day) { day = $0 }
                TextField(told("visit_comment"), text: $comment, axis: .vertical).textFieldStyle(.roundedBorder)
                if let chosen {
                    Text(told("handover_why")).foregroundStyle(.secondary)
                    ForEach(HandoverReason.allCases, id: \.self) { reason in
                        AlsoButton(words(reason).text) {
                            asking = false
                            model.handOver(chosen, reason, comment: comment, day: day)
                        }
                    }
                }
            }
        }
    }
}

/// A visit that nobody booked: for whom, what for, how long, why.
struct NewVisitPart: View {
    let model: DayModel
    let form: NewVisitForm

    var body: some View {
        Block(told("new_visit_title")) {
            if let patient = form.patient {
                Line(patient.name, "")
                TypedField(told("new_visit_service"), form.service) { text in model.changeVisit { $0.service = text } }
                TypedField(told("new_visit_minutes"), form.minutes) { text in model.changeVisit { $0.minutes = text } }
                    .keyboardType(.numberPad)
                TypedField(told("visit_comment"), form.comment) { text in model.changeVisit { $0.comment = text } }
                if !form.service.allSatisfy(\.isWhitespace) {
                    Text(told("new_visit_why")).foregroundStyle(.secondary)
                    ForEach(UnplannedReason.allCases, id: \.self) { reason in
                        AlsoButton(words(reason).text) { model.makeVisit(reason) }
                    }
                }
            } else {
                TypedField(told("new_visit_patient"), form.words) { model.findPatient($0) }
                ForEach(form.found) { found in
                    AlsoButton(found.name) { model.changeVisit { $0.patient = found } }
                }
            }
            AlsoButton(told("new_visit_close")) { model.newVisit(nil) }
        }
    }
}
