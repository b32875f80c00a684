import HomeroundCore

/// How often an option was chosen: words of the string catalog for yes and no, else as the survey has it.
public struct TallyOption: Hashable, Sendable {
    public let text: String
    public let words: Words?
    public let count: Int
}

/// How a question was answered.
public struct TallyRow: Identifiable, Sendable {
    public let id: String
    public let question: String
    public let answered: Words
    public let options: [TallyOption]
    public let mean: Words?

    init(_ tally: QuestionTally, _ formats: Formats) {
        id = tally.linkId
        question = tally.question
        answered = .counted("results_answers", Int(tally.answered))
        options = tally.options.map { TallyOption(text: $0.text, words: yesNo[$0.text], count: Int($0.count)) }
        mean = tally.mean.map { Words("results_mean", formats.tenths($0)) }
    }
}

/// What the answers of the last days show.
public struct SurveyResultsState: ScreenState {
    /// Over, asked and answered, a line each.
    public var counts: [Words] = []
    public var tallies: [TallyRow] = []
    /// What somebody wrote, or said yes to.
    public var said: [ResponseRow] = []
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// What patients said is of so many days up to today.
public let resultsDays = 30

/// What patients said of the visits of the last days, whoever made them, of what is on this phone.
public final class SurveyResultsModel: Model<SurveyResultsState> {
    public init(_ phone: Homeround, _ formats: Formats, zone: String) {
        super.init(SurveyResultsState(), phone)
        act { [self] in
            let today = try await phone.today()
            let from = Formats.step(today, days: 1 - resultsDays)
            follow(phone.surveyResults(from: from, until: today, language: formats.language)) { state, results in
                state.counts = counts(results)
                state.tallies = results.questions.filter { $0.answered > 0 }.map { TallyRow($0, formats) }
                state.said = results.responses.compactMap { said($0, formats, zone) }
                state.loaded = true
            }
        }
    }
}

private let yesNo = ["true": Words("form_yes"), "false": Words("form_no")]

private func counts(_ results: SurveyResults) -> [Words] {
    [
        .counted("results_visits", Int(results.visits)), .counted("results_asked", Int(results.asked)),
        .counted("results_answered", Int(results.answered)),
    ]
}

/// Without what is counted above; nil: nothing is left.
private func said(_ one: SurveyResponse, _ formats: Formats, _ zone: String) -> ResponseRow? {
    let own = one.lines.filter {
        switch $0.value {
        case .words, .flag(yes: true): true
        default: false
        }
    }
    return own.isEmpty ? nil : ResponseRow(one, own, formats, zone)
}
