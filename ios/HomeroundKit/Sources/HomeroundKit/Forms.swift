import Foundation
import HomeroundCore

/// The forms of a visit. An answer is saved for good when its call returns. Languages are BCP 47, as
/// `es`; texts without a translation come as the form has them.
public final class Forms: Sendable {
    private let core: HomeroundCore.Visit
    private let worker: Worker

    init(core: HomeroundCore.Visit, worker: Worker) {
        self.core = core
        self.worker = worker
    }

    /// The forms as they stand, in the order in which they were begun. Emits again whenever one changes.
    public func all(_ language: String) -> Live<[FormView]> {
        worker.live { [core] in try core.forms(language: language) }
    }

    /// One form as it stands. Emits again whenever it changes, here or elsewhere.
    public func one(_ form: EntryId, _ language: String) -> Live<FormView> {
        worker.live { [core] in try core.form(form: form, language: language) }
    }

    /// Begins a form; the saved entry is the form.
    @discardableResult
    public func start(_ questionnaire: String) async throws -> Saved {
        try await worker.write { [core] in try core.startForm(questionnaire: questionnaire) }
    }

    /// Answers one question; of a repeating one the item's own key adds an answer.
    @discardableResult
    public func answer(_ form: EntryId, _ key: String, _ value: FormValue) async throws -> Saved {
        try await worker.write { [core] in try core.setAnswer(form: form, key: key, value: value) }
    }

    /// Takes an answer back.
    @discardableResult
    public func clear(_ form: EntryId, _ key: String) async throws -> Saved {
        try await worker.write { [core] in try core.clearAnswer(form: form, key: key) }
    }

    /// Adds a repetition of a group.
    @discardableResult
    public func addRepetition(_ form: EntryId, _ key: String) async throws -> Saved {
        try await worker.write { [core] in try core.addRepetition(form: form, key: key) }
    }

    /// Takes a repetition of a group away, with its answers.
    @discardableResult
    public func removeRepetition(_ form: EntryId, _ key: String) async throws -> Saved {
        try await worker.write { [core] in try core.removeRepetition(form: form, key: key) }
    }

    /// Says that a form is complete; refused while something is missing.
    @discardableResult
    public func complete(_ form: EntryId) async throws -> Saved {
        try await worker.write { [core] in try core.completeForm(form: form) }
    }

    /// Opens a complete form again.
    @discardableResult
    public func reopen(_ form: EntryId) async throws -> Saved {
        try await worker.write { [core] in try core.reopenForm(form: form) }
    }
}
