import HomeroundKit
import SwiftUI

extension HomeroundKit.Part {
    /// The words in the language in use, or the text as it was written.
    var told: String {
        switch self {
        case .words(let words): words.text
        case .text(let text): text
        }
    }
}

extension ChartRow {
    fileprivate var about: String { detail.map(\.told).filter { !$0.isEmpty }.joined(separator: " · ") }
    fileprivate var both: String { [title, about].filter { !$0.isEmpty }.joined(separator: " · ") }
}

/// The card of a patient that is read in front of the door; `brief` where the whole chart is on the same screen.
struct CardPart: View {
    let model: CardModel
    let brief: Bool
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        if let problem = state.problem { Trouble(problem: problem) { model.dismiss() } }
        if state.loaded {
            Block(([state.name] + state.about.map(\.told)).joined(separator: " · ")) {
                messages(state)
                changes(state)
                if !brief { clinical(state) }
                figures(state)
                named("card_asked", state.asked)
                named("card_overdue", state.overdue.map(\.both))
                if !brief { around(state) }
                Text(told("card_source")).font(.subheadline).foregroundStyle(.secondary)
            }
        }
    }

    @ViewBuilder
    private func messages(_ state: CardState) -> some View {
        if !state.waiting.isEmpty {
            ForEach(state.waiting, id: \.self) { ChipLabel(chip: $0) }
            ForEach(state.messages) { Line($0.title, $0.about) }
            AlsoButton(told("messages_open")) { go(.messages(model.patient)) }
        }
    }

    @ViewBuilder
    private func changes(_ state: CardState) -> some View {
        if let since = state.since {
            Line(state.count == 0 ? told("since_nothing") : Words.counted("since_count", state.count).text, since.text)
            ForEach(state.changes) { row in
                Line("\(row.title.told) – \(row.how.words.text)", row.lines.map(\.told).joined(separator: " · "))
            }
            if state.count > 0 { AlsoButton(told("since_open")) { go(.changes(model.patient)) } }
        }
    }

    @ViewBuilder
    private func clinical(_ state: CardState) -> some View {
        named("patient_alerts", state.alerts.map(\.title))
        if let allergies = state.allergies { named("patient_allergies", allergies.map(\.both), none: true) }
        if let conditions = state.conditions { named("patient_conditions", conditions.map(\.title)) }
        if let taken = state.medications {
            Line(Words.counted("card_taken", taken.count).text, taken.map(\.title).joined(separator: ", "))
            if let reviewed = state.reviewed { Text(reviewed.text).font(.subheadline).foregroundStyle(.secondary) }
        }
    }

    @ViewBuilder
    private func figures(_ state: CardState) -> some View {
        if let score = state.score {
            ChipLabel(chip: Chip(score.title, score.tone, score.tone == .good ? .check : .warning))
            let said = [score.response, state.scoreBefore, score.scale, score.reported]
            Text(said.compactMap { $0?.text }.joined(separator: " · "))
                .font(.subheadline).foregroundStyle(.secondary)
        }
        if !state.figures.isEmpty {
            Text(told("card_figures"))
            ForEach(state.figures) { row in
                let about = [row.before?.text, row.from, row.reported?.text].compactMap { $0 }
                Line("\(row.name.text) \(row.value)", about.joined(separator: " · "))
            }
        }
    }

    @ViewBuilder
    private func around(_ state: CardState) -> some View {
        named("patient_access", state.access.map(\.both))
        named("patient_contacts", state.contacts.map(\.both))
        if let lead = state.lead { named("card_lead", [lead.both]) }
    }

    @ViewBuilder
    private func named(_ key: String, _ lines: [String], none: Bool = false) -> some View {
        if !lines.isEmpty || none {
            Line(told(key), lines.isEmpty ? told("patient_none") : lines.joined(separator: "\n"))
        }
    }
}

/// Everything that changed since one was there last, by kind.
struct ChangesView: View {
    let model: ChangesModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: [told("since_title"), state.name].filter { !$0.isEmpty }.joined(separator: " · "),
            network: state.network, problem: state.problem, dismiss: { model.dismiss() }, sync: { go(.sync) }
        ) {
            if let since = state.since { Text(since.text).foregroundStyle(.secondary) }
            if state.loaded, state.groups.isEmpty { Text(told("since_nothing")).foregroundStyle(.secondary) }
            ForEach(state.groups) { group in
                Block(words(group.kind).text) {
                    ForEach(group.rows) { Changed(row: $0) }
                }
            }
            if state.more { AlsoButton(told("patient_more")) { model.more() } }
            if state.loaded { Text(told("card_source")).font(.subheadline).foregroundStyle(.secondary) }
        }
    }
}

private struct Changed: View {
    let row: ChangeRow

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(row.title.told)
            ChipLabel(chip: row.how)
            if row.late { ChipLabel(chip: Chip(Words("change_late"), .warning, .clock)) }
            ForEach(row.lines, id: \.self) { Text($0.told).font(.subheadline) }
            if let reason = row.reason { Text(reason.text).font(.subheadline) }
            Text("\(who) · \(row.at)").font(.subheadline).foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }

    private var who: String { row.by.isEmpty ? told("message_somebody") : row.by }
}

extension ChangeLine {
    /// What stood before and what stands now: both are read out.
    fileprivate var told: String {
        switch (before?.told, now?.told) {
        case (let before?, let now?): Words("change_from_to", name.text, before, now).text
        case (nil, let now?): "\(name.text): \(now)"
        case (let before?, nil): Words("change_was", name.text, before).text
        case (nil, nil): name.text
        }
    }
}
