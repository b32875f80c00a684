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
}

/// What the day's list shows.
public struct DayState: ScreenState {
    public var date: String?
    public var title = ""
    public var team = false
    public var rows: [DayRow] = []
    public var loaded = false
    public var unsent = 0
    public var network = chip(.idle(synced: false))
    public var problem: Problem?

    public init() {}

    /// What the line under the title says.
    public var summary: Words { .counted("day_visits", rows.count) }
}

/// The day's list, one's own or the team's.
public final class DayModel: Model<DayState> {
    private let phone: Homeround
    private let formats: Formats
    private var followingDay: Work?

    public init(_ phone: Homeround, _ formats: Formats) {
        self.phone = phone
        self.formats = formats
        super.init(DayState(), phone)
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
        followingDay = follow(team ? phone.teamDay(date) : phone.day(date)) { [formats] state, day in
            state.loaded = true
            state.unsent = Int(clamping: day.unsent)
            state.rows = day.visits.map { DayModel.row($0, formats) }
        }
    }

    public func next() { step(1) }

    public func previous() { step(-1) }

    public func team(_ team: Bool) {
        if let date = state.date { show(date, team: team) }
    }

    private func step(_ days: Int) {
        if let date = state.date { show(Formats.step(date, days: days)) }
    }

    private static func row(_ visit: VisitSummary, _ formats: Formats) -> DayRow {
        var notes: [Chip] = []
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
            colleagues: visit.assignees.filter { !$0.me }.map(\.name)
        )
    }
}
