import Foundation
import HomeroundCore

/// What emits now, and again whenever what it shows has changed; a failure ends it.
public typealias Live<Value> = AsyncThrowingStream<Value, any Error>

/// Runs calls of the core off the caller's thread, and reads again when something changed. Reads run
/// beside each other and beside a writer; writes run one after another, in the order of the calls.
final class Worker: Sendable {
    private static let reads = DispatchQueue(label: "org.homeround.reads", qos: .userInitiated, attributes: .concurrent)
    private let writes = DispatchQueue(label: "org.homeround.writes", qos: .userInitiated)
    private let revisions: Broadcast<UInt64>

    init(revisions: Broadcast<UInt64>) {
        self.revisions = revisions
    }

    /// Off the caller's thread, beside everything else.
    static func off<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await on(reads, work)
    }

    func read<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await Worker.on(Worker.reads, work)
    }

    func write<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await Worker.on(writes, work)
    }

    private static func on<Value: Sendable>(
        _ queue: DispatchQueue, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    func live<Value: Equatable & Sendable>(_ work: @escaping @Sendable () throws -> Value) -> Live<Value> {
        let news = revisions.values
        return Live(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let following = Task { [self] in
                var last: Value?
                do {
                    for await _ in news {
                        let now = try await read(work)
                        if now != last { continuation.yield(now) }
                        last = now
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in following.cancel() }
        }
    }
}

/// The latest of something, for whoever listens: each listener gets the value that stands, and then
/// each later one, the newest alone where it is slow.
final class Broadcast<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var latest: Value
    private var next = 0
    private var listeners: [Int: AsyncStream<Value>.Continuation] = [:]

    init(_ first: Value) {
        latest = first
    }

    /// What stands now.
    var value: Value { lock.withLock { latest } }

    /// What stands now and everything later, until the listener stops.
    var values: AsyncStream<Value> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let (name, now) = lock.withLock {
                next += 1
                listeners[next] = continuation
                return (next, latest)
            }
            continuation.yield(now)
            continuation.onTermination = { [weak self] _ in
                guard let self else { return }
                _ = lock.withLock { listeners.removeValue(forKey: name) }
            }
        }
    }

    func send(_ value: Value) {
        let told = lock.withLock {
            latest = value
            return Array(listeners.values)
        }
        told.forEach { $0.yield(value) }
    }
}
