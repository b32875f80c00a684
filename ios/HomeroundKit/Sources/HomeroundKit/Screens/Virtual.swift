import Foundation
import HomeroundCore

/// One thing that happened around a call.
public struct LobbyRow: Identifiable, Sendable {
    public let id: EntryId
    public let told: Words
    public let state: Words
    public let reason: Words?
    public let comment: String?

    init?(_ event: LobbyEvent, _ formats: Formats, _ zone: String) {
        guard let known = event.state else { return nil }
        id = event.id
        told = Words("lobby_told", event.by.name, formats.time(event.atMs, zone))
        state = chip(known).words
        reason = event.reason.map { words($0) }
        let said = [event.phone, event.comment].compactMap { $0 }.joined(separator: " · ")
        comment = said.isEmpty ? nil : said
    }
}

/// The call of a virtual visit.
public struct CallState: Sendable {
    /// What the patient said; none: nobody has asked.
    public let consent: Chip?
    /// Who said it, how, and who noted it when.
    public let consentTold: Words?
    public let state: Chip
    public let since: Words?
    /// Whether there is a link to join by.
    public let canJoin: Bool
    /// The number to fall back to, as it is written; none: nobody knows one.
    public let phone: String?
    /// What can be noted now; empty once the visit is over.
    public let steps: [LobbyStep]
    public let rows: [LobbyRow]
    /// Whether something can still be asked and noted.
    public let open: Bool

    init(_ call: VirtualVisit, _ status: VisitStatus, _ formats: Formats, _ zone: String) {
        let ended: [VisitStatus] = [.completed, .signed, .amended, .canceled, .missed]
        open = !ended.contains(status)
        consent = call.consent.map { consentChip($0.decision) }
        consentTold = call.consent.map { consentWords($0, formats, zone) }
        state = chip(call.state)
        since = call.sinceMs.map { Words("lobby_since", formats.time($0, zone)) }
        canJoin = call.canJoin
        phone = call.phone
        let now = stands(call.state)
        steps = open ? LobbyStep.allCases.filter { $0 != now } : []
        rows = call.lobby.compactMap { LobbyRow($0, formats, zone) }
    }
}

/// What the patient says to a virtual visit, while it is noted.
public struct ConsentEntry: Equatable, Sendable {
    public var representative = false
    public var name = ""
    public var written = false

    public init() {}

    /// A representative has a name.
    public var ready: Bool { !representative || !name.allSatisfy(\.isWhitespace) }

    func consent(_ given: Bool) -> NewConsent {
        NewConsent(
            decision: given ? .given : .declined, party: representative ? .representative : .patient,
            form: written ? .written : .spoken,
            name: representative ? name.trimmingCharacters(in: .whitespaces) : nil)
    }
}

/// Who can have told figures that nobody here measured.
public let tellers: [ReportedBy] = [.patient, .representative]

/// Who told a figure, in a person's words.
public func words(_ by: ReportedBy) -> Words { Words("reported_\(snake(by))") }

public func words(_ reason: FallbackReason) -> Words { Words("fallback_reason_\(snake(reason))") }

/// What a person notes.
public func words(_ step: LobbyStep) -> Words { Words("lobby_note_\(snake(step))") }

func chip(_ state: LobbyState) -> Chip {
    let words = Words("lobby_\(snake(state))")
    switch state {
    case .notBegun: return Chip(words, .quiet, .clock)
    case .waiting: return Chip(words, .active, .clock)
    case .inLobby: return Chip(words, .warning, .clock)
    case .joined: return Chip(words, .good, .video)
    case .byPhone: return Chip(words, .warning, .video)
    case .left: return Chip(words, .quiet, .check)
    }
}

/// What begins a virtual visit: nothing, until somebody agreed to it; and no way leads to it.
func begins(_ call: VirtualVisit) -> [Action] { call.consent?.decision == .given ? [.checkIn] : [] }

/// Who told a finding; none: it was measured.
func whoTold(_ one: VisitObservation) -> Words? {
    let by = one.measured.reportedBy ?? one.figures.lazy.compactMap(\.measured.reportedBy).first
    return by.map { words($0) }
}

/// What stands already need not be noted again.
private func stands(_ state: LobbyState) -> LobbyStep? {
    switch state {
    case .waiting: .waiting
    case .inLobby: .inLobby
    case .joined: .joined
    case .left: .left
    case .notBegun, .byPhone: nil
    }
}

private func consentChip(_ decision: ConsentDecision) -> Chip {
    let words = Words("consent_\(snake(decision))")
    switch decision {
    case .given: return Chip(words, .good, .check)
    case .declined: return Chip(words, .alarm, .cross)
    case .unknown: return Chip(words, .warning, .warning)
    }
}

private func consentWords(_ consent: Consent, _ formats: Formats, _ zone: String) -> Words {
    let how = consent.form == .written ? "written" : "spoken"
    let at = formats.moment(consent.atMs, zone)
    guard let name = consent.name else { return Words("consent_told_\(how)", consent.by.name, at) }
    return Words("consent_told_\(how)_by", name, consent.by.name, at)
}

extension VisitState {
    /// The form for the next set of vital signs. In a call, whose word it was stays: nobody there can measure.
    mutating func beginVitals() {
        let before = vitals
        vitals = VitalsForm()
        vitals.others = before.others
        if call != nil {
            vitals.reportedBy = before.reportedBy
            vitals.device = before.device
        }
    }
}

extension VisitModel {
    /// Joins the call: `open` hands the link to the system, and it is kept nowhere.
    @discardableResult
    public func join(_ open: @escaping @MainActor (URL) -> Void) -> Work {
        act { [self] in
            if let url = URL(string: try await visit.joinUrl()) { open(url) }
        }
    }

    /// Notes what the patient, or who decides for them, says to a virtual visit.
    @discardableResult
    public func consent(_ entry: ConsentEntry, given: Bool) -> Work {
        act { [self] in try await visit.recordConsent(entry.consent(given)) }
    }

    @discardableResult
    public func lobby(_ step: LobbyStep) -> Work { act { [self] in try await visit.noteLobby(step) } }

    /// Goes on by phone: `open` hands the number to the system.
    @discardableResult
    public func fallBack(
        _ reason: FallbackReason, comment: String, _ open: @escaping @MainActor (URL) -> Void
    ) -> Work {
        act { [self] in
            let back = try await visit.fallBackToPhone(PhoneFallback(reason: reason, comment: said(comment)))
            if let url = back.phoneUrl.flatMap({ URL(string: $0) }) { open(url) }
        }
    }

    /// Who told the figures; none: they were measured.
    public func chooseTeller(_ by: ReportedBy?) { changeVitals { $0.reportedBy = by } }

    public func typeDevice(_ text: String) { changeVitals { $0.device = text } }
}
