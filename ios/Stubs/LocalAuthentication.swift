// The names of LocalAuthentication that the kit uses, with its own shapes and nothing behind them. Never linked, never
// shipped.

@_exported import Foundation

public enum LAPolicy: Int {
    case deviceOwnerAuthenticationWithBiometrics = 1
}

public class LAContext {
    public init() {}
    public func canEvaluatePolicy(_ policy: LAPolicy, error: UnsafeMutablePointer<NSError?>?) -> Bool { false }
}
