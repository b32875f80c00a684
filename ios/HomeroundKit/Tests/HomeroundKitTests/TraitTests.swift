import Foundation
import HomeroundKit
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The platform's own HTTP, over URLSession.
private func http(_ request: HttpRequest) async throws -> HttpResponse {
    guard let url = URL(string: request.url) else { throw HttpError.Broken }
    var asked = URLRequest(url: url)
    asked.httpMethod = request.method
    asked.httpBody = request.body
    request.headers.forEach { asked.setValue($0.value, forHTTPHeaderField: $0.name) }
    let (data, response) = try await URLSession.shared.data(for: asked)
    guard let response = response as? HTTPURLResponse else { throw HttpError.Broken }
    let headers = response.allHeaderFields.map { HttpHeader(name: "\($0.key)", value: "\($0.value)") }
    return HttpResponse(status: UInt16(response.statusCode), headers: headers, body: data)
}

private final class Platform: HttpTransport, @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    var sent: Int { lock.withLock { count } }

    func send(request: HttpRequest) async throws -> HttpResponse {
        lock.withLock { count += 1 }
        return try await http(request)
    }
}

/// What the shell implements, when it goes well and when it goes wrong.
@Suite("Foreign traits", .serialized)
struct TraitTests {
    private let folder: Folder
    private let backend: Backend

    init() throws {
        folder = try Folder()
        backend = try Backend(folder)
    }

    @Test("a token source that throws, or asks for a sign-in, stops the network alone")
    func tokens() async throws {
        let site = try await backend.day()
        let test = TestPhone(folder, backend, "nina")
        let phone = try await test.ready()
        test.tokens.set { _ in throw Missing(description: "planted") }
        guard case .waiting(_, why: "token_unavailable") = try await phone.sync.now().ended else {
            throw Missing(description: "no token")
        }
        test.tokens.set { _ in throw SignInNeeded() }
        guard case .blocked(action: .signIn, _) = try await phone.sync.now().ended else {
            throw Missing(description: "sign in")
        }
        try await phone.visit(site.visit).checkIn()
        #expect(try await first(phone.sync.health).unsent == 1)
        test.tokens.set { [backend] _ in try await backend.token("nina") }
        #expect(try await phone.sync.now().sent == 1)
    }

    @Test("the platform's own HTTP carries a whole sync")
    func transport() async throws {
        let site = try await backend.day()
        let platform = Platform()
        let phone = try await TestPhone(folder, backend, "nina").open(http: platform)
        try await phone.session.create(pin: Backend.pin)
        try await phone.session.enrol()
        guard case .idle = try await phone.sync.now().ended else { throw Missing(description: "not in sync") }
        try await phone.visit(site.visit).checkIn()
        #expect(try await phone.sync.now().sent == 1)
        #expect(platform.sent >= 3)
    }

    @Test("a courier hands out every request and takes every answer")
    func courier() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        try await phone.visit(site.visit).checkIn()
        let courier = try await phone.sync.courier()
        var requests = 0
        var report: SyncReport?
        while report == nil {
            switch try courier.nextRequest() {
            case .token(let id, _): try courier.token(id: id, token: try await backend.token("nina"))
            case .send(let id, let request):
                requests += 1
                try courier.deliver(id: id, response: try await http(request))
            case .outstanding: throw Missing(description: "nothing is left outstanding")
            case .rest(let told, _): report = told
            }
        }
        #expect(report?.sent == 1)
        #expect(requests >= 2)
        #expect(try await first(phone.sync.health).unsent == 0)
    }

    @Test("a URLSession carries a whole sync, and leaves no body behind")
    func session() async throws {
        let site = try await backend.day()
        let phone = try await TestPhone(folder, backend, "nina").ready()
        try await phone.visit(site.visit).checkIn()
        let bodies = URL(fileURLWithPath: folder.path("bodies"))
        try FileManager.default.createDirectory(at: bodies, withIntermediateDirectories: true)
        try Data("left by a killed app".utf8).write(to: bodies.appendingPathComponent("old"))
        let backend = backend
        let courier = try SessionCourier(
            phone, tokens: { _ in try await backend.token("nina") }, configuration: .ephemeral, folder: bodies)
        let report = try await courier.run()
        #expect(report.sent == 1 && report.ended == .idle(synced: true))
        #expect(try await first(phone.sync.health).unsent == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bodies.path).isEmpty)
        backend.stop()
        try await phone.visit(site.visit).takeBreak()
        let offline = try await courier.run()
        guard case .waiting = offline.ended else { throw Missing(description: "it waits for the network") }
        #expect(offline.sent == 0)
        #expect(try await first(phone.sync.health).unsent == 1)
        courier.close()
    }

    @Test("ten thousand objects and ten thousand async calls leave memory and handles as they were")
    func leaks() async throws {
        let test = TestPhone(folder, backend, "nina")
        test.tokens.set { _ in throw SignInNeeded() }
        let phone = try await test.open()
        try await phone.session.create(pin: Backend.pin)
        func round(_ times: Int) async throws {
            for _ in 0..<times {
                _ = try phone.visit("0192f0c1-2b7e-7c3a-9d7e-1f2a3b4c5d6e")
                // A foreign call, an error and a future each.
                _ = try? await phone.session.enrol()
            }
        }
        try await round(10_000)
        let (memory, files) = (try residentKib(), try openFiles())
        try await round(10_000)
        let grown = try residentKib() - memory
        print("leak: 10000 objects and 10000 async calls grew resident memory by \(grown) KiB")
        // An object or a future that stayed would be at least 100 bytes each: 2 MiB.
        #expect(grown < 2_048)
        #expect(try openFiles() <= files)
    }

    @Test("what a call costs is told")
    func overhead() async throws {
        let phone = try await TestPhone(folder, backend, "nina").open()
        try await phone.session.create(pin: Backend.pin)
        let core = try HomeroundCore.SoftwareVault.open(folder: folder.path("overhead"))
        func nanoseconds(_ work: () throws -> Void) rethrows -> Double {
            let clock = ContinuousClock()
            for _ in 0..<20_000 { try work() }
            let took = try clock.measure { for _ in 0..<20_000 { try work() } }
            return Double(took.components.attoseconds) / 1e9 / 20_000
        }
        let failing = nanoseconds { _ = try? core.unwrap(label: "none", wrapped: Data()) }
        print("overhead: a call with two arguments that fails takes \(failing / 1000) us")
        #expect(failing > 0)
    }

    private func residentKib() throws -> Int {
        #if os(Linux)
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return Int(line?.filter(\.isNumber) ?? "") ?? 0
        #else
            return 0
        #endif
    }

    private func openFiles() throws -> Int {
        #if os(Linux)
            return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        #else
            return 0
        #endif
    }
}
