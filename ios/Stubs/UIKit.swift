// The names of UIKit that the app uses, with UIKit's own shapes and nothing behind them: where there is no UIKit, the
// app's sources are type-checked against these. Never linked, never shipped.

@_exported import Foundation

@MainActor
open class UIViewController: NSObject {}

@MainActor
open class UINavigationController: UIViewController {}

@MainActor
public protocol UINavigationControllerDelegate: NSObjectProtocol {}

@MainActor
public protocol UIImagePickerControllerDelegate: NSObjectProtocol {
    func imagePickerController(
        _ picker: UIImagePickerController, didFinishPickingMediaWithInfo info: [UIImagePickerController.InfoKey: Any])
    func imagePickerControllerDidCancel(_ picker: UIImagePickerController)
}

@MainActor
open class UIImagePickerController: UINavigationController {
    public enum SourceType: Int, Sendable { case photoLibrary, camera, savedPhotosAlbum }

    public struct InfoKey: Hashable, RawRepresentable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let originalImage = InfoKey(rawValue: "")
    }

    open class func isSourceTypeAvailable(_ sourceType: SourceType) -> Bool { false }
    open var sourceType = SourceType.photoLibrary
    open weak var delegate: (any UIImagePickerControllerDelegate & UINavigationControllerDelegate)?
}

open class UIImage: NSObject, @unchecked Sendable {
    public init?(data: Data) { nil }
    open var size: CGSize { .zero }
    open func jpegData(compressionQuality: CGFloat) -> Data? { nil }
    open func preparingThumbnail(of size: CGSize) -> UIImage? { nil }
}

open class UIColor: NSObject, @unchecked Sendable {
    open class var systemBackground: UIColor { UIColor() }
    open class var secondarySystemBackground: UIColor { UIColor() }
}

@MainActor
open class UIDevice: NSObject {
    open class var current: UIDevice { UIDevice() }
    open var model: String { "" }
}

public enum UIKeyboardType: Int, Sendable { case `default`, numberPad, decimalPad }
