import HomeroundCore

/// A stamp's line.
public struct StampRow: Identifiable, Sendable {
    public let id: EntryId
    public let told: Words
    public let state: Chip
    public let causes: [Words]
    public let reason: Words?
    public let comment: String?
    /// Its author is the person of this phone, and is asked for a reason.
    public let asks: Bool
}

/// One person's time in the home.
public struct PresenceRow: Identifiable, Sendable {
    public var id: EntryId { stamps.first?.id ?? by }
    public let by: String
    public let stamps: [StampRow]
    public let open: Bool
    public let overlaps: Bool

    init(_ one: Attendance, _ formats: Formats, _ zone: String) {
        func row(_ stamp: PresenceStamp?, _ key: String) -> StampRow? {
            stamp.map { stamp in
                StampRow(
                    id: stamp.id, told: Words(key, formats.time(stamp.atMs, zone)), state: stampChip(stamp),
                    causes: stamp.causes.map { Words("presence_cause_\(snake($0))") }, reason: stamp.reason.map(words),
                    comment: stamp.comment, asks: one.by.me && stamp.state == .reasonNeeded)
            }
        }
        by = one.by.name
        stamps = [row(one.checkIn, "presence_came"), row(one.checkOut, "presence_left")].compactMap { $0 }
        open = one.checkOut == nil
        overlaps = !one.overlaps.isEmpty
    }
}

/// Why a stamp is not verified, in a person's words.
public func words(_ reason: PresenceReason) -> Words { Words("presence_reason_\(snake(reason))") }

/// A stamp of a virtual visit vouches for the time, and for nobody in the home.
private func stampChip(_ stamp: PresenceStamp) -> Chip {
    guard stamp.noFix == .virtual, stamp.state == .verified else { return chip(stamp.state) }
    return Chip(Words("presence_virtual"), .quiet, .video)
}

func chip(_ state: PresenceState) -> Chip {
    let words = Words("presence_\(snake(state))")
    switch state {
    case .verified: return Chip(words, .good, .check)
    case .reasonNeeded: return Chip(words, .warning, .warning)
    case .explained, .unverified: return Chip(words, .quiet, .home)
    }
}

/// Who comes to a visit that has begun joins it; who is still there when it has ended, or is not alone, leaves it.
func presenceActions(_ view: VisitView) -> [Action] {
    let here = view.presence.attendances.filter { $0.checkOut == nil }.count
    switch view.status {
    case .inProgress, .onBreak:
        if !view.presence.checkedIn { return [.join] }
        return here > 1 ? [.leave] : []
    case .completed, .signed, .amended, .canceled, .missed: return view.presence.checkedIn ? [.leave] : []
    case .scheduled, .traveling: return view.presence.checkedIn && here > 1 ? [.leave] : []
    }
}
