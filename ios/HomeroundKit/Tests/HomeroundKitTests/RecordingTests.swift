import Foundation
import HomeroundKit
import Testing

/// Listening to recordings, over a real server process.
@Suite("Recordings", .serialized)
@MainActor
struct RecordingTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("how much was heard is said in minutes and seconds")
    func clock() {
        #expect(heard(seconds: 5.9, of: 62) == Words("recording_heard", "0:05", "1:02"))
        #expect(heard(seconds: 0, of: .nan) == Words("recording_heard", "0:00", "0:00"), "a length that nobody knows")
    }

    @Test("a colleague's recording is fetched before it is played, and says when it can't be")
    func fetched() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let theo = try await TestPhone(folder, backend, "theo").ready()
        for caption in ["Cough", "Wheeze"] {
            let new = NewAttachment(mediaType: "audio/ogg", caption: caption)
            try await nina.visit(site.visit).attach(new, bytes: Data("OggS \(caption)".utf8))
        }
        for phone in [nina, theo] { try await phone.sync.now() }
        let model = try VisitModel(theo, site.visit, Formats(Locale(identifier: "en_US")), now: { now() })
        try await until("the recordings") { model.state.photos.count == 2 }
        let (one, other) = (model.state.photos[0], model.state.photos[1])
        #expect(one.audio && !one.image)
        #expect(one.state.words == Words("photo_elsewhere"))
        await model.open(one).value
        let cough = Data("OggS Cough".utf8)
        #expect(model.state.opened?.bytes == cough)
        model.closePhoto()
        backend.stop()
        await model.open(other).value
        #expect(model.state.opened == nil && model.state.problem != nil)
        try await until("that it is here") { model.state.photos.first?.state.words == Words("photo_sent") }
        await model.open(try #require(model.state.photos.first)).value
        #expect(model.state.opened?.bytes == cough, "it is on this phone now")
    }
}
