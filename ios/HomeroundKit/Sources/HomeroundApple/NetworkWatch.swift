#if canImport(Network)
    import Foundation
    import HomeroundKit
    import Network

    /// Tells the sync when the network comes and goes, for as long as it lives.
    public final class NetworkWatch: Sendable {
        private let monitor = NWPathMonitor()

        public init(_ phone: Homeround) {
            monitor.pathUpdateHandler = { path in
                let online = path.status == .satisfied
                Task { try? await phone.sync.networkChanged(online: online) }
            }
            monitor.start(queue: DispatchQueue(label: "org.homeround.network"))
        }

        deinit { monitor.cancel() }
    }
#endif
