import HomeroundCore

/// How far a patient is who has the phone.
public enum LentStage: Sendable { case asking, thanked, declined }

/// What the phone shows while a patient has it.
public struct LentState: ScreenState {
    /// One of ``surveyLanguages``: of the questions, and of every word around them.
    public var language = surveyLanguages[0]
    public var form: SurveyForm?
    /// By link id; kept here until they are handed in.
    public var answers: [String: FormValue] = [:]
    public var answeredBy = ReportedBy.patient
    public var stage = LentStage.asking
    public var busy = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}

    /// Whether there is anything to hand in.
    public var ready: Bool { !busy && !answers.isEmpty }

    /// What was written.
    public func written(_ question: SurveyQuestion) -> String {
        guard case .words(let text) = answers[question.linkId] else { return "" }
        return text
    }
}

/// The survey in a patient's hands. It knows nothing of the phone but what it asks.
public final class LentSurveyModel: Model<LentState> {
    private let desk: SurveyDesk

    public init(_ phone: Homeround, _ loan: Loan) {
        desk = loan.desk
        super.init(LentState(), phone)
        speak(surveyLanguage(loan.language))
    }

    /// Asks in another language; what was answered stays.
    @discardableResult
    public func speak(_ language: String) -> Work {
        change { $0.language = language }
        return act { [self] in
            let form = try await desk.form(language)
            // The language that was chosen last, whichever comes first.
            change { if $0.language == language { $0.form = form } }
        }
    }

    /// Who answers: the patient, or somebody who speaks for them.
    public func answerAs(_ who: ReportedBy) { change { $0.answeredBy = who } }

    /// Answers a question; the same answer once more takes it back.
    public func answer(_ question: SurveyQuestion, _ value: FormValue) {
        change {
            $0.answers[question.linkId] = $0.answers[question.linkId] == value ? nil : value
            $0.problem = nil
        }
    }

    /// Writes an answer, as long as it may be.
    public func write(_ question: SurveyQuestion, _ text: String) {
        let kept = question.maxLength.map { most in
            String(String.UnicodeScalarView(text.unicodeScalars.prefix(Int(most))))
        }
        let written = kept ?? text
        change {
            $0.answers[question.linkId] = written.allSatisfy(\.isWhitespace) ? nil : .words(text: written)
            $0.problem = nil
        }
    }

    /// Hands the answers in, for good.
    @discardableResult
    public func finish() -> Work {
        act { [self] in
            let now = state
            guard now.stage == .asking, now.ready else { return }
            change { $0.busy = true }
            try await desk.finish(now.answeredBy, language: now.language, answers: now.answers)
            change {
                $0.busy = false
                $0.stage = .thanked
                // Nobody who has the phone next reads them.
                $0.answers = [:]
            }
        }
    }

    /// Answers nothing.
    public func decline() {
        change {
            $0.stage = .declined
            $0.problem = nil
        }
    }

    /// Goes on with the questions after all.
    public func ask() { change { if $0.stage == .declined { $0.stage = .asking } } }
}
