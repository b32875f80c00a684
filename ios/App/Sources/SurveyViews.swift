import HomeroundKit
import SwiftUI

/// Asking the patient how the visit was, and what came back.
struct SurveyPart: View {
    let model: SurveyModel
    /// Takes what a phone that is lent asks.
    let lent: @MainActor (Loan) -> Void
    @State private var sure = false

    var body: some View {
        let state = model.state
        if let problem = state.problem { Trouble(problem: problem) { model.dismiss() } }
        if state.shown {
            Block(told("survey_title")) {
                Text(told("survey_hint")).foregroundStyle(.secondary)
                AlsoButton(told("survey_invite")) { model.invite() }.disabled(state.hindrance != nil)
                if let hindrance = state.hindrance { Text(hindrance.text).foregroundStyle(.secondary) }
                if state.mayLend { lending }
                ForEach(state.invitations) { row in
                    Divider()
                    Line(told("survey_link"), row.by.text)
                    ChipLabel(chip: row.state)
                    if let why = row.why { Text(why.text).foregroundStyle(.secondary) }
                }
                ForEach(state.responses) { row in
                    Divider()
                    Line(row.who.text, row.how.text)
                    Answers(lines: row.lines)
                }
            }
        }
    }

    /// The phone is lent only after a second look: whoever does it needs the PIN afterwards.
    @ViewBuilder
    private var lending: some View {
        if sure {
            Text(told("survey_lend_hint"))
            MainButton("survey_lend_now") { model.lend(lent) }
            AlsoButton(told("survey_lend_not")) { sure = false }
        } else {
            AlsoButton(told("survey_lend")) { sure = true }
        }
    }
}

/// Question by question.
private struct Answers: View {
    let lines: [AnsweredLine]

    var body: some View {
        ForEach(lines, id: \.self) { Line($0.words?.text ?? $0.text, $0.question) }
    }
}

/// What patients said of the visits of the last days: counted, and in their own words.
struct ResultsView: View {
    let model: SurveyResultsModel
    let go: (Place) -> Void

    var body: some View {
        let state = model.state
        Page(
            title: told("results_title"), network: state.network, problem: state.problem, dismiss: { model.dismiss() },
            sync: { go(.sync) }
        ) {
            Text(Words("results_hint", String(resultsDays)).text).foregroundStyle(.secondary)
            ForEach(state.counts, id: \.self) { Line($0.text) }
            if state.loaded, state.tallies.isEmpty, state.said.isEmpty {
                Text(told("results_none")).foregroundStyle(.secondary)
            }
            ForEach(state.tallies) { row in
                Block(row.question) {
                    ForEach(row.options, id: \.self) { Line("\($0.words?.text ?? $0.text) · \($0.count)") }
                    if let mean = row.mean { Line(mean.text) }
                    Text(row.answered.text).foregroundStyle(.secondary)
                }
            }
            ForEach(state.said) { row in
                Block(row.who.text) {
                    Text(row.how.text).foregroundStyle(.secondary)
                    Answers(lines: row.lines)
                    AlsoButton(told("results_visit")) { go(.visit(row.visit)) }
                }
            }
        }
    }
}
