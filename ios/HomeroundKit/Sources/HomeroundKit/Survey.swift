import HomeroundCore

/// The survey on a phone that was lent for it: all that the phone answers to, until it is unlocked.
public final class SurveyDesk: Sendable {
    private let core: HomeroundCore.SurveyDesk
    private let worker: Worker

    init(core: HomeroundCore.SurveyDesk, worker: Worker) {
        self.core = core
        self.worker = worker
    }

    /// What is asked, in a language as `es`.
    public func form(_ language: String) async throws -> SurveyForm {
        try await worker.read { [core] in try core.form(language: language) }
    }

    /// Stores the answers, by link id, for good, once each time that the phone is lent. It stays lent.
    @discardableResult
    public func finish(
        _ answeredBy: ReportedBy, language: String, answers: [String: FormValue]
    ) async throws -> Saved {
        try await worker.write { [core] in
            try core.finish(answeredBy: answeredBy, language: language, answers: answers)
        }
    }
}
