#if canImport(LocalAuthentication)
    import LocalAuthentication

    /// Whether this device has a biometric sensor and knows a finger or face that it may ask for. The Keychain asks by
    /// itself when a key that needs it is used.
    public func hasSensor() -> Bool { LAContext().canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: nil) }
#endif
