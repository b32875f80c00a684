import Foundation
import HomeroundCore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One sync after the other whose requests the platform's own `URLSession` sends: it drives the core's courier. When the
/// app is killed in between, a new run goes on where the store says.
///
/// A session of the background takes a request's body from a file only. The file lies in the given folder, and is deleted
/// as soon as its request has ended, or when the next courier is made.
public final class SessionCourier: NSObject, URLSessionDataDelegate, URLSessionDownloadDelegate, @unchecked Sendable {
    private typealias Answer = Result<HttpResponse, Failure>

    private struct Failure: Error { let why: HttpFailure }

    private struct Errand {
        let answer: CheckedContinuation<Answer, Never>
        let body: URL
        let most: UInt64
        var came = Data()
    }

    private let phone: Homeround
    private let tokens: @Sendable (_ refresh: Bool) async throws -> String
    private let folder: URL
    private let lock = NSLock()
    private var errands: [Int: Errand] = [:]
    private var finished: (@Sendable () -> Void)?
    private let writing: Data.WritingOptions
    private let configuration: URLSessionConfiguration
    private lazy var session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)

    /// - Parameters:
    ///   - folder: for bodies on their way; of this courier alone.
    ///   - writing: how the bodies' files are protected.
    public init(
        _ phone: Homeround, tokens: @escaping @Sendable (_ refresh: Bool) async throws -> String,
        configuration: URLSessionConfiguration, folder: URL, writing: Data.WritingOptions = []
    ) throws {
        self.phone = phone
        self.tokens = tokens
        self.folder = folder
        self.writing = writing.union(.atomic)
        self.configuration = configuration
        super.init()
        for left in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            try FileManager.default.removeItem(at: left)
        }
    }

    /// Lets go of the session, which holds the courier until then.
    public func close() { session.finishTasksAndInvalidate() }

    /// Syncs once.
    @discardableResult
    public func run() async throws -> SyncReport {
        let courier = try await phone.sync.courier()
        while true {
            try Task.checkCancellation()
            switch try courier.nextRequest() {
            case .rest(let report, _): return report
            case .token(let id, let refresh): try await hand(courier, id, refresh)
            case .send(let id, let request):
                switch await send(request) {
                case .success(let response): try courier.deliver(id: id, response: response)
                case .failure(let failure): try courier.fail(id: id, why: failure.why)
                }
            // Nothing is handed out twice, so that nothing is ever left outstanding here.
            case .outstanding(let id): try courier.fail(id: id, why: .broken)
            }
        }
    }

    /// What the app delegate is given with `handleEventsForBackgroundURLSession`.
    public func whenFinished(_ done: @escaping @Sendable () -> Void) { lock.withLock { finished = done } }

    private func hand(_ courier: CourierSession, _ id: UInt64, _ refresh: Bool) async throws {
        do {
            try courier.token(id: id, token: try await tokens(refresh))
        } catch {
            try courier.noToken(id: id, signIn: error is SignInNeeded)
        }
    }

    private func send(_ request: HttpRequest) async -> Answer {
        guard let url = URL(string: request.url) else { return .failure(Failure(why: .unreachable)) }
        var asked = URLRequest(url: url, timeoutInterval: Double(request.timeoutMs) / 1000)
        asked.httpMethod = request.method
        for header in request.headers { asked.setValue(header.value, forHTTPHeaderField: header.name) }
        let body = folder.appendingPathComponent(UUID().uuidString)
        do {
            try request.body.write(to: body, options: writing)
        } catch {
            return .failure(Failure(why: .broken))
        }
        return await withCheckedContinuation { answer in
            let task =
                request.body.isEmpty ? session.downloadTask(with: asked) : session.uploadTask(with: asked, fromFile: body)
            lock.withLock {
                errands[task.taskIdentifier] = Errand(answer: answer, body: body, most: request.answerBytesMax)
            }
            task.resume()
        }
    }

    // MARK: What the system says

    public func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        take(data, dataTask)
    }

    public func urlSession(
        _ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL
    ) {
        if let data = try? Data(contentsOf: location) { take(data, downloadTask) }
    }

    private func take(_ data: Data, _ task: URLSessionTask) {
        lock.withLock { errands[task.taskIdentifier]?.came.append(data) }
    }

    public func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        // Of a run before the app was killed: nobody waits for it any more.
        guard let errand = lock.withLock({ errands.removeValue(forKey: task.taskIdentifier) }) else { return }
        try? FileManager.default.removeItem(at: errand.body)
        errand.answer.resume(returning: SessionCourier.answer(errand, task.response as? HTTPURLResponse, error))
    }

    private static func answer(_ errand: Errand, _ response: HTTPURLResponse?, _ error: (any Error)?) -> Answer {
        if let error { return .failure(Failure(why: why(error))) }
        guard let response else { return .failure(Failure(why: .broken)) }
        if UInt64(errand.came.count) > errand.most { return .failure(Failure(why: .tooLarge)) }
        let headers = response.allHeaderFields.map { HttpHeader(name: "\($0.key)".lowercased(), value: "\($0.value)") }
        return .success(HttpResponse(status: UInt16(clamping: response.statusCode), headers: headers, body: errand.came))
    }

    private static func why(_ error: any Error) -> HttpFailure {
        switch (error as? URLError)?.code {
        case .timedOut: .timeout
        case .notConnectedToInternet, .cannotFindHost, .cannotConnectToHost, .dnsLookupFailed, .dataNotAllowed: .unreachable
        case .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot,
            .serverCertificateNotYetValid, .secureConnectionFailed, .clientCertificateRejected:
            .untrusted
        default: .broken
        }
    }

    /// Every answer of the background is in.
    public func urlSessionDidFinishEvents(forBackgroundURLSession session: URLSession) {
        let done = lock.withLock {
            defer { finished = nil }
            return finished
        }
        if let done { DispatchQueue.main.async { done() } }
    }
}
