import HomeroundCore

/// The phone in a patient's hands: the survey of which visit, and the language that it begins in.
public struct Loan: Sendable {
    public let desk: SurveyDesk
    public let visit: VisitId
    public let language: String
}

/// What the lock screen shows.
public struct LockState: ScreenState {
    public var session: SessionState?
    public var pin = ""
    /// Whether the biometric sensor opens this phone.
    public var sensor = false
    /// What a phone that is lent asks; nil: it is not lent, or whoever draws it came up after it was.
    public var loan: Loan?
    /// The visit to go on with, once a phone that was lent is back.
    public var resume: VisitId?
    public var busy = false
    public var network = chip(.idle(synced: false))
    public var problem: Problem?

    public init() {}

    private var step: String {
        switch session {
        case .new: "choose_pin"
        case .notEnrolled: "sign_in"
        case .lent: "lent"
        default: "unlock"
        }
    }

    /// What a person is asked for.
    public var title: Words { Words("lock_\(step)") }

    /// What stands below the title.
    public var hint: Words { Words("lock_\(step)_hint") }

    /// Whether digits are asked for.
    public var asksPin: Bool { session == .new || shut }

    /// Whether the sensor can be used in place of the digits.
    public var offersSensor: Bool { shut && sensor && !busy }

    private var shut: Bool { session == .locked || session == .lent }

    /// Whether going on makes sense.
    public var ready: Bool { !busy && (!asksPin || pin.count >= 6) }
}

/// Choosing a PIN, unlocking, enrolling, and a phone that is lent.
public final class LockModel: Model<LockState> {
    private let phone: Homeround

    public init(_ phone: Homeround) {
        self.phone = phone
        super.init(LockState(), phone)
        lookAgain()
    }

    public func digit(_ digit: Int) {
        change {
            guard $0.pin.count < 64 else { return }
            $0.pin += "\(digit)"
            $0.problem = nil
        }
    }

    public func erase() { change { $0.pin = String($0.pin.dropLast()) } }

    @discardableResult
    public func proceed() -> Work {
        let now = state
        return busily { [phone] in
            switch now.session {
            case .new: try await phone.session.create(pin: now.pin)
            case .notEnrolled:
                try await phone.session.enrol()
                try await phone.sync.now()
            default: try await phone.session.unlock(.pin(pin: now.pin))
            }
        }
    }

    /// Unlocks by the biometric sensor. Who turns it down is where they were.
    @discardableResult
    public func bySensor() -> Work {
        busily { [phone] in
            do {
                try await phone.session.unlock(.biometric)
            } catch HomeroundError.Cancelled {}
        }
    }

    /// From here on the phone is the patient's, until it is unlocked.
    public func lend(_ loan: Loan) {
        change {
            $0.session = .lent
            $0.loan = loan
            $0.pin = ""
            $0.problem = nil
        }
        lookAgain()
    }

    private func busily(_ work: @escaping @MainActor () async throws -> Void) -> Work {
        act { [self] in
            change { $0.busy = true }
            let ended: Result<Void, any Error>
            do {
                ended = .success(try await work())
            } catch {
                ended = .failure(error)
            }
            change {
                $0.pin = ""
                $0.busy = false
            }
            // Even after a failure: a sensor whose key is void is offered no more.
            try await look()
            try ended.get()
        }
    }

    /// Looks again where the phone stands: after it was locked, or came back to the front.
    @discardableResult
    public func lookAgain() -> Work { act { [self] in try await look() } }

    private func look() async throws {
        let session = try await phone.session.state()
        let sensor = try await phone.session.hasBiometric()
        change {
            $0.session = session
            $0.sensor = sensor
            $0.resume = session == .ready ? $0.loan?.visit ?? $0.resume : nil
            if session != .lent { $0.loan = nil }
        }
    }
}
