import Foundation
import HomeroundKit
import Testing

/// Runs something that has to fail, and gives the error of the core.
func failure(_ work: () async throws -> some Any) async throws -> HomeroundError {
    do {
        _ = try await work()
    } catch let error as HomeroundError {
        return error
    }
    throw Missing(description: "it did not fail")
}

/// A secure element on which something is wrong.
class Wrapped: KeyVault, @unchecked Sendable {
    private let inner: any KeyVault
    var wrong = false

    init(_ inner: any KeyVault) {
        self.inner = inner
    }

    func wrap(label: String, plaintext: Data) throws -> Data { try inner.wrap(label: label, plaintext: plaintext) }
    func unwrap(label: String, wrapped: Data) throws -> Data { try inner.unwrap(label: label, wrapped: wrapped) }
    func store(label: String, secret: Data) throws { try inner.store(label: label, secret: secret) }
    func load(label: String) throws -> Data? { try inner.load(label: label) }
    func destroy(label: String) throws { try inner.destroy(label: label) }
    func counterGet(label: String) throws -> UInt64 { try inner.counterGet(label: label) }
    func counterSet(label: String, value: UInt64) throws { try inner.counterSet(label: label, value: value) }
    func counterIncrement(label: String) throws -> UInt64 { try inner.counterIncrement(label: label) }
}

/// The offline lease is used up.
private final class UsedUp: Wrapped, @unchecked Sendable {
    override func counterGet(label: String) throws -> UInt64 {
        if wrong, label.contains("lease") { return UInt64(Int64.max / 2) }
        return try super.counterGet(label: label)
    }
}

/// Calls fail with something that no trait speaks of.
private final class Broken: Wrapped, @unchecked Sendable {
    override func unwrap(label: String, wrapped: Data) throws -> Data {
        if wrong { throw Missing(description: "planted") }
        return try super.unwrap(label: label, wrapped: wrapped)
    }
}

/// Every error says what to do next.
@Suite("Errors", .serialized)
struct ErrorTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("a value out of range names its field and its limit, and a wrong step both ends")
    func refused() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        let visit = try phone.visit(site.visit)
        let pulse = try await failure { try await visit.recordVitals(Vitals(pulseBpm: 900), measuredAtMs: now()) }
        #expect(pulse == .Refused(field: "pulse_bpm", limit: "20..=300 per minute"))
        #expect(try await failure { try await visit.takeBreak() } == .Step(from: .scheduled, to: .onBreak))
        try await visit.checkIn()
        guard case .Refused(field: "tasks", _) = try await failure({ try await visit.complete() }) else {
            throw Missing(description: "an open task that is required")
        }
        let task = try await visit.read().tasks[0].id
        guard
            case .Refused(field: "reason", _) = try await failure({
                try await visit.setTask(task, TaskOutcome(status: .notDone))
            })
        else { throw Missing(description: "a reason is needed") }
        let unknown = try phone.visit("0192f0c1-2b7e-7c3a-9d7e-1f2a3b4c5d6e")
        guard case .NotFound = try await failure({ try await unknown.read() }) else { throw Missing(description: "NotFound") }
        guard case .Refused(field: "id", _) = try await failure({ try phone.visit("not an id") }) else {
            throw Missing(description: "an id that is none")
        }
    }

    @Test("locked, wrong PIN, not enrolled and no sensor")
    func session() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").open()
        #expect(try await phone.session.state() == .new)
        guard case .Refused(field: "pin", _) = try await failure({ try await phone.session.create(pin: "123456") }) else {
            throw Missing(description: "a run of digits is no PIN")
        }
        try await phone.session.create(pin: Backend.pin)
        #expect(try await failure { try await first(phone.day("2026-03-04")) } == .NotEnrolled)
        #expect(try await failure { try await phone.sync.now() } == .NotEnrolled)
        try await phone.session.lock()
        #expect(try await failure { try await phone.visit(site.visit).read() } == .Locked)
        guard case .WrongPin(let left, _) = try await failure({ try await phone.session.unlock(.pin(pin: "774120")) }) else {
            throw Missing(description: "WrongPin")
        }
        #expect(left > 0)
        guard case .Refused(field: "unlock", _) = try await failure({ try await phone.session.unlock(.biometric) }) else {
            throw Missing(description: "no sensor was set up")
        }
    }

    @Test("an unknown login and a role that may not sign are not allowed, and a server that is gone is tried again")
    func notAllowed() async throws {
        let site = try await backend.day()
        let stranger = try await TestPhone(folder, backend, "nobody").open()
        try await stranger.session.create(pin: Backend.pin)
        guard case .NotAllowed(rule: "person_unknown", _) = try await failure({ try await stranger.session.enrol() }) else {
            throw Missing(description: "a login that nobody has")
        }
        let aide = try await backend.hire("aida", "Aida Moreau", "aide")
        let visit = try await backend.book(site.patient, [aide], hour: 11)
        let hers = try await TestPhone(folder, backend, "aida").ready().visit(visit)
        try await hers.checkIn()
        try await hers.complete()
        guard case .NotAllowed = try await failure({ try await hers.sign(.pin(pin: Backend.pin)) }) else {
            throw Missing(description: "an aide does not sign")
        }
        let nina = TestPhone(folder, backend, "nina")
        let phone = try await nina.open()
        try await phone.session.create(pin: Backend.pin)
        let token = try await backend.token("nina")
        nina.tokens.set { _ in token }
        backend.stop()
        guard case .Retry = try await failure({ try await phone.session.enrol() }) else { throw Missing(description: "Retry") }
    }

    @Test("a damaged store says so, is set aside and not deleted, and work goes on")
    func damaged() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        try await phone.visit(site.visit).checkIn()
        try await phone.session.settleDown()
        try await phone.session.lock()
        let store = URL(fileURLWithPath: folder.path("nina/phone/homeround.sqlite"))
        var bytes = try Data(contentsOf: store)
        // Every page but the first.
        for at in stride(from: 4096 + 100, to: bytes.count, by: 4096) { bytes[at] ^= 0x55 }
        try bytes.write(to: store)
        let pin = Unlock.pin(pin: Backend.pin)
        let failed = try await failure {
            try await phone.session.unlock(pin)
            return try await phone.visit(site.visit).read()
        }
        guard case .Damaged = failed else { throw Missing(description: "\(failed)") }
        let recovery = try await phone.session.recover(pin)
        #expect(FileManager.default.fileExists(atPath: recovery.setAside))
        try await phone.session.enrol()
        try await phone.sync.now()
        try await phone.visit(site.visit).setOutcome("Done")
        #expect(try await phone.sync.now().rejected == 0)
    }

    @Test("a phone that was offline too long shows nothing until it has synced")
    func leaseEnded() async throws {
        let site = try await backend.day()
        let test = TestPhone(folder, backend, "nina")
        let vault = UsedUp(try test.vault())
        let phone = try await test.open(vault)
        try await phone.session.create(pin: Backend.pin)
        try await phone.session.enrol()
        try await phone.sync.now()
        try await phone.session.lock()
        vault.wrong = true
        try await phone.session.unlock(.pin(pin: Backend.pin))
        let visit = try phone.visit(site.visit)
        #expect(try await failure { try await visit.read() } == .LeaseEnded)
        vault.wrong = false
        try await phone.sync.now()
        #expect(try await visit.read().status == .scheduled)
    }

    @Test("a run that is called off says so, and so does one whose task is cancelled")
    func cancelled() async throws {
        let site = try await backend.day()
        let test = TestPhone(folder, backend, "nina")
        let phone = try await test.ready()
        try await phone.visit(site.visit).checkIn()
        test.tokens.set { _ in
            try await Task.sleep(for: .seconds(60))
            return ""
        }
        let run = Task { try await phone.sync.now() }
        try await Task.sleep(for: .milliseconds(200))
        try await phone.sync.cancel()
        #expect(try await failure { try await run.value } == .Cancelled)
        let other = Task { try await phone.sync.now() }
        try await Task.sleep(for: .milliseconds(200))
        other.cancel()
        #expect(try await failure { try await other.value } == .Cancelled)
        // Writing was never held up.
        try await phone.visit(site.visit).setOutcome("Done")
        test.tokens.set { [backend] _ in try await backend.token("nina") }
        #expect(try await phone.sync.now().sent == 2)
    }

    @Test("a full disk says that nothing was saved, and the work goes on once there is room", .enabled(if: FullDisk.available))
    func fullDisk() async throws {
        let site = try await backend.day()
        let visit = try await TestPhone(folder, backend, "nina").ready().visit(site.visit)
        try FullDisk.begin()
        defer { FullDisk.end() }
        guard case .StorageFull(let needed) = try await failure({ try await visit.setOutcome("Done") }) else {
            throw Missing(description: "StorageFull")
        }
        #expect(needed > 0)
        #expect(try await visit.read().outcome == nil)
        FullDisk.end()
        try await visit.setOutcome("Done")
        #expect(try await visit.read().outcome == "Done")
    }

    @Test("a keyfile of a later version asks for an update")
    func laterVersion() async throws {
        let test = TestPhone(folder, backend, "nina")
        let keys = try test.vault()
        try await test.open(keys).session.create(pin: Backend.pin)
        let phoneFolder = folder.path("nina/phone")
        let keyfiles = try FileManager.default.contentsOfDirectory(atPath: phoneFolder).filter { $0.contains("key") }
        #expect(!keyfiles.isEmpty)
        for name in keyfiles { try Data(repeating: 7, count: 64).write(to: URL(fileURLWithPath: phoneFolder + "/" + name)) }
        switch try await failure({ try await test.open(keys) }) {
        case .Damaged, .UpdateApp: break
        case let other: throw Missing(description: "\(other)")
        }
    }

    @Test("a vault that throws what no trait speaks of leaves the phone locked and whole")
    func brokenVault() async throws {
        let test = TestPhone(folder, backend, "nina")
        let vault = Broken(try test.vault())
        let phone = try await test.open(vault)
        try await phone.session.create(pin: Backend.pin)
        try await phone.session.lock()
        vault.wrong = true
        #expect(try await failure { try await phone.session.unlock(.pin(pin: Backend.pin)) } == .Failed(code: "hardware"))
        vault.wrong = false
        try await phone.session.unlock(.pin(pin: Backend.pin))
        #expect(try await phone.session.state() == .notEnrolled)
    }

    @Test("a phone that a restored backend forgot is made known again by its screen and sends everything again")
    @MainActor
    func forgotten() async throws {
        let site = try await backend.day()
        backend.stop()
        try backend.backUp("backup")
        try backend.start()
        let test = TestPhone(folder, backend, "nina")
        let keys = try test.vault()
        do {
            let before = try await test.ready(keys)
            try await before.visit(site.visit).setOutcome("Done")
            #expect(try await before.sync.now().sent == 1)
        }
        backend.stop()
        try backend.putBack("backup")
        try backend.start()
        let phone = try await test.open(keys)
        try await phone.session.unlock(.pin(pin: Backend.pin))
        let model = SyncModel(phone, Formats(Locale(identifier: "en_US")), zone: Backend.zone)
        guard case .blocked(.enrolAgain, _) = try await phone.sync.now().ended else {
            throw Missing(description: "the backend knows the phone")
        }
        await model.now().value
        #expect(model.state.problem == nil)
        let theo = try await TestPhone(folder, backend, "theo").ready()
        #expect(try await theo.visit(site.visit).read().outcome == "Done")
    }
}

/// A disk that is full for a while: the library that the test run preloads looks for a file.
enum FullDisk {
    private static let flag = ProcessInfo.processInfo.environment["HOMEROUND_FULL_DISK"]

    static var available: Bool { flag != nil }

    static func begin() throws {
        guard let flag, FileManager.default.createFile(atPath: flag, contents: nil) else {
            throw Missing(description: "no full disk")
        }
    }

    static func end() {
        if let flag { try? FileManager.default.removeItem(atPath: flag) }
    }
}
