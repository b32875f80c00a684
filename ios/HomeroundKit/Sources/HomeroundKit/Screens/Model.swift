import Foundation
import HomeroundCore
import Observation

/// Something under way; cancelling it is safe.
public typealias Work = Task<Void, Never>

/// What every screen shows besides its own.
public protocol ScreenState: Sendable {
    /// What went wrong, until the person puts it away.
    var problem: Problem? { get set }
    /// What the top of the screen says of the network.
    var network: Chip { get set }
    /// Something is under way.
    var busy: Bool { get set }
}

extension ScreenState {
    public var busy: Bool {
        get { false }
        set {}
    }
}

/// A screen's state and what a person can do with it. All presentation logic is in models; screens draw.
///
/// Observable by hand: the macro does not go together with subclasses of a generic class.
@MainActor
public class Model<State: ScreenState>: Observable {
    private let registrar = ObservationRegistrar()
    private var held: State
    private var following: [Work] = []

    init(_ first: State, _ phone: Homeround) {
        held = first
        let states = phone.sync.statesFromNow
        following.append(
            Task { [weak self] in
                for await sync in states {
                    guard let self else { return }
                    change { $0.network = chip(sync) }
                }
            })
    }

    deinit {
        following.forEach { $0.cancel() }
    }

    /// What the screen shows.
    public var state: State {
        registrar.access(self, keyPath: \.state)
        return held
    }

    func change(_ with: (inout State) -> Void) {
        registrar.withMutation(of: self, keyPath: \.state) { with(&held) }
    }

    /// Puts the last problem away.
    public func dismiss() { change { $0.problem = nil } }

    /// Follows something; a failure is shown and ends it.
    @discardableResult
    func follow<Value: Sendable>(
        _ live: Live<Value>, _ take: @escaping @MainActor (inout State, Value) -> Void
    ) -> Work {
        let task = Task { [weak self] in
            do {
                for try await value in live {
                    guard let self else { return }
                    change { take(&$0, value) }
                }
            } catch {
                self?.show(error)
            }
        }
        following.append(task)
        return task
    }

    /// Does something; a failure is shown. Nothing that was begun is given up when the screen goes.
    @discardableResult
    func act(_ work: @escaping @MainActor () async throws -> Void) -> Work {
        change { $0.problem = nil }
        return Task { [weak self] in
            do {
                try await work()
            } catch {
                self?.show(error)
            }
        }
    }

    private func show(_ error: any Error) {
        if error is CancellationError { return }
        change {
            $0.busy = false
            $0.problem = HomeroundKit.problem(error)
        }
    }
}
