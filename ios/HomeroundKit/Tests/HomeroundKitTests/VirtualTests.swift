import Foundation
import HomeroundKit
import Testing

/// A virtual visit over the real core and a real server.
@Suite("A virtual visit", .serialized)
@MainActor
struct VirtualTests {
    private let folder: Folder
    private let backend: Backend
    private let link = "https://video.example.org/room/7?pwd=1"
    private let number = "+1 (617) 555-0123"

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
        } catch {
            return "\(error)"
        }
    }

    @Test("consent, lobby and the fall-back to a phone call are noted and reach a colleague")
    func noted() async throws {
        let site = try await backend.day()
        try await backend.makeVirtual(site, link: link, phone: number)
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let visit = try nina.visit(site.visit)
        #expect(try await visit.joinUrl() == link)
        #expect(await field { try await visit.startTravel() } == "virtual_visit")
        #expect(await field { try await visit.checkIn() } == "consent")
        let unnamed = NewConsent(decision: .given, party: .representative, form: .written)
        #expect(await field { try await visit.recordConsent(unnamed) } == "name")
        try await visit.recordConsent(
            NewConsent(decision: .given, party: .representative, form: .written, name: "Ingrid"))
        try await visit.noteLobby(.waiting)
        try await visit.checkIn()
        try await visit.noteLobby(.joined)
        #expect(await field { try await visit.fallBackToPhone(PhoneFallback(reason: .other)) } == "comment")
        let back = try await visit.fallBackToPhone(PhoneFallback(reason: .noVideo))
        #expect(back.phone == number && back.phoneUrl == "tel:+16175550123")
        let stamp = try #require(try await visit.read().presence.attendances.first?.checkIn)
        #expect(stamp.noFix == .virtual && stamp.fix == nil)
        for phone in [nina, theo] { #expect(try await phone.sync.now().rejected == 0) }
        let seen = try #require(try await theo.visit(site.visit).read().virtualVisit)
        #expect(seen.consent?.name == "Ingrid" && seen.consent?.by.name == "Nina Alvarez")
        #expect(seen.lobby.map(\.state) == [.waiting, .joined, .byPhone])
        #expect(seen.lobby.last?.reason == .noVideo)
    }

    @Test("the visit's screen asks for consent first, joins by the link, and marks what the patient told")
    func screen() async throws {
        let site = try await backend.day()
        try await backend.makeVirtual(site, link: link, phone: number)
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let model = try VisitModel(nina, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the call") { model.state.call != nil }
        #expect(model.state.actions.isEmpty && model.state.vitals.reportedBy == .patient)
        var opened: [String] = []
        await model.join { opened.append($0.absoluteString) }.value
        await model.consent(ConsentEntry(), given: true).value
        try await until("the consent") { model.state.actions == [.checkIn] }
        #expect(model.state.call?.consent?.words == Words("consent_given"))
        await model.take(.checkIn).value
        model.typeVital(.pulse, "88")
        model.typeDevice("Own watch")
        await model.recordVitals().value
        try await until("the pulse") { model.state.findings.count == 1 }
        #expect(model.state.findings.first?.reported == Words("reported_patient"))
        #expect(model.state.findings.first?.score?.reported == Words("news2_reported"))
        #expect(model.state.vitals.reportedBy == .patient)
        let kept = try #require(try await nina.visit(site.visit).read().observations.first)
        #expect(kept.measured.device?.text == "Own watch" && kept.measured.reportedBy == .patient)
        await model.fallBack(.connection, comment: "") { opened.append($0.absoluteString) }.value
        #expect(opened == [link, "tel:+16175550123"])
        try await until("the phone") { model.state.call?.rows.isEmpty == false }
        #expect(model.state.call?.rows.first?.reason == Words("fallback_reason_connection"))
        model.chooseTeller(nil)
        model.typeVital(.pulse, "90")
        await model.recordVitals().value
        try await until("the second pulse") { model.state.findings.count == 2 }
        #expect(model.state.findings.first?.reported == nil)
    }
}
