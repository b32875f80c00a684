import Foundation
import HomeroundKit
import Testing

/// The order of a day over a real store and server: homes along one street, booked to and fro.
@Suite("The order of a day", .serialized)
@MainActor
struct OrderTests {
    private let backend: Backend
    private let folder: Folder
    private let start = HomeroundKit.Place(latitudeDeg: 42, longitudeDeg: -71)

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("arrivals are told as booked, and a better order with what it saves is suggested")
    func suggested() async throws {
        let (tomorrow, visits) = try await backend.street([6, 2, 8, 4])
        let nina = try await TestPhone(folder, backend, "nina").ready()
        backend.stop()
        let booked = try await nina.orderOfDay(tomorrow, OrderOptions(start: start))
        #expect(try await first(nina.day(tomorrow)).visits.map(\.id) == booked.visits.map(\.visit))
        #expect(booked.totals == booked.booked)
        let better = try await nina.orderOfDay(tomorrow, OrderOptions(suggest: true, start: start))
        #expect(better.visits.map(\.visit) == [1, 3, 0, 2].map { visits[$0] })
        #expect(better.totals.travelS < better.booked.travelS && better.totals.lateS == 0)
        #expect(zip(better.visits, better.visits.dropFirst()).allSatisfy { $0.spreadS < $1.spreadS && $0.endMs <= $1.leaveMs })
        let leg = KnownLeg(from: .start, to: .visit(id: visits[0]), travelS: 60)
        let known = try await nina.orderOfDay(tomorrow, OrderOptions(start: start, legs: [leg]))
        #expect(known.visits.first { $0.visit == visits[0] }?.travelS == 60)
        await #expect(throws: HomeroundError.Refused(field: "speed_kmh", limit: "1.0..=130.0 km/h")) {
            try await nina.orderOfDay(tomorrow, OrderOptions(travel: TravelModel(speedKmh: 0)))
        }
    }

    @Test("the day's list shows travel and arrivals, and the suggested order when it is asked for")
    func listed() async throws {
        let (tomorrow, visits) = try await backend.street([6, 2, 8, 4])
        let nina = try await TestPhone(folder, backend, "nina").ready()
        let model = DayModel(
            nina, Formats(Locale(identifier: "en_US")), place: { Fix(latitudeDeg: 42, longitudeDeg: -71, accuracyM: 12) })
        try await until("today") { model.state.loaded }
        model.show(tomorrow)
        try await until("tomorrow") { model.state.rows.count == visits.count }
        let booked = model.state.rows
        #expect(model.state.order?.key == "day_road")
        // Another day begins at its first visit, wherever the phone is now.
        #expect(booked[0].travel == nil)
        #expect(booked[1].travel?.key == "day_travel" && booked[1].arrival?.key == "day_arrival")
        await model.suggest(true).value
        try await until("a suggestion") { model.state.order?.key == "day_suggested" }
        let words = try #require(model.state.order)
        #expect(Int(words.with[0]) ?? .max < Int(words.with[1]) ?? 0)
        #expect(model.state.rows.map(\.id) != booked.map(\.id))
        #expect(Set(model.state.rows.map(\.id)) == Set(visits))
        await model.suggest(false).value
        try await until("as booked") { model.state.order?.key == "day_road" }
        #expect(model.state.rows.map(\.id) == booked.map(\.id))
        model.team(true)
        try await until("the team's day") { model.state.order == nil && model.state.rows.allSatisfy { $0.arrival == nil } }
    }
}
