import Foundation
import HomeroundKit
import Testing

/// One's own numbers over a real store, offline.
@Suite("My numbers", .serialized)
@MainActor
struct NumbersTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("the account shows what one's own visits came to, and goes on when a visit is begun")
    func shown() async throws {
        let site = try await backend.day()
        let nina = try await TestPhone(folder, backend, "nina").ready()
        backend.stop()
        let model = AccountModel(nina) {}
        try await until("the numbers") { model.state.numbers == [Words("numbers_done", "0", "1")] }
        #expect(model.state.numbersDays == weekDays)
        try await nina.visit(site.visit).checkIn()
        try await until("the visit that was begun") { model.state.numbers.contains { $0.key == "numbers_on_time" } }
        model.showNumbers(4 * weekDays)
        try await until("four weeks") {
            model.state.numbersDays == 4 * weekDays && model.state.numbers.first == Words("numbers_done", "0", "1")
        }
        let today = try await nina.today()
        let mine = try await first(nina.myNumbers(from: today, until: today))
        #expect(mine.visits == 1 && mine.begun == 1)
        await #expect(throws: HomeroundError.self) { try await first(nina.myNumbers(from: "tomorrow", until: today)) }
    }
}
