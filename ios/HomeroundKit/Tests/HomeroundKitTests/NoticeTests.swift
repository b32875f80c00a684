import Foundation
import HomeroundKit
import Testing

/// Notices to a patient, over a real server process that has nobody who delivers.
@Suite("Notices", .serialized)
@MainActor
struct NoticeTests {
    private let folder: Folder
    private let backend: Backend
    private let formats = Formats(Locale(identifier: "en_US"))

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("wishes are written down, a notice is looked at and asked for, and what became of it comes back")
    func notices() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let model = try NoticesModel(nina, site.visit, formats)
        try await until("the visit") { model.state.loaded && model.state.ahead && !model.state.patient.isEmpty }
        #expect(model.state.wishes == nil)
        await model.draft(.onMyWay).value
        #expect(model.state.look?.hindrance == Words("notice_why_not_asked"))
        model.close()

        model.ask()
        model.type { $0.address = "not an address" }
        await model.save().value
        try await until("the refusal") { model.state.problem?.field == "address" }
        model.type {
            $0.address = "ana@example.org"
            $0.language = "es"
            $0.quietFrom = "0:00"
            $0.quietUntil = "0:00"
        }
        await model.save().value
        let agreed = Words("notice_agreed_email")
        try await until("the wishes") { model.state.wishes?.told == agreed && model.state.form == nil }
        #expect(model.state.wishes?.address == "ana@example.org")
        #expect(model.state.wishes?.quiet == Words("notice_quiet", "0:00", "0:00"))

        await model.draft(.onMyWay).value
        let look = try #require(model.state.look)
        #expect(look.hindrance == nil && look.draft.body.contains("está en camino"))
        await model.send().value
        let here = Words("notice_here")
        try await until("the notice") { model.state.rows.first?.state.words == here }
        #expect(try await nina.sync.now().rejected == 0)
        // The test's server has no relay: it says so.
        let why = Words("notice_why_no_provider")
        for _ in 0..<150 where model.state.rows.first?.why != why {
            try await nina.sync.now()
            try await Task.sleep(for: .milliseconds(200))
        }
        try await until("the answer") { model.state.rows.first?.why == why }
        #expect(model.state.rows.first?.state.words == Words("notice_not_sent"))

        // An app of the patient's stays what it is when the rest is written down anew.
        let app = NewNoticeWishes(
            agreed: true, wishedBy: .patient, channel: .push, address: "dYx3:APA91bH-token_of.an~app", language: nil,
            quiet: nil)
        try await nina.patient(site.patient).setNoticeWishes(app)
        let told = Words("notice_agreed_push")
        try await until("the app") { model.state.wishes?.told == told }
        model.ask()
        model.type { $0.language = "en" }
        await model.save().value
        try await until("the language") { model.state.wishes?.language == Words("notice_language_en") }
        #expect(model.state.wishes?.told == told)
    }
}
