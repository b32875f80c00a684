#if canImport(Security)
    import Foundation
    import HomeroundKit
    import Security

    /// Keys in the Secure Enclave; counters and small secrets in the Keychain, on this device alone.
    ///
    /// What is wrapped is encrypted to the enclave's key by ECIES (P-256, AES-GCM), and only the enclave unwraps it.
    /// The Keychain lies outside of the app's folder: putting back the app's files does not set its counters back, and it
    /// outlives the app's removal. Putting back a whole backup on the same device may set it back, keys and all.
    public final class KeychainVault: KeyVault, @unchecked Sendable {
        private static let biometric = "homeround.biometric"
        private let lock = NSLock()

        public init() {}

        public func wrap(label: String, plaintext: Data) throws -> Data {
            try lock.withLock {
                let key = try find(label) ?? make(label)
                guard let open = SecKeyCopyPublicKey(key) else { throw KeyVaultError.Unavailable }
                guard let wrapped = SecKeyCreateEncryptedData(open, Self.algorithm, plaintext as CFData, nil) else {
                    throw KeyVaultError.Unavailable
                }
                return wrapped as Data
            }
        }

        public func unwrap(label: String, wrapped: Data) throws -> Data {
            try lock.withLock {
                guard let key = try find(label) else { throw KeyVaultError.KeyGone }
                var failure: Unmanaged<CFError>?
                let plain = SecKeyCreateDecryptedData(key, Self.algorithm, wrapped as CFData, &failure)
                if let plain { return plain as Data }
                throw Self.reason(failure?.takeRetainedValue())
            }
        }

        public func counterGet(label: String) throws -> UInt64 { try lock.withLock { try count(label) } }

        public func counterIncrement(label: String) throws -> UInt64 {
            try lock.withLock {
                let next = try count(label) + 1
                try put("homeround.count", label, Data("\(next)".utf8))
                return next
            }
        }

        public func counterSet(label: String, value: UInt64) throws {
            try lock.withLock { try put("homeround.count", label, Data("\(value)".utf8)) }
        }

        public func store(label: String, secret: Data) throws {
            try lock.withLock { try put("homeround.secret", label, secret) }
        }

        public func load(label: String) throws -> Data? { try lock.withLock { try get("homeround.secret", label) } }

        public func destroy(label: String) throws {
            try lock.withLock {
                try drop([kSecClass as String: kSecClassKey, kSecAttrApplicationTag as String: Data(label.utf8)])
                try drop(item("homeround.count", label))
                try drop(item("homeround.secret", label))
            }
        }

        // MARK: Keys

        private static let algorithm = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM

        private func find(_ label: String) throws -> SecKey? {
            let query: [String: Any] = [
                kSecClass as String: kSecClassKey,
                kSecAttrApplicationTag as String: Data(label.utf8),
                kSecReturnRef as String: true,
            ]
            var found: CFTypeRef?
            switch SecItemCopyMatching(query as CFDictionary, &found) {
            case errSecSuccess: return (found as! SecKey)
            case errSecItemNotFound: return nil
            default: throw KeyVaultError.Unavailable
            }
        }

        private func make(_ label: String) throws -> SecKey {
            let asks = label == Self.biometric
            // Each use of the sensor's key asks, and a newly added finger or face makes the key void.
            let flags: SecAccessControlCreateFlags = asks ? [.privateKeyUsage, .biometryCurrentSet] : .privateKeyUsage
            let when = asks ? kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly : kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            guard let access = SecAccessControlCreateWithFlags(nil, when, flags, nil) else { throw KeyVaultError.Unavailable }
            let kept: [String: Any] = [
                kSecAttrIsPermanent as String: true,
                kSecAttrApplicationTag as String: Data(label.utf8),
                kSecAttrAccessControl as String: access,
            ]
            let attributes: [String: Any] = [
                kSecAttrKeyType as String: kSecAttrKeyTypeECSECPrimeRandom,
                kSecAttrKeySizeInBits as String: 256,
                kSecAttrTokenID as String: kSecAttrTokenIDSecureEnclave,
                kSecPrivateKeyAttrs as String: kept,
            ]
            guard let key = SecKeyCreateRandomKey(attributes as CFDictionary, nil) else { throw KeyVaultError.Unavailable }
            return key
        }

        /// Why the enclave did not decrypt.
        private static func reason(_ error: CFError?) -> KeyVaultError {
            switch error.map({ CFErrorGetCode($0) }) {
            // Of LocalAuthentication: failed, cancelled by the person, another way chosen, cancelled by the system or the app.
            case -1, -2, -3, -4, -9, Int(errSecUserCanceled), Int(errSecAuthFailed): .PresenceRefused
            case Int(errSecInteractionNotAllowed), Int(errSecNotAvailable): .Unavailable
            default: .KeyGone
            }
        }

        // MARK: Counters and secrets

        private func item(_ service: String, _ account: String) -> [String: Any] {
            [
                kSecClass as String: kSecClassGenericPassword,
                kSecAttrService as String: service,
                kSecAttrAccount as String: account,
            ]
        }

        private func count(_ label: String) throws -> UInt64 {
            guard let kept = try get("homeround.count", label) else { return 0 }
            guard let figure = UInt64(String(decoding: kept, as: UTF8.self)) else { throw KeyVaultError.Unavailable }
            return figure
        }

        private func get(_ service: String, _ account: String) throws -> Data? {
            var query = item(service, account)
            query[kSecReturnData as String] = true
            var found: CFTypeRef?
            switch SecItemCopyMatching(query as CFDictionary, &found) {
            case errSecSuccess: return found as? Data
            case errSecItemNotFound: return nil
            default: throw KeyVaultError.Unavailable
            }
        }

        /// Replaces in one step: killed in between, the old or the new value stands.
        private func put(_ service: String, _ account: String, _ value: Data) throws {
            let known = item(service, account)
            let fresh: [String: Any] = [kSecValueData as String: value]
            var status = SecItemUpdate(known as CFDictionary, fresh as CFDictionary)
            if status == errSecItemNotFound {
                let whole = known.merging(fresh) { _, new in new }
                    .merging([kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly]) { _, new in new }
                status = SecItemAdd(whole as CFDictionary, nil)
            }
            if status != errSecSuccess { throw KeyVaultError.Unavailable }
        }

        private func drop(_ query: [String: Any]) throws {
            let status = SecItemDelete(query as CFDictionary)
            if status != errSecSuccess, status != errSecItemNotFound { throw KeyVaultError.Unavailable }
        }
    }
#endif
