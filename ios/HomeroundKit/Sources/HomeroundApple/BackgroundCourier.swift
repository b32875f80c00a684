#if canImport(Security)
    import Foundation
    import HomeroundKit

    #if canImport(FoundationNetworking)
        import FoundationNetworking
    #endif

    extension SessionCourier {
        /// What the system calls the background's session by.
        public static let identifier = "org.homeround.courier"

        /// A courier whose requests the system sends also while the app is suspended. Bodies lie in a folder of the app's own
        /// that is in no backup, each under the strictest protection that can be read while it is sent.
        public static func background(
            _ phone: Homeround, tokens: @escaping @Sendable (_ refresh: Bool) async throws -> String
        ) throws -> SessionCourier {
            let configuration = URLSessionConfiguration.background(withIdentifier: identifier)
            configuration.sessionSendsLaunchEvents = true
            configuration.urlCache = nil
            configuration.httpCookieStorage = nil
            return try SessionCourier(
                phone, tokens: tokens, configuration: configuration, folder: PhoneFolder.prepare("homeround-courier"),
                writing: .completeFileProtectionUnlessOpen)
        }
    }
#endif
