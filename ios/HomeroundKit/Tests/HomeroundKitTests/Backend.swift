import Foundation
import HomeroundKit

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What a test needs is not there.
struct Missing: Error, CustomStringConvertible {
    let description: String
}

func environment(_ name: String) throws -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else {
        throw Missing(description: "\(name) is not set: run the tests by `cargo xtask swift`")
    }
    return value
}

/// A folder that is gone after the test.
final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("homeround-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// Who and what a tenant of a test has.
struct Site {
    let patient: String
    let nurse: String
    let therapist: String
    let visit: String
}

/// The end of a process. Waiting for it by `waitUntilExit` needs the run loop of the thread that started it.
private final class Ended: @unchecked Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    init(_ process: Process) {
        process.terminationHandler = { [semaphore] _ in semaphore.signal() }
    }

    func wait() { semaphore.wait() }
}

/// A real server process with its encrypted store, its built-in issuer, and what its office does.
final class Backend: @unchecked Sendable {
    static let tenant = "willow-creek"
    static let coordinator = "dana@willow.example"
    static let pin = "402913"
    static let zone = "America/New_York"

    private let folder: Folder
    private let lock = NSLock()
    private var process: (Process, Ended)?
    private var address = ""

    var url: String { lock.withLock { address } }

    init(_ folder: Folder) throws {
        self.folder = folder
        let config = """
            [server]
            listen = "127.0.0.1:0"
            [database]
            path = "\(folder.path("server.sqlite"))"
            key_file = "\(folder.path("server.key"))"
            [auth]
            mode = "development"
            audience = "homeround"
            """
        try config.write(toFile: folder.path("server.toml"), atomically: true, encoding: .utf8)
        let made = try program(["init", "--tenant", Backend.tenant, "--coordinator", Backend.coordinator])
        let ended = Ended(made)
        try made.run()
        ended.wait()
        guard made.terminationStatus == 0 else { throw Missing(description: "the server's store can't be made") }
        try start()
    }

    deinit {
        stop()
    }

    private func program(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try environment("HOMEROUND_BIN")).appendingPathComponent(
            "homeround-server")
        process.arguments = [arguments[0], "--config", folder.path("server.toml")] + arguments.dropFirst()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    /// Starts serving on a free port.
    func start() throws {
        let served = try program(["serve", "--development", "--print-address"])
        let said = Pipe()
        let ended = Ended(served)
        served.standardOutput = said
        try served.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = said.fileHandleForReading.availableData
            if more.isEmpty { throw Missing(description: "the server said nothing") }
            line.append(more)
        }
        let text = String(decoding: line, as: UTF8.self).split(separator: "\n").first ?? ""
        lock.withLock {
            process = (served, ended)
            address = text.replacingOccurrences(of: "listening ", with: "").trimmingCharacters(in: .whitespaces)
        }
    }

    /// Stops serving at once: phones are offline from here on. A process that a worker thread starts on Linux
    /// inherits its blocked signals and would not hear a milder one.
    func stop() {
        let served = lock.withLock {
            defer { process = nil }
            return process
        }
        guard let (process, ended) = served else { return }
        kill(process.processIdentifier, SIGKILL)
        ended.wait()
    }

    /// Copies the store of a backend that is stopped.
    func backUp(_ to: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path(to), withIntermediateDirectories: true)
        for name in stored() {
            try FileManager.default.copyItem(atPath: folder.path(name), toPath: folder.path("\(to)/\(name)"))
        }
    }

    /// Puts a copy back, as an operator does by hand: what lies beside the store and is in no backup stays.
    func putBack(_ from: String) throws {
        for name in stored() { try FileManager.default.removeItem(atPath: folder.path(name)) }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path(from)) {
            try FileManager.default.copyItem(atPath: folder.path("\(from)/\(name)"), toPath: folder.path(name))
        }
    }

    private func stored() -> [String] {
        ["server.sqlite", "server.sqlite-wal"].filter { FileManager.default.fileExists(atPath: folder.path($0)) }
    }

    /// A token of the built-in issuer for this login.
    func token(_ login: String) async throws -> String {
        let answer = try await call("POST", "/development/token", ["tenant": Backend.tenant, "login": login], token: nil)
        return try text(answer, "access_token")
    }

    /// Adds somebody to the directory.
    func hire(_ login: String, _ name: String, _ role: String) async throws -> String {
        try text(try await office("/v1/admin/people", ["login": login, "name": name, "role": role]), "person")
    }

    /// Books a visit of today, from this hour on.
    func book(_ patient: String, _ people: [String], hour: Int, tasks: [String] = []) async throws -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: Backend.zone) ?? .current
        guard let start = calendar.date(bySettingHour: hour, minute: 0, second: 0, of: Date()) else {
            throw Missing(description: "no such hour")
        }
        let startMs = Int64(start.timeIntervalSince1970 * 1000)
        let booking: [String: Any] = [
            "patient": patient, "assignees": people, "start_ms": startMs, "end_ms": startMs + 3_600_000,
            "service": ["text": "Skilled nursing"], "time_zone": Backend.zone,
            "tasks": tasks.map { ["title": $0, "required": true] as [String: Any] },
        ]
        return try text(try await office("/v1/admin/bookings", booking), "visit")
    }

    /// Turns a booked visit of today into a virtual one, with a link and the patient's number.
    func makeVirtual(_ site: Site, link: String, phone: String) async throws {
        let startMs = Int64(Date().timeIntervalSince1970 * 1000)
        let call: [String: Any] = ["join_link": link, "phone": phone]
        let booking: [String: Any] = [
            "visit": site.visit, "patient": site.patient, "assignees": [site.nurse, site.therapist],
            "start_ms": startMs, "end_ms": startMs + 3_600_000, "service": ["text": "Skilled nursing"],
            "time_zone": Backend.zone, "virtual_visit": call,
        ]
        _ = try await office("/v1/admin/bookings", booking)
    }

    /// Four homes along one street, booked to and fro: visits of half an hour, tomorrow, at any time between nine and
    /// three. Answers the day and the visits.
    func street(_ east: [Double]) async throws -> (String, [String]) {
        let manager = try await token(Backend.coordinator)
        let entries = east.enumerated().map { at, km in
            let id = "5a000000-0000-4000-8000-0000000001\(at)\(at)"
            let place = """
                {"url":"http://hl7.org/fhir/StructureDefinition/geolocation","extension":[
                {"url":"latitude","valueDecimal":42.0},{"url":"longitude","valueDecimal":\(-71 + km / 82.6)}]}
                """
            return """
                {"fullUrl":"urn:uuid:\(id)","resource":{"resourceType":"Patient","id":"\(id)",
                "name":[{"family":"Street\(at)","given":["Test"]}],
                "address":[{"line":["\(at) Long Street"],"city":"Boston","extension":[\(place)]}]}}
                """
        }
        let bundle = #"{"resourceType":"Bundle","type":"collection","entry":["# + entries.joined(separator: ",") + "]}"
        let path = "/v1/admin/import?time_zone=America%2FNew_York"
        _ = try await send("POST", path, Data(bundle.utf8), manager, "application/fhir+json")
        let nurse = try await hire("nina", "Nina Alvarez", "nurse")
        let listed = try await send("GET", "/v1/admin/patients", nil, manager, "application/json")
        let patients = try JSONSerialization.jsonObject(with: listed) as? [[String: Any]] ?? []
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: Backend.zone) ?? .current
        let tomorrow = Date().addingTimeInterval(86_400)
        guard let start = calendar.date(bySettingHour: 9, minute: 0, second: 0, of: tomorrow) else {
            throw Missing(description: "no such hour")
        }
        let startMs = Int64(start.timeIntervalSince1970 * 1000)
        var visits: [String] = []
        for at in east.indices {
            guard let patient = patients.first(where: { $0["name"] as? String == "Test Street\(at)" })?["id"] as? String else {
                throw Missing(description: "no patient \(at)")
            }
            let booking: [String: Any] = [
                "patient": patient, "assignees": [nurse], "start_ms": startMs, "end_ms": startMs + 6 * 3_600_000,
                "visit_minutes": 30, "service": ["text": "Skilled nursing"], "time_zone": Backend.zone,
            ]
            visits.append(try text(try await office("/v1/admin/bookings", booking), "visit"))
        }
        let parts = calendar.dateComponents([.year, .month, .day], from: start)
        return (String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0), visits)
    }

    /// Hands in a bundle of the fixtures.
    func importFixture(_ name: String) async throws {
        let fixture = try environment("HOMEROUND_ROOT") + "/tests/fixtures/fhir/\(name)"
        let bundle = try Data(contentsOf: URL(fileURLWithPath: fixture))
        let manager = try await token(Backend.coordinator)
        _ = try await send("POST", "/v1/admin/import?time_zone=America%2FNew_York", bundle, manager, "application/fhir+json")
    }

    /// A tenant with the fixture's patients, a nurse `nina` and a therapist `theo`, and a visit of today by both.
    func day() async throws -> Site {
        try await importFixture("collection.json")
        let manager = try await token(Backend.coordinator)
        let nurse = try await hire("nina", "Nina Alvarez", "nurse")
        let therapist = try await hire("theo", "Theo Lindqvist", "therapist")
        let listed = try await send("GET", "/v1/admin/patients", nil, manager, "application/json")
        let patients = try JSONSerialization.jsonObject(with: listed)
        let all = (patients as? [[String: Any]]) ?? ((patients as? [String: Any])?["patients"] as? [[String: Any]]) ?? []
        guard let patient = all.first(where: { $0["deceased"] as? Bool == false })?["id"] as? String else {
            throw Missing(description: "no living patient")
        }
        let visit = try await book(patient, [nurse, therapist], hour: 9, tasks: ["Change the dressing", "Weigh"])
        return Site(patient: patient, nurse: nurse, therapist: therapist, visit: visit)
    }

    /// Ends every access of a person to a patient.
    func endAccess(_ person: String, _ patient: String) async throws {
        _ = try await office("/v1/admin/grants/end", ["person": person, "patient": patient])
    }

    private func office(_ path: String, _ body: [String: Any]) async throws -> [String: Any] {
        try await call("POST", path, body, token: try await token(Backend.coordinator))
    }

    private func call(_ method: String, _ path: String, _ body: [String: Any], token: String?) async throws -> [String: Any] {
        let sent = try JSONSerialization.data(withJSONObject: body)
        let answer = try await send(method, path, sent, token, "application/json")
        return (try? JSONSerialization.jsonObject(with: answer) as? [String: Any]) ?? [:]
    }

    private func send(_ method: String, _ path: String, _ body: Data?, _ token: String?, _ type: String) async throws -> Data {
        guard let url = URL(string: url + path) else { throw Missing(description: "no url for \(path)") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body
        request.setValue(type, forHTTPHeaderField: "content-type")
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "authorization") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard (200..<300).contains(status) else {
            throw Missing(description: "\(method) \(path): \(status) \(String(decoding: data, as: UTF8.self))")
        }
        return data
    }

    private func text(_ answer: [String: Any], _ name: String) throws -> String {
        guard let value = answer[name] as? String else { throw Missing(description: "no \(name)") }
        return value
    }
}

/// What a phone's sign-in answers; a test changes it.
final class Tokens: @unchecked Sendable {
    private let lock = NSLock()
    private var answer: @Sendable (Bool) async throws -> String

    init(_ answer: @escaping @Sendable (Bool) async throws -> String) {
        self.answer = answer
    }

    func set(_ answer: @escaping @Sendable (Bool) async throws -> String) { lock.withLock { self.answer = answer } }

    func ask(_ refresh: Bool) async throws -> String { try await lock.withLock { answer }(refresh) }
}

/// A phone on a folder of its own, and the token that it would get.
struct TestPhone {
    let folder: Folder
    let backend: Backend
    let login: String
    let tokens: Tokens

    init(_ folder: Folder, _ backend: Backend, _ login: String) {
        self.folder = folder
        self.backend = backend
        self.login = login
        tokens = Tokens { _ in try await backend.token(login) }
    }

    var config: OpenConfig {
        OpenConfig(
            folder: folder.path("\(login)/phone"), backendUrl: backend.url, deviceLabel: "Phone of \(login)",
            timeZone: Backend.zone)
    }

    func vault() throws -> any KeyVault { try SoftwareVault.open(folder: folder.path("\(login)/keys")) }

    func open(_ vault: (any KeyVault)? = nil, http: (any HttpTransport)? = nil) async throws -> Homeround {
        let tokens = tokens
        return try await Homeround.open(
            config, vault: try vault ?? self.vault(), tokens: { try await tokens.ask($0) }, http: http)
    }

    /// Created, enrolled and synced.
    func ready(_ vault: (any KeyVault)? = nil) async throws -> Homeround {
        let phone = try await open(vault)
        try await phone.session.create(pin: Backend.pin)
        try await phone.session.enrol()
        try await phone.sync.now()
        return phone
    }
}

/// Milliseconds since 1970.
func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

/// Waits in real time until a screen shows something.
@MainActor
func until(_ what: String, _ seen: () -> Bool) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(60)
    while !seen() {
        if clock.now > end { throw Missing(description: "not seen: \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// The first value of a sequence that fits; a test that waits too long fails.
func first<Value: Sendable>(
    _ live: Live<Value>, within seconds: Double = 60, where fits: @escaping @Sendable (Value) -> Bool = { _ in true }
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask {
            for try await value in live where fits(value) { return value }
            throw Missing(description: "the sequence ended")
        }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw Missing(description: "nothing that fits came")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw Missing(description: "nothing came") }
        return value
    }
}
