import HomeroundCore

/// PIN, enrolment, locking, signing out.
public final class Session: Sendable {
    private let core: HomeroundCore.Session
    private let worker: Worker

    init(core: HomeroundCore.Session, worker: Worker) {
        self.core = core
        self.worker = worker
    }

    /// What a person has to do before work can go on.
    public func state() async throws -> SessionState { try await worker.read { [core] in try core.state() } }

    /// Makes the keys and the encrypted store of a new phone and leaves it unlocked.
    public func create(pin: String, biometric: Bool = false) async throws {
        try await worker.write { [core] in try core.create(pin: pin, biometric: biometric) }
    }

    /// Unlocks, by PIN or by the biometric sensor.
    public func unlock(_ with: Unlock) async throws { try await worker.write { [core] in try core.unlock(with: with) } }

    /// Forgets the keys and closes the store. What is unsent stays, encrypted.
    public func lock() async throws { try await worker.write { [core] in try core.lock() } }

    /// Who works on this phone; none until it is enrolled.
    public func me() async throws -> Me? { try await worker.read { [core] in try core.me() } }

    /// Enrols this device for the person of the access token. Asking again changes nothing.
    @discardableResult
    public func enrol() async throws -> Me { try await core.enrol() }

    /// Changes the PIN, proven by the old one or, for who forgot it, by the biometric sensor.
    public func changePin(proof: Unlock, new: String) async throws {
        try await worker.write { [core] in try core.changePin(proof: proof, new: new) }
    }

    /// Whether the biometric sensor unlocks this phone. Known while locked.
    public func hasBiometric() async throws -> Bool { try await worker.read { [core] in try core.hasBiometric() } }

    /// Lets the biometric sensor unlock this phone, or no longer. Needs the PIN once more.
    public func setBiometric(_ on: Bool, pin: String) async throws {
        try await worker.write { [core] in try core.setBiometric(on: on, pin: pin) }
    }

    /// Before the platform suspends the app.
    public func settleDown() async throws { try await worker.write { [core] in try core.settleDown() } }

    /// Seals everything unsent to the organisation. It stays unsent here.
    public func escrow() async throws -> Escrow { try await worker.write { [core] in try core.escrow() } }

    /// Wipes the phone for good. Refused while work is unsent that nobody else has.
    public func signOut(escrowed: EscrowReceipt? = nil) async throws {
        try await worker.write { [core] in try core.signOut(escrowed: escrowed) }
    }

    /// After `Damaged`: sets the damaged store aside and takes what is unsent into a fresh one.
    @discardableResult
    public func recover(_ with: Unlock) async throws -> Recovery {
        try await worker.write { [core] in try core.recover(with: with) }
    }
}
