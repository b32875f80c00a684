import Foundation
import HomeroundKit
import Testing

/// What a patient says of a visit, over a real store and a real server.
@Suite("The survey", .serialized)
@MainActor
struct SurveyTests {
    private let folder: Folder
    private let backend: Backend
    private let formats = Formats(Locale(identifier: "en_US"))
    private let pin = [4, 0, 2, 9, 1, 3]

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func field(_ work: () async throws -> Void) async -> String? {
        do {
            try await work()
            return nil
        } catch HomeroundError.Refused(let field, _) {
            return field
        } catch HomeroundError.Locked {
            return "locked"
        } catch {
            return "\(error)"
        }
    }

    private func lent(_ model: SurveyModel) async throws -> Loan {
        var lent: Loan?
        await model.lend { lent = $0 }.value
        return try #require(lent)
    }

    /// What a patient does: chooses the language, answers, changes their mind, hands it in.
    private func answer(_ phone: Homeround, _ loan: Loan) async throws {
        let model = LentSurveyModel(phone, loan)
        await model.speak("es").value
        try await until("the questions") { model.state.form?.title == "Su visita" }
        let form = try #require(model.state.form)
        func asked(_ linkId: String) throws -> SurveyQuestion {
            try #require(form.questions.first { $0.linkId == linkId })
        }
        #expect(!model.state.ready)
        #expect(await field { try await loan.desk.finish(.patient, language: "es", answers: [:]) } == "answers")
        model.decline()
        #expect(model.state.stage == .declined)
        model.ask()
        model.answerAs(.representative)
        let (respect, heard) = (try asked("respect"), try asked("heard"))
        model.answer(respect, try #require(respect.options.first).value)
        model.answer(heard, try #require(heard.options.last).value)
        model.answer(heard, try #require(heard.options.last).value)
        model.answer(try asked("overall"), .whole(number: 4))
        model.answer(try asked("overall"), .whole(number: 9))
        model.write(try asked("comment"), "Very kind. ")
        model.answer(try asked("call-me"), .flag(yes: true))
        #expect(model.state.answers["heard"] == nil)
        await model.finish().value
        #expect(model.state.stage == .thanked && model.state.answers.isEmpty && model.state.problem == nil)
    }

    @Test("a phone that is lent asks the survey and does nothing else until the PIN, and what was said is shown")
    func lending() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        backend.stop()
        let visit = try nina.visit(site.visit)
        #expect(await field { _ = try await visit.lendForSurvey() } == "status")
        #expect(try await nina.session.state() == .ready)
        try await visit.checkIn()
        let model = try SurveyModel(nina, site.visit, formats)
        try await until("the visit") { model.state.shown && model.state.mayLend }
        #expect(model.state.hindrance == Words("survey_not_over"))
        let lock = LockModel(nina)
        try await until("the phone") { lock.state.session == .ready }
        let loan = try await lent(model)
        lock.lend(loan)
        #expect(try await nina.session.state() == .lent)

        #expect(await field { _ = try await visit.read() } == "locked")
        #expect(await field { try await visit.setOutcome("Said to be well") } == "locked")
        #expect(await field { _ = try await first(visit.survey("en")) } == "locked")
        #expect(await field { _ = try await visit.lendForSurvey() } == "locked")
        #expect(await field { _ = try await nina.patient(site.patient).read() } == "locked")
        #expect(await field { _ = try await first(nina.day("2026-11-29")) } == "locked")
        #expect(await field { _ = try await nina.search("a") } == "locked")
        #expect(await field { _ = try await nina.session.me() } == "locked")
        #expect(await field { try await nina.session.signOut() } == "locked")
        #expect(await field { _ = try await first(nina.sync.health) } == "locked")
        #expect(await field { try await nina.sync.now() } == "locked")

        try await answer(nina, loan)
        let more: [String: FormValue] = ["overall": .whole(number: 3)]
        #expect(await field { try await loan.desk.finish(.patient, language: "en", answers: more) } == "survey")
        #expect(lock.state.asksPin && lock.state.title == Words("lock_lent"))
        for digit in [7, 7, 4, 1, 2, 0] { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.problem?.field == "pin" && lock.state.session == .lent)
        for digit in pin { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.session == .ready && lock.state.loan == nil && lock.state.resume == site.visit)
        #expect(await field { try await loan.desk.finish(.patient, language: "en", answers: more) } == "locked")

        let said = try #require(try await first(visit.survey("en")).responses.first)
        #expect(said.via == .lentPhone && said.answeredBy == .representative)
        #expect(said.language == "es" && said.by?.name == "Nina Alvarez")
        let shown = try SurveyModel(nina, site.visit, formats)
        try await until("the answers") { shown.state.responses.count == 1 }
        let row = try #require(shown.state.responses.first)
        #expect(row.who == Words("survey_by_representative"))
        #expect(row.lines.map(\.text) == ["Yes", "9", "Very kind.", "true"])
        #expect(row.lines.last?.words == Words("form_yes"))
    }

    @Test("a phone whose screens came up after it was lent asks for the PIN")
    func cameUpLater() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        try await nina.visit(site.visit).checkIn()
        _ = try await nina.visit(site.visit).lendForSurvey()
        let lock = LockModel(nina)
        try await until("the phone") { lock.state.session == .lent }
        #expect(lock.state.loan == nil && lock.state.asksPin)
        for digit in pin { lock.digit(digit) }
        await lock.proceed().value
        #expect(lock.state.session == .ready && lock.state.resume == nil)
    }

    @Test("a link is asked for once the visit is over and the patient wants to be written to, and answers are counted")
    func asking() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let visit = try nina.visit(site.visit)
        try await visit.checkIn()
        let done = TaskOutcome(status: .done, result: .pass)
        for task in try await visit.read().tasks { try await visit.setTask(task.id, done) }
        try await visit.complete()
        let model = try SurveyModel(nina, site.visit, formats)
        try await until("the visit") { model.state.shown && model.state.over }
        #expect(model.state.hindrance == Words("notice_why_not_asked"))
        #expect(await field { try await visit.inviteToSurvey() } == "notice_wishes")
        let quiet = QuietHours(fromMinute: 0, untilMinute: 0)
        let wishes = NewNoticeWishes(
            agreed: true, wishedBy: .patient, channel: .email, address: "ana@example.org", language: "es", quiet: quiet)
        try await nina.patient(site.patient).setNoticeWishes(wishes)
        try await until("the wishes") { model.state.hindrance == nil }
        await model.invite().value
        let here = Words("notice_here")
        try await until("the link") { model.state.invitations.first?.state.words == here }
        #expect(try await nina.sync.now().rejected == 0)

        let desk = try await visit.lendForSurvey()
        let answers: [String: FormValue] = ["overall": .whole(number: 8), "comment": .words(text: "Come again")]
        try await desk.finish(.patient, language: "en", answers: answers)
        try await nina.session.unlock(.pin(pin: "402913"))
        let results = SurveyResultsModel(nina, formats, zone: "America/New_York")
        try await until("what was said") { results.state.said.count == 1 }
        #expect(results.state.counts == ["visits", "asked", "answered"].map { Words.counted("results_\($0)", 1) })
        #expect(results.state.tallies.map(\.mean) == [Words("results_mean", "8.0")])
        #expect(results.state.tallies.first?.answered == Words.counted("results_answers", 1))
        #expect(results.state.said.first?.lines.map(\.text) == ["Come again"])
        #expect(results.state.said.first?.visit == site.visit)
    }
}
