import Foundation
import HomeroundKit
import Testing

/// Visits made on the phone, there twice, and handed over, over a real server process.
@Suite("A visit's way", .serialized)
@MainActor
struct WayTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("a visit made on the day's list is worked on, flagged, and called off as a double")
    func unplanned() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let booked = try #require(try await nina.visit(site.visit).read().summary)
        let new = NewVisit(
            patient: site.patient, service: Coding(system: "", code: "", text: "Wound care"), reason: .requested,
            startMs: booked.startMs, minutes: 30)
        let made = try nina.visit(try await nina.newVisit(new).visit)
        try await made.editNote("Dressing renewed.")
        let model = try VisitModel(nina, made.id, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the flag") { model.state.way.twins.first?.id == site.visit }
        #expect(model.state.way.twins.first?.why == Words("duplicate_same_time"))
        #expect(model.state.way.unplannedWhy == Words("unplanned_reason_requested"))
        for phone in [nina, theo] { #expect(try await phone.sync.now().rejected == 0) }
        let there = try theo.visit(made.id)
        #expect(try await there.read().note == "Dressing renewed.")
        #expect(try await there.read().summary?.assignees.map(\.name) == ["Nina Alvarez"])
        await model.sameVisit(site.visit, comment: "Booked already").value
        try await until("the decision") { model.state.way.duplicateOf == site.visit && model.state.way.twins.isEmpty }
        let read = try await made.read()
        #expect(read.status == .canceled && read.steps.last?.reason == .duplicate && read.note == "Dressing renewed.")
    }

    @Test("a visit is handed to a colleague, and the backend books the colleague")
    func handover() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let visit = try nina.visit(site.visit)
        let colleague = try #require(try await visit.colleagues().first { $0.name == "Theo Lindqvist" })
        let to = try #require(colleague.person)
        await #expect(throws: HomeroundError.self) { try await visit.handOver(to, .other) }
        try await visit.editNote("Key is under the mat.")
        #expect(try await visit.handOver(to, .illness, comment: "Fever").unsent == 2)
        for phone in [nina, theo] { #expect(try await phone.sync.now().rejected == 0) }
        let model = try VisitModel(theo, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the hand-over") { model.state.way.handover?.comment == "Fever" }
        #expect(model.state.way.handover?.state.words == Words("handover_done", "Theo Lindqvist"))
        #expect(model.state.way.handover?.reason == Words("handover_reason_illness"))
        #expect(try await theo.visit(site.visit).read().summary?.assignees.map(\.name) == ["Theo Lindqvist"])
        #expect(try await nina.handOverDay(try await nina.today(), to, .illness).isEmpty)
    }
}
