import Foundation
import HomeroundKit
import Testing

/// Who was in the home, over a real server process.
@Suite("Presence", .serialized)
@MainActor
struct PresenceTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("a stamp without a place stops nothing, asks its author, and is explained later")
    func explained() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        backend.stop()
        let visit = try nina.visit(site.visit)
        try await visit.checkIn(noFix: .timedOut)
        let waiting = try await visit.read()
        #expect(waiting.status == .inProgress && waiting.presence.checkedIn)
        let stamp = try #require(waiting.presence.attendances.first?.checkIn)
        #expect(waiting.presence.reasonsNeeded == [stamp.id])
        #expect(stamp.noFix == .timedOut && stamp.causes.contains(.noFix))
        let model = try VisitModel(nina, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the question") { model.state.presence.first?.stamps.first?.asks == true }
        await model.explain(stamp.id, .other, comment: " ").value
        #expect(model.state.problem?.field == "comment")
        await model.explain(stamp.id, .noCoverage, comment: "In the cellar").value
        try await until("the reason") {
            let row = model.state.presence.first?.stamps.first
            return row?.reason == Words("presence_reason_no_coverage") && row?.asks == false
        }
        #expect(try await visit.read().presence.reasonsNeeded.isEmpty)
    }

    @Test("a colleague joins and leaves, and both phones show both")
    func colleague() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let (hers, his) = (try nina.visit(site.visit), try theo.visit(site.visit))
        try await hers.checkIn()
        try await his.join(noFix: .denied)
        #expect(try await his.read().status == .scheduled)
        try await his.leave()
        for phone in [nina, theo, nina] { #expect(try await phone.sync.now().rejected == 0) }
        let both = try await hers.read().presence
        #expect(Set(both.attendances.map(\.by.name)) == ["Nina Alvarez", "Theo Lindqvist"])
        #expect(both.checkedIn)
        #expect(try await !his.read().presence.checkedIn)
    }
}
