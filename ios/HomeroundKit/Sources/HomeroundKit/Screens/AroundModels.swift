import Foundation
import HomeroundCore

/// Unsent work of one document.
public struct UnsentRow: Identifiable, Sendable {
    public let id: Int
    public let title: Words
    public let patient: String
    public let edits: Words
    public let since: String
}

/// One thing that a quarantined edit wrote.
public struct WrittenRow: Identifiable, Sendable {
    public let id: Int
    public let name: Words
    public let text: String
}

/// An edit that could not stand, with what was entered by its name.
public struct QuarantineRow: Identifiable, Sendable {
    public let id: Int64
    public let code: Words
    public let field: Words?
    public let values: [WrittenRow]
    public let at: String
    public let open: Bool
    /// The patient left this phone: the office holds the edit, sealed.
    public let held: Bool
}

/// What the sync's screen shows.
public struct SyncScreenState: ScreenState {
    public var headline = Words("sync_all_sent")
    public var rows: [UnsentRow] = []
    public var photos = 0
    public var quarantine: [QuarantineRow] = []
    public var conflicts = 0
    public var busy = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// Is everything sent, and if not, what is left and why?
public final class SyncModel: Model<SyncScreenState> {
    private let phone: Homeround

    public init(_ phone: Homeround, _ formats: Formats, zone: String) {
        self.phone = phone
        super.init(SyncScreenState(), phone)
        follow(phone.sync.health) { state, health in
            let unsent = Int(clamping: health.unsent)
            state.headline = unsent == 0 ? Words("sync_all_sent") : .counted("sync_unsent", unsent)
            state.photos = Int(clamping: health.attachmentsUnsent)
            state.conflicts = health.conflicts.reduce(0) { $0 + Int(clamping: $1.open) }
            state.rows = health.documents.enumerated().map { at, one in
                UnsentRow(
                    id: at, title: title(one.document), patient: one.patientName,
                    edits: .counted("sync_edits", Int(clamping: one.edits)), since: formats.moment(one.oldestMs, zone))
            }
        }
        follow(phone.sync.quarantine) { state, edits in
            state.quarantine = edits.map { edit in
                let values = edit.values.enumerated().map { at, one in
                    WrittenRow(id: at, name: Words("value_\(one.name)"), text: one.text)
                }
                return QuarantineRow(
                    id: edit.id, code: quarantineWords(edit.code), field: edit.field.map(fieldWords), values: values,
                    at: formats.moment(edit.atMs, zone), open: edit.status == .open, held: edit.status == .heldByBackend)
            }
        }
    }

    /// Syncs; a phone that a restored backend does not know is made known to it first.
    @discardableResult
    public func now() -> Work {
        act { [self] in
            change { $0.busy = true }
            defer { change { $0.busy = false } }
            guard case .blocked(.enrolAgain, _) = try await phone.sync.now().ended else { return }
            try await phone.session.enrol()
            try await phone.sync.now()
        }
    }

    @discardableResult
    public func close(_ row: QuarantineRow, _ status: QuarantineStatus) -> Work {
        act { [self] in try await phone.sync.closeQuarantined(row.id, status: status) }
    }
}

private func title(_ document: DocumentRef) -> Words {
    switch document {
    case .visit: Words("document_visit")
    case .chart: Words("document_chart")
    case .plan: Words("document_plan")
    }
}

/// A hit of a search.
public struct SearchRow: Identifiable, Sendable {
    public let id: Int
    public let title: String
    public let kind: Words
    public let patient: PatientId?
    public let visit: VisitId?
}

/// What the search shows.
public struct SearchState: ScreenState {
    public var words = ""
    public var rows: [SearchRow] = []
    public var searched = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init() {}
}

/// Searching patients and notes, while typing.
public final class SearchModel: Model<SearchState> {
    private let phone: Homeround
    private var running: Work?

    public init(_ phone: Homeround) {
        self.phone = phone
        super.init(SearchState(), phone)
    }

    @discardableResult
    public func type(_ words: String) -> Work {
        change { $0.words = words }
        running?.cancel()
        let work = act { [self] in
            // Whoever types on is not held up by each letter.
            try await Task.sleep(for: .milliseconds(150))
            let blank = words.allSatisfy(\.isWhitespace)
            let found = blank ? [] : try await phone.search(words)
            try Task.checkCancellation()
            change {
                $0.rows = SearchModel.rows(found, words)
                $0.searched = !blank
            }
        }
        running = work
        return work
    }

    private static func rows(_ found: [Found], _ words: String) -> [SearchRow] {
        // A scanned code names a patient who need not be on this phone.
        if found.isEmpty, let code = UUID(uuidString: words.trimmingCharacters(in: .whitespaces)) {
            let id = code.uuidString.lowercased()
            return [SearchRow(id: 0, title: id, kind: Words("document_patient_code"), patient: id, visit: nil)]
        }
        return found.enumerated().map { at, one in
            switch one {
            case .patient(let patient, let name):
                return SearchRow(id: at, title: name, kind: Words("document_patient"), patient: patient, visit: nil)
            case .document(let document, let patient, let name):
                var visit: VisitId?
                if case .visit(let id) = document { visit = id }
                return SearchRow(id: at, title: name, kind: HomeroundKit.title(document), patient: patient, visit: visit)
            }
        }
    }
}

/// One's own numbers are of so many days, or of four times as many.
public let weekDays = 7

/// What the account's screen shows.
public struct AccountState: ScreenState {
    public var name = ""
    public var role: Words?
    public var unsent = 0
    /// Whether this device has a biometric sensor.
    public var sensor = false
    /// Whether the sensor opens this phone.
    public var sensorOn = false
    /// Of how many days up to today `numbers` are.
    public var numbersDays = weekDays
    /// What one's own visits came to, a line each.
    public var numbers: [Words] = []
    public var done: Words?
    public var busy = false
    public var network = chip(SyncState.idle(synced: false))
    public var problem: Problem?

    public init(sensor: Bool = false) { self.sensor = sensor }

    /// Whether signing out would be refused: what nobody else has stays.
    public var holdsWork: Bool { unsent > 0 }
}

/// Who works on this phone: one's own numbers, changing the PIN, locking, signing out. `left`: the phone is locked or wiped by now.
public final class AccountModel: Model<AccountState> {
    private let phone: Homeround
    private let left: @MainActor () -> Void
    private var numbers: Work?

    public init(_ phone: Homeround, sensor: Bool = false, left: @escaping @MainActor () -> Void) {
        self.phone = phone
        self.left = left
        super.init(AccountState(sensor: sensor), phone)
        follow(phone.sync.health) { $0.unsent = Int(clamping: $1.unsent + $1.attachmentsUnsent) }
        act { [self] in
            guard let me = try await phone.session.me() else { return }
            let sensorOn = try await phone.session.hasBiometric()
            change {
                $0.name = me.name
                $0.role = Words("role_\(snake(me.role))")
                $0.sensorOn = sensorOn
            }
        }
        showNumbers(weekDays)
    }

    /// One's own numbers of so many days up to today.
    @discardableResult
    public func showNumbers(_ days: Int) -> Work {
        act { [self] in
            let today = try await phone.today()
            numbers?.cancel()
            numbers = follow(phone.myNumbers(from: Formats.step(today, days: 1 - days), until: today)) {
                $0.numbersDays = days
                $0.numbers = numberWords($1)
            }
        }
    }

    /// Changes the PIN. Who forgot the `old` one leaves it empty and is asked at the sensor.
    @discardableResult
    public func changePin(old: String, new: String) -> Work {
        act { [self] in
            change {
                $0.busy = true
                $0.done = nil
            }
            let proof: Unlock = old.isEmpty && state.sensorOn ? .biometric : .pin(pin: old)
            try await phone.session.changePin(proof: proof, new: new)
            change {
                $0.busy = false
                $0.done = Words("account_pin_changed")
            }
        }
    }

    /// Lets the biometric sensor unlock this phone, or no longer.
    @discardableResult
    public func useSensor(_ on: Bool, pin: String) -> Work {
        act { [self] in
            change {
                $0.busy = true
                $0.done = nil
            }
            defer { change { $0.busy = false } }
            try await phone.session.setBiometric(on, pin: pin)
            change {
                $0.sensorOn = on
                $0.done = Words(on ? "account_sensor_is_on" : "account_sensor_is_off")
            }
        }
    }

    @discardableResult
    public func lock() -> Work {
        act { [self] in
            try await phone.session.lock()
            left()
        }
    }

    /// Sends what is left, then wipes the phone for good. Refused while something is unsent.
    @discardableResult
    public func signOut() -> Work {
        act { [self] in
            change { $0.busy = true }
            defer { change { $0.busy = false } }
            try await phone.sync.now()
            try await phone.session.signOut()
            left()
        }
    }
}
