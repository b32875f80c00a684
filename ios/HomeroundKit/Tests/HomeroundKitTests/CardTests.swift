import Foundation
import HomeroundKit
import Testing

/// A patient's card, and what changed since one was there, over a real server process.
@Suite("Card", .serialized)
@MainActor
struct CardTests {
    private let folder: Folder
    private let backend: Backend
    private let formats = Formats(Locale(identifier: "en_US"))
    private let zone = "America/New_York"

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    private func goes(_ phone: Homeround, _ id: VisitId) async throws {
        let visit = try phone.visit(id)
        try await visit.checkIn()
        for task in try await visit.read().tasks {
            try await visit.setTask(task.id, TaskOutcome(status: .done, result: .pass, reason: nil, comment: nil))
        }
        try await visit.complete()
    }

    @Test("what a colleague recorded before and what arrives after one left is on the card and in the list")
    func card() async throws {
        let site = try await backend.day()
        let his = try await backend.book(site.patient, [site.therapist], hour: 8)
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let hers = try nina.patient(site.patient)
        #expect(try await hers.sinceLastHere().last == nil)
        try await theo.visit(his).checkIn()
        try await theo.visit(his).recordVitals(Vitals(pulseBpm: 104), measuredAtMs: now())
        try await hers.setHomeAccess("pets", "A dog")
        try await goes(nina, site.visit)
        #expect(try await hers.sinceLastHere().count == 0)

        let card = try CardModel(nina, site.patient, visit: site.visit, formats, zone: zone)
        try await until("the card") { card.state.loaded }
        #expect(card.state.since?.key == "since_last" && card.state.count == 0)
        #expect(card.state.access.contains { $0.title == "A dog" })
        for phone in [theo, nina] { #expect(try await phone.sync.now().rejected == 0) }
        try await until("the change") { card.state.count > 0 }
        let pulse = card.state.figures.first { $0.name == Words("vital_pulse_bpm") }
        #expect(pulse?.value == "104 /min")

        let list = try ChangesModel(nina, site.patient, formats, zone: zone)
        try await until("the list") { list.state.loaded }
        let group = try #require(list.state.groups.first { $0.kind == .observation })
        let row = try #require(group.rows.first)
        #expect(row.late && row.by == "Theo Lindqvist")
        #expect(row.lines.map(\.now) == [.text("104 /min")])
        await #expect(throws: HomeroundError.self) { try await first(hers.card(site.patient)) }
    }
}
