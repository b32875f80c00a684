import HomeroundKit
import SwiftUI

/// Today, or another day.
struct DayView: View {
    let model: DayModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: state.title, network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            HStack {
                turn("chevron.left", "day_previous") { model.previous() }
                Chooser(told("day_mine"), state.team, change: { model.team($0) }) {
                    Text(told("day_mine")).tag(false)
                    Text(told("day_team")).tag(true)
                }
                .pickerStyle(.segmented)
                turn("chevron.right", "day_next") { model.next() }
            }
            HStack {
                AlsoButton(told("search_title")) { go(.search) }
                AlsoButton(told("account_title")) { go(.account) }
                AlsoButton(state.messages == 0 ? told("messages_title") : Words("messages_waiting", "\(state.messages)").text) {
                    go(.inbox)
                }
                AlsoButton(told("new_visit_title")) { model.newVisit(NewVisitForm()) }
            }
            if let form = state.new { NewVisitPart(model: model, form: form) }
            Text(state.summary.text).foregroundStyle(.secondary)
            if !state.team, let order = state.order {
                Switch(told("day_suggest"), state.suggest) { model.suggest($0) }
                Text(order.text).foregroundStyle(.secondary)
            }
            if state.loaded, state.rows.isEmpty { Text(told("day_empty")) }
            ForEach(state.rows) { row in
                Button(action: { go(.visit(row.id)) }) { VisitCard(row: row) }.buttonStyle(.plain)
            }
        }
        .onChange(of: state.made) { _, made in
            guard let made else { return }
            model.opened()
            go(.visit(made))
        }
    }

    private func turn(_ symbol: String, _ key: String, _ action: @escaping @MainActor () -> Void) -> some View {
        Button(action: action) { Image(systemName: symbol).frame(width: touch, height: touch) }.accessibilityLabel(told(key))
    }
}

private struct VisitCard: View {
    let row: DayRow

    var body: some View {
        VStack(alignment: .leading, spacing: 6) {
            Text(row.window).font(.subheadline).foregroundStyle(.tint)
            Text(row.patient).font(.title3)
            Text(row.address).foregroundStyle(.secondary)
            Text(row.service).foregroundStyle(.secondary)
            if let arrival = row.arrival { Text(arrival.text) }
            if let travel = row.travel { Text(travel.text).foregroundStyle(.secondary) }
            if !row.colleagues.isEmpty {
                Text(Words("day_with", row.colleagues.joined(separator: ", ")).text).foregroundStyle(.secondary)
            }
            ForEach([row.status] + row.notes, id: \.self) { ChipLabel(chip: $0) }
        }
        .padding()
        .frame(maxWidth: .infinity, alignment: .leading)
        .background(Color(uiColor: .secondarySystemBackground), in: RoundedRectangle(cornerRadius: 16))
        .accessibilityElement(children: .combine)
        .accessibilityAddTraits(.isButton)
    }
}
