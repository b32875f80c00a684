import HomeroundApple
import HomeroundKit
import SwiftUI
import UIKit

/// The rim: opens the phone and shows the screens.
@main
struct HomeroundApp: App {
    @Environment(\.scenePhase) private var phase
    @State private var shell = Shell()

    init() {
        BackgroundSync.register { await Shell.opened?.homeround }
    }

    var body: some Scene {
        WindowGroup {
            ZStack {
                RootView(shell: shell)
                // No patient in the list of recent apps.
                if phase != .active { Cover() }
            }
            .task { await shell.open() }
            .onChange(of: phase) { _, phase in
                if phase == .background { shell.settleDown() }
            }
        }
    }
}

/// What is seen of the app while it is not in front.
private struct Cover: View {
    var body: some View {
        ZStack {
            Color(uiColor: .systemBackground).ignoresSafeArea()
            Text(told("app_name")).font(.title2)
        }
        .accessibilityHidden(true)
    }
}

/// What the screens need of the platform: the one phone of the process.
@MainActor
@Observable
final class Shell {
    private(set) static var opened: Shell?

    private(set) var homeround: Homeround?
    private(set) var problem: String?
    let formats = Formats(.current)
    let zone = TimeZone.current.identifier
    private var network: NetworkWatch?

    /// Milliseconds since 1970.
    nonisolated static let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }

    func open() async {
        guard homeround == nil else { return }
        do {
            let folder = try PhoneFolder.prepare()
            let config = OpenConfig(
                folder: folder.path, backendUrl: Shell.backend, deviceLabel: UIDevice.current.model, timeZone: zone)
            // The organisation's own sign-in goes here: any OpenID Connect library.
            let phone = try await Homeround.open(config, vault: KeychainVault(), tokens: { _ in throw SignInNeeded() })
            network = NetworkWatch(phone)
            homeround = phone
            problem = nil
            Shell.opened = self
        } catch {
            problem = HomeroundKit.problem(error).words.text
        }
    }

    /// The system is about to suspend the app: a checkpoint now, and what is unsent goes when it allows.
    func settleDown() {
        guard let homeround else { return }
        BackgroundSync.schedule()
        Task { try? await homeround.session.settleDown() }
    }

    private static var backend: String { Bundle.main.object(forInfoDictionaryKey: "HomeroundBackendURL") as? String ?? "" }
}
