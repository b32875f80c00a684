#if canImport(BackgroundTasks) && !os(macOS)
    import BackgroundTasks
    import Foundation
    import HomeroundKit

    /// Syncs in the slices that the system gives in the background, as long as the phone's store is unlocked.
    public enum BackgroundSync {
        /// As `BGTaskSchedulerPermittedIdentifiers` of the app's `Info.plist` has it.
        public static let identifier = "org.homeround.sync"
        /// The system gives about thirty seconds; what is left of them is for putting things away.
        public static let slice = Duration.seconds(25)

        /// To be called before the app has finished launching. `phone`: the process's one, if it is open.
        public static func register(_ phone: @escaping @Sendable () async -> Homeround?) {
            BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
                let given = Given(task: task)
                let work = Task {
                    schedule()
                    given.task.setTaskCompleted(success: await run(phone))
                }
                // The system wants its time back: whatever is under way is safe to cancel.
                task.expirationHandler = { work.cancel() }
            }
        }

        /// Asks for a slice, a quarter of an hour from now at the earliest.
        public static func schedule() {
            let request = BGAppRefreshTaskRequest(identifier: identifier)
            request.earliestBeginDate = Date(timeIntervalSinceNow: 15 * 60)
            // Refused where the person has switched background refresh off: then what is unsent goes when the app is opened.
            try? BGTaskScheduler.shared.submit(request)
        }

        private static func run(_ phone: @Sendable () async -> Homeround?) async -> Bool {
            guard let phone = await phone() else { return true }
            do {
                try await phone.sync.now(budget: slice)
                try await phone.session.settleDown()
                return true
            } catch {
                return false
            }
        }
    }

    /// A task of the system's, which is completed on another thread than it came on.
    private struct Given: @unchecked Sendable {
        let task: BGTask
    }
#endif
