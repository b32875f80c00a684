// The names of AVFoundation that the app uses, with AVFoundation's own shapes and nothing behind them: where there is no
// AVFoundation, the app's sources are type-checked against these. Never linked, never shipped.

@_exported import Foundation

open class AVAudioPlayer: NSObject {
    public init(data: Data) throws {}
    @discardableResult
    open func play() -> Bool { false }
    open func stop() {}
    open var isPlaying: Bool { false }
    open var duration: TimeInterval { 0 }
    open var currentTime: TimeInterval = 0
}

open class AVAudioSession: NSObject {
    public struct Category: Hashable, RawRepresentable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let playback = Category(rawValue: "")
    }

    open class func sharedInstance() -> AVAudioSession { AVAudioSession() }
    open func setCategory(_ category: Category) throws {}
}
