import HomeroundCore

/// What a patient wishes, in a person's words.
public struct WishesRow: Sendable {
    public let told: Words
    public let address: String
    public let language: Words
    public let quiet: Words
    public let by: Words

    init(_ wishes: NoticeWishes, _ formats: Formats, _ zone: String) {
        told = Words(wishes.agreed ? "notice_agreed_\(snake(wishes.channel))" : "notice_declined")
        address = wishes.address
        let written: [String] = ["en", "es"]
        let known = written.first { $0 == wishes.language } ?? "own"
        language = Words("notice_language_\(known)")
        quiet = Words("notice_quiet", clock(wishes.quiet.fromMinute), clock(wishes.quiet.untilMinute))
        by = Words("notice_by", wishes.by.name, formats.moment(wishes.atMs, zone))
    }
}

/// The wishes while they are written down.
public struct WishesForm: Sendable {
    public var agreed = true
    public var byRepresentative = false
    public var sms = false
    public var address = ""
    /// BCP 47; nil: the patient's own.
    public var language: String?
    public var quietFrom = "21:00"
    public var quietUntil = "8:00"
    /// An app of the patient's that stands there stays: what it is called, nobody types.
    private var app: String?

    public init() {}

    init(_ known: NoticeWishes?) {
        guard let known else { return }
        agreed = known.agreed
        byRepresentative = known.wishedBy == .representative
        sms = known.channel == .sms
        address = known.address
        app = known.channel == .push ? known.address : nil
        language = known.language
        quietFrom = clock(known.quiet.fromMinute)
        quietUntil = clock(known.quiet.untilMinute)
    }

    private var channel: NoticeChannel {
        if sms { return .sms }
        return app == address ? .push : .email
    }

    var wishes: NewNoticeWishes {
        NewNoticeWishes(
            agreed: agreed, wishedBy: byRepresentative ? .representative : .patient, channel: channel,
            address: address, language: language,
            quiet: QuietHours(fromMinute: minute(quietFrom), untilMinute: minute(quietUntil)))
    }
}

/// A notice that is to be sent, for a last look.
public struct NoticeLook: Sendable {
    public let draft: NoticeDraft
    public let hindrance: Words?
    public let waits: Words?
}

/// A notice that was asked for.
public struct NoticeRow: Identifiable, Sendable {
    public let id: EntryId
    public let told: Words
    public let arrives: String
    public let by: Words
    public let state: Chip
    public let why: Words?

    init(_ notice: Notice, _ formats: Formats, _ zone: String) {
        id = notice.id
        told = Words("notice_kind_\(snake(notice.kind))")
        arrives = formats.window(notice.arrivesFromMs, notice.arrivesUntilMs, zone)
        by = Words("notice_by", notice.by.name, formats.moment(notice.atMs, zone))
        state = chip(notice.delivery, formats, zone)
        why = notice.delivery?.reason.map { words($0) }
    }
}

/// What the notices of a visit show.
public struct NoticesState: ScreenState {
    public var patient = ""
    /// Nil: nobody has asked.
    public var wishes: WishesRow?
    public var form: WishesForm?
    public var look: NoticeLook?
    public var rows: [NoticeRow] = []
    /// Whether there is something to announce.
    public var ahead = false
    public var loaded = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// Telling a patient that somebody is on the way, or late; and whether they want to be told.
public final class NoticesModel: Model<NoticesState> {
    private let phone: Homeround
    private let visit: Visit
    private let formats: Formats
    private var patient: Patient?
    private var known: NoticeWishes?
    private var zone = "UTC"

    public init(_ phone: Homeround, _ id: VisitId, _ formats: Formats) throws {
        self.phone = phone
        self.formats = formats
        visit = try phone.visit(id)
        super.init(NoticesState(), phone)
        act { [self] in try await look() }
    }

    /// Begins to write down what the patient wishes.
    public func ask() { change { [known] in $0.form = WishesForm(known) } }

    public func type(_ edit: (inout WishesForm) -> Void) {
        change {
            guard var form = $0.form else { return }
            edit(&form)
            $0.form = form
        }
    }

    public func close() {
        change {
            $0.form = nil
            $0.look = nil
        }
    }

    @discardableResult
    public func save() -> Work {
        act { [self] in
            guard let form = state.form else { return }
            try await patient?.setNoticeWishes(form.wishes)
            change { $0.form = nil }
        }
    }

    /// Shows what the patient would be told.
    @discardableResult
    public func draft(_ kind: NoticeKind) -> Work {
        act { [self] in
            let draft = try await visit.noticeDraft(kind)
            let waits = draft.waitsUntilMs.map { Words("notice_waits", formats.time($0, zone)) }
            change { $0.look = NoticeLook(draft: draft, hindrance: draft.hindrance.map { words($0) }, waits: waits) }
        }
    }

    /// Asks for what is shown.
    @discardableResult
    public func send() -> Work {
        act { [self] in
            guard let draft = state.look?.draft else { return }
            try await visit.notify(draft.kind, fromMs: draft.arrivesFromMs, untilMs: draft.arrivesUntilMs)
            change { $0.look = nil }
        }
    }

    private func look() async throws {
        let view = try await visit.read()
        let patient = try phone.patient(view.patient)
        self.patient = patient
        zone = view.summary?.timeZone ?? zone
        change { $0.patient = view.summary?.patientName ?? "" }
        let (formats, zone) = (formats, zone)
        follow(visit.view) { state, now in state.ahead = [.scheduled, .traveling].contains(now.status) }
        follow(visit.notices) { state, notices in
            state.rows = notices.map { NoticeRow($0, formats, zone) }
            state.loaded = true
        }
        follow(patient.noticeWishes) { [weak self] state, wishes in
            self?.known = wishes
            state.wishes = wishes.map { WishesRow($0, formats, zone) }
        }
    }
}

/// What became of a message to a patient.
func chip(_ delivery: NoticeDelivery?, _ formats: Formats, _ zone: String) -> Chip {
    guard let delivery else { return Chip(Words("notice_here"), .quiet, .unsent) }
    switch delivery.state {
    case .queued:
        let next = delivery.reason == nil ? nil : delivery.nextMs
        let told = next.map { Words("notice_next", formats.time($0, zone)) }
        return Chip(told ?? Words("notice_queued"), .active, .unsent)
    case .sent: return Chip(Words("notice_sent", formats.time(delivery.atMs, zone)), .good, .check)
    case .notSent, .unknown: return Chip(Words("notice_not_sent"), .alarm, .warning)
    }
}

/// Why a notice is not sent, in a person's words.
public func words(_ reason: NotSent) -> Words { Words("notice_why_\(snake(reason))") }

private func clock(_ minute: UInt16) -> String {
    let rest = minute % 60
    return "\(minute / 60):\(rest < 10 ? "0" : "")\(rest)"
}

/// The minute of the day; what is no time is past its end, which the core refuses.
private func minute(_ text: String) -> UInt16 {
    let typed = text.filter { !$0.isWhitespace }
    let parts = typed.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0) }
    guard (1...2).contains(parts.count), let hour = parts[0], hour < 24 else { return .max }
    guard let rest = parts.count == 2 ? parts[1] : 0, rest < 60 else { return .max }
    return hour * 60 + rest
}
