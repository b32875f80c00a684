import HomeroundCore

/// A line of the day.
public struct DayRow: Identifiable, Sendable {
    public let id: VisitId
    public let window: String
    public let patient: String
    public let address: String
    public let service: String
    public let status: Chip
    public let notes: [Chip]
    public let colleagues: [String]
    /// How long one is on the way to it; none: there is no way, or none is known.
    public let travel: Words?
    /// When one is there, and how far off that may be; none: nothing is reckoned.
    public let arrival: Words?
}

/// What the day's list shows.
public struct DayState: ScreenState {
    public var date: String?
    public var title = ""
    public var team = false
    public var rows: [DayRow] = []
    public var loaded = false
    public var unsent = 0
    /// Messages of the team that wait to be read.
    public var messages = 0
    public var network = chip(.idle(synced: false))
    public var problem: Problem?
    /// Whether a better order is looked for.
    public var suggest = false
    /// What the order comes to; none: nothing is ahead, or it is the team's day.
    public var order: Words?
    /// A visit that is being made.
    public var new: NewVisitForm?
    /// The visit that was just made: it is to be opened.
    public var made: VisitId?

    public init() {}

    /// What the line under the title says.
    public var summary: Words { .counted("day_visits", rows.count) }
}

/// The day's list, one's own or the team's.
public final class DayModel: Model<DayState> {
    private let phone: Homeround
    private let formats: Formats
    private let place: @Sendable () async -> Fix?
    private var followingDay: Work?
    private var here: HomeroundCore.Place?

    /// `place` tells where the phone is, once an order is asked for.
    public init(_ phone: Homeround, _ formats: Formats, place: @escaping @Sendable () async -> Fix? = { nil }) {
        self.phone = phone
        self.formats = formats
        self.place = place
        super.init(DayState(), phone)
        follow(phone.messageThreads) { state, threads in state.messages = threads.reduce(0) { $0 + Int($1.unread) } }
        act { [self] in show(try await phone.today()) }
    }

    public func show(_ date: String, team: Bool? = nil) {
        followingDay?.cancel()
        let team = team ?? state.team
        change {
            $0.date = date
            $0.title = formats.day(date)
            $0.team = team
        }
        followingDay = follow(planned(date, team: team)) { [formats] state, planned in
            DayModel.take(&state, planned.day, planned.order, formats)
        }
    }

    /// Looks for a better order from here on, or shows the visits as booked again.
    @discardableResult
    public func suggest(_ suggest: Bool) -> Work {
        act { [self] in
            change { $0.suggest = suggest }
            await replan()
        }
    }

    /// Reckons again from where and when it is now.
    public func replan() async {
        here = (await place()).map { HomeroundCore.Place(latitudeDeg: $0.latitudeDeg, longitudeDeg: $0.longitudeDeg) }
        if let date = state.date { show(date) }
    }

    public func next() { step(1) }

    public func previous() { step(-1) }

    public func team(_ team: Bool) {
        if let date = state.date { show(date, team: team) }
    }

    /// Begins to make a visit that nobody booked, or lets it be.
    public func newVisit(_ form: NewVisitForm?) { change { $0.new = form } }

    public func changeVisit(_ how: (inout NewVisitForm) -> Void) {
        change { state in
            if var form = state.new {
                how(&form)
                state.new = form
            }
        }
    }

    /// Looks for the patient by name.
    @discardableResult
    public func findPatient(_ words: String) -> Work {
        changeVisit { $0.words = words }
        return act { [self] in
            let hits = words.allSatisfy(\.isWhitespace) ? [] : try await phone.search(words)
            let found = hits.compactMap { hit in
                if case .patient(let patient, let name) = hit { NewVisitForm.Found(id: patient, name: name) } else { nil }
            }
            if state.new?.words == words { changeVisit { $0.found = found } }
        }
    }

    /// Makes the visit; it is on the day at once.
    @discardableResult
    public func makeVisit(_ reason: UnplannedReason) -> Work {
        act { [self] in
            guard let form = state.new, let patient = form.patient else { return }
            guard let minutes = UInt32(form.minutes) else {
                change { $0.problem = Problem(Words("error_not_a_number"), field: "minutes") }
                return
            }
            let comment = form.comment.allSatisfy(\.isWhitespace) ? nil : form.comment
            let new = NewVisit(
                patient: patient.id, service: Coding(system: "", code: "", text: form.service), reason: reason,
                comment: comment, minutes: minutes)
            let made = try await phone.newVisit(new)
            change {
                $0.new = nil
                $0.made = made.visit
            }
        }
    }

    /// The visit that was made is open now.
    public func opened() { change { $0.made = nil } }

    private func step(_ days: Int) {
        if let date = state.date { show(Formats.step(date, days: days)) }
    }

    private struct Planned: Sendable {
        let day: Day
        let order: OrderOfDay?
    }

    /// The day with its order; without one where it can't be reckoned: the day is shown all the same.
    private func planned(_ date: String, team: Bool) -> Live<Planned> {
        let days = team ? phone.teamDay(date) : phone.day(date)
        let (phone, suggest, here) = (phone, state.suggest, here)
        return Live(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let following = Task {
                do {
                    for try await day in days {
                        let order = team ? nil : try await DayModel.order(phone, date, suggest, here)
                        continuation.yield(Planned(day: day, order: order))
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in following.cancel() }
        }
    }

    private static func order(
        _ phone: Homeround, _ date: String, _ suggest: Bool, _ here: HomeroundCore.Place?
    ) async throws -> OrderOfDay? {
        let start = try await phone.today() == date ? here : nil
        do {
            return try await phone.orderOfDay(date, OrderOptions(suggest: suggest, start: start))
        } catch HomeroundError.Refused {
            return nil
        }
    }

    private static func take(_ state: inout DayState, _ day: Day, _ order: OrderOfDay?, _ formats: Formats) {
        let ahead = order?.visits ?? []
        let estimates = Dictionary(ahead.map { ($0.visit, $0) }, uniquingKeysWith: { first, _ in first })
        var visits = day.visits
        if state.suggest {
            // What is over stays on top; the rest stands in the order that is suggested.
            let over = visits.filter { estimates[$0.id] == nil }
            visits = over + ahead.compactMap { one in visits.first { $0.id == one.visit } }
        }
        state.loaded = true
        state.unsent = Int(clamping: day.unsent)
        state.rows = visits.map { row($0, estimates[$0.id], day, formats) }
        state.order = order.flatMap { $0.visits.isEmpty ? nil : orderWords($0, state.suggest) }
    }

    private static func row(
        _ visit: VisitSummary, _ estimate: VisitEstimate?, _ day: Day, _ formats: Formats
    ) -> DayRow {
        var notes: [Chip] = []
        if day.virtualVisits.contains(visit.id) { notes.append(Chip(Words("visit_virtual"), .active, .video)) }
        if day.likelyDuplicates.contains(visit.id) { notes.append(Chip(Words("visit_twice"), .warning, .warning)) }
        if let estimate, let late = lateChip(estimate) { notes.append(late) }
        if visit.conflicts > 0 { notes.append(Chip(.counted("visit_conflicts", Int(visit.conflicts)), .alarm, .warning)) }
        if visit.unsent > 0 { notes.append(Chip(.counted("visit_unsent", Int(clamping: visit.unsent)), .quiet, .unsent)) }
        if visit.priority > 0 { notes.append(Chip(Words("visit_urgent"), .warning, .warning)) }
        return DayRow(
            id: visit.id,
            window: formats.window(visit.startMs, visit.endMs, visit.timeZone),
            patient: visit.patientName,
            address: visit.address,
            service: visit.service,
            status: chip(visit.status),
            notes: notes,
            colleagues: visit.assignees.filter { !$0.me }.map(\.name),
            travel: estimate.flatMap { $0.travelS > 0 ? travelWords($0) : nil },
            arrival: estimate.flatMap {
                // Nobody arrives at a call.
                $0.spreadS > 0 && !day.virtualVisits.contains(visit.id)
                    ? Words("day_arrival", formats.time($0.arriveMs, visit.timeZone), minutes($0.spreadS)) : nil
            }
        )
    }
}
