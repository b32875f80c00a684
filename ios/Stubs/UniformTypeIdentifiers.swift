// The names of UniformTypeIdentifiers that the app uses, with its own shapes and nothing behind them: where there is no such
// framework, the app's sources are type-checked against these. Never linked, never shipped.

@_exported import Foundation

public struct UTType: Hashable, Sendable {
    public static let image = UTType()
    public static let audio = UTType()
    public static let mpeg4Movie = UTType()
    public static let pdf = UTType()
}

extension URL {
    public func startAccessingSecurityScopedResource() -> Bool { true }
    public func stopAccessingSecurityScopedResource() {}
}
