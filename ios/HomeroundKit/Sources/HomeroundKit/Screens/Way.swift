import HomeroundCore

/// Another visit that may be the one that is shown.
public struct TwinRow: Identifiable, Sendable {
    public let id: VisitId
    public let told: String
    public let who: String
    public let status: Chip
    public let why: Words

    init(_ one: LikelyDuplicate, _ formats: Formats) {
        let other = one.other
        id = other.id
        told = "\(formats.window(other.startMs, other.endMs, other.timeZone)) · \(other.service)"
        who = other.assignees.map(\.name).joined(separator: ", ")
        status = chip(other.status)
        why = Words("duplicate_\(snake(one.why))")
    }
}

/// Who gives the visit to whom, why, and where that stands.
public struct HandoverRow: Sendable {
    public let told: Words
    public let reason: Words
    public let comment: String?
    public let state: Chip

    init(_ one: Handover, _ unsent: Int, _ formats: Formats, _ zone: String) {
        told = Words("handover_told", one.by.name, one.to.name, formats.moment(one.atMs, zone))
        reason = words(one.reason)
        comment = one.comment
        switch one.state {
        case .waiting: state = Chip(.counted("handover_waiting", unsent), .warning, .unsent)
        case .done: state = Chip(Words("handover_done", one.to.name), .good, .check)
        case .overruled: state = Chip(Words("handover_overruled"), .alarm, .warning)
        }
    }
}

/// How the visit came about, and what became of it beside its status.
public struct WayState: Sendable {
    /// Who made it without a booking; none: it was booked.
    public var unplanned: Words?
    public var unplannedWhy: Words?
    public var unplannedComment: String?
    public var twins: [TwinRow] = []
    /// The visit that stands in this one's place.
    public var duplicateOf: VisitId?
    public var handover: HandoverRow?
    /// Who may take the visit; empty once it is over.
    public var colleagues: [By] = []

    public init() {}

    init(_ known: KnownWay, _ formats: Formats, _ zone: String) {
        let (way, view) = (known.way, known.view)
        unplanned = way.unplanned.map { Words("way_unplanned", $0.by.name, formats.moment($0.atMs, zone)) }
        unplannedWhy = way.unplanned.map { words($0.reason) }
        unplannedComment = way.unplanned?.comment
        twins = way.likelyDuplicates.map { TwinRow($0, formats) }
        duplicateOf = way.duplicateOf
        let unsent = Int(clamping: view.summary?.unsent ?? 0)
        handover = way.handover.map { HandoverRow($0, unsent, formats, zone) }
        let own = view.summary?.assignees.contains(where: \.me) ?? false
        let open: [VisitStatus] = [.scheduled, .traveling, .inProgress, .onBreak]
        colleagues = own && open.contains(view.status) ? known.colleagues : []
    }
}

/// What is read at once of how a visit came about.
public struct KnownWay: Equatable, Sendable {
    public let way: VisitWay
    public let view: VisitView
    public let colleagues: [By]
}

/// A visit that is being made on the day's list.
public struct NewVisitForm: Sendable {
    /// Somebody who was found by name.
    public struct Found: Identifiable, Sendable {
        public let id: PatientId
        public let name: String
    }

    public var words = ""
    public var found: [Found] = []
    public var patient: Found?
    public var service = ""
    public var minutes = "30"
    public var comment = ""

    public init() {}
}

/// Why a visit was not booked, in a person's words.
public func words(_ reason: UnplannedReason) -> Words { Words("unplanned_reason_\(snake(reason))") }

/// Why a visit is handed over, in a person's words.
public func words(_ reason: HandoverReason) -> Words { Words("handover_reason_\(snake(reason))") }

extension VisitModel {
    /// The visit is interrupted, and goes on later.
    @discardableResult
    public func pause(_ reason: BreakReason, comment: String) -> Work {
        act { [self] in try await visit.takeBreak(reason, comment: said(comment), await place()) }
    }

    /// This visit is the other one, entered twice.
    @discardableResult
    public func sameVisit(_ other: VisitId, comment: String) -> Work {
        act { [self] in try await visit.sameVisit(other, comment: said(comment), await place()) }
    }

    /// This visit and the other one are two.
    @discardableResult
    public func twoVisits(_ other: VisitId, comment: String) -> Work {
        act { [self] in try await visit.twoVisits(other, comment: said(comment)) }
    }

    /// A colleague takes this visit, and with `day` what is left of one's own day.
    @discardableResult
    public func handOver(_ to: By, _ reason: HandoverReason, comment: String, day: Bool) -> Work {
        act { [self] in
            guard let person = to.person else { return }
            try await visit.handOver(person, reason, comment: said(comment))
            if day { try await phone.handOverDay(try await phone.today(), person, reason, comment: said(comment)) }
        }
    }

    /// The visit does not take place.
    @discardableResult
    public func end(_ ending: Ending, _ reason: NotDoneReason, comment: String) -> Work {
        act { [self] in
            switch ending {
            case .miss: try await visit.miss(reason, comment: said(comment), await place())
            case .cancel: try await visit.cancel(reason, comment: said(comment), await place())
            }
        }
    }
}
