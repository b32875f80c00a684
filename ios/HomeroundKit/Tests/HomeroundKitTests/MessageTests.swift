import Foundation
import HomeroundKit
import Testing

/// Messages within the team about a patient, over a real server process.
@Suite("Messages", .serialized)
@MainActor
struct MessageTests {
    private let folder: Folder
    private let backend: Backend
    private let formats = Formats(Locale(identifier: "en_US"))

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("a message is found among all, read, answered for one person, and taken back")
    func messages() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        let theirs = try theo.patient(site.patient)
        await #expect(throws: HomeroundError.self) { try await theirs.sendMessage(NewMessage(text: " ", priority: .routine)) }
        try await theirs.sendMessage(NewMessage(text: "New tips for the walker?", priority: .urgent, visit: site.visit))
        for phone in [theo, nina] { #expect(try await phone.sync.now().rejected == 0) }

        let day = DayModel(nina, formats)
        try await until("the count") { day.state.messages == 1 }
        let inbox = InboxModel(nina, formats, zone: "America/New_York")
        try await until("the thread") { inbox.state.rows.first?.notes.count == 2 }
        #expect(inbox.state.rows.first?.last == "New tips for the walker?")

        let model = try MessagesModel(nina, site.patient, formats, zone: "America/New_York")
        try await until("the message") { model.state.rows.first?.new == true }
        let row = try #require(model.state.rows.first)
        #expect(row.urgent && !row.mine && row.by == "Theo Lindqvist")
        try await until("the read mark") { day.state.messages == 0 }
        let colleague = try #require(model.state.people.first { $0.name == "Theo Lindqvist" })
        model.answer(row)
        model.type("I bring them")
        model.address(colleague.id, true)
        await model.send().value
        try await until("the answer") { model.state.rows.count == 2 && model.state.draft.isEmpty }
        let answer = try #require(model.state.rows.last)
        #expect(answer.answers == "New tips for the walker?" && answer.to == Words("message_to", "Theo Lindqvist"))
        for phone in [nina, theo] { #expect(try await phone.sync.now().rejected == 0) }
        let read = try await theirs.messagesNow()
        #expect(read.first?.readBy.map(\.by.name) == ["Nina Alvarez"])
        #expect(read.last?.unread == true && read.last?.text == "I bring them")
        await model.takeBack(answer, "another patient").value
        let gone = Words("message_taken_back", "another patient")
        try await until("the taking back") { model.state.rows.last?.takenBack == gone }
        #expect(model.state.rows.last?.text.isEmpty == true)
    }
}
