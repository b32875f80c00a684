import HomeroundCore

/// Getting every edit to the backend and everything else here.
public final class Sync: Sendable {
    private let core: HomeroundCore.Sync
    private let states: Broadcast<SyncState>
    private let worker: Worker

    init(core: HomeroundCore.Sync, states: Broadcast<SyncState>, worker: Worker) {
        self.core = core
        self.states = states
        self.worker = worker
    }

    /// Where the sync stands now.
    public var state: SyncState { states.value }

    /// Where the sync stands, now and from now on.
    public var statesFromNow: AsyncStream<SyncState> { states.values }

    /// One run; cancelling the task, being killed and losing the network are all safe.
    ///
    /// - Parameter budget: what the platform gives; none: as long as it needs.
    @discardableResult
    public func now(budget: Duration? = nil) async throws -> SyncReport {
        let budgetMs = budget.map {
            UInt64(max(0, $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000))
        }
        return try await withTaskCancellationHandler {
            try await core.run(budgetMs: budgetMs)
        } onCancel: { [core] in
            try? core.cancel()
        }
    }

    /// Ends a run of ``now(budget:)`` that is under way: it fails with `Cancelled`. What was saved stays saved.
    public func cancel() async throws { try await worker.read { [core] in try core.cancel() } }

    /// Stays in sync until ``stop()``; while the phone is locked or lent it pauses.
    public func start() async throws { try await worker.read { [core] in try core.start() } }

    /// Ends ``start()``.
    public func stop() async throws { try await worker.read { [core] in try core.stop() } }

    /// The platform says whether there is a network.
    public func networkChanged(online: Bool) async throws {
        try await worker.read { [core] in try core.networkChanged(online: online) }
    }

    /// Is everything sent, and if not, what is left? Emits again when that changes.
    public var health: Live<SyncHealth> { worker.live { [core] in try core.health() } }

    /// Every edit that could not stand. Emits again when that changes.
    public var quarantine: Live<[QuarantinedEdit]> { worker.live { [core] in try core.quarantine() } }

    /// A person took care of an edit: `.reEntered`, `.handedOver` or `.dismissed`.
    public func closeQuarantined(_ id: Int64, status: QuarantineStatus) async throws {
        try await worker.write { [core] in try core.closeQuarantined(id: id, status: status) }
    }

    /// For a platform that must do its own HTTP.
    public func courier() async throws -> CourierSession { try await worker.read { [core] in try core.courier() } }
}
