import HomeroundKit
import SwiftUI
import UIKit

/// The system's camera. The picture stays in memory: it never becomes a file or part of the photo library.
struct CameraView: UIViewControllerRepresentable {
    /// Takes the picture; none when the person went back.
    let taken: (Shot?) -> Void

    static var available: Bool { UIImagePickerController.isSourceTypeAvailable(.camera) }

    func makeUIViewController(context: Context) -> UIImagePickerController {
        let camera = UIImagePickerController()
        camera.sourceType = .camera
        camera.delegate = context.coordinator
        return camera
    }

    func updateUIViewController(_ camera: UIImagePickerController, context: Context) {}

    func makeCoordinator() -> Coordinator { Coordinator(taken) }

    final class Coordinator: NSObject, UIImagePickerControllerDelegate, UINavigationControllerDelegate {
        private let taken: (Shot?) -> Void

        init(_ taken: @escaping (Shot?) -> Void) {
            self.taken = taken
        }

        func imagePickerController(
            _ camera: UIImagePickerController, didFinishPickingMediaWithInfo info: [UIImagePickerController.InfoKey: Any]
        ) {
            taken((info[.originalImage] as? UIImage).flatMap(Coordinator.shot))
        }

        func imagePickerControllerDidCancel(_ camera: UIImagePickerController) { taken(nil) }

        private static func shot(_ image: UIImage) -> Shot? {
            guard let bytes = image.jpegData(compressionQuality: 0.8) else { return nil }
            let long = max(image.size.width, image.size.height, 1)
            let side = CGSize(width: image.size.width / long * 160, height: image.size.height / long * 160)
            let small = image.preparingThumbnail(of: side)?.jpegData(compressionQuality: 0.7)
            return Shot(mediaType: "image/jpeg", bytes: bytes, thumbnail: small)
        }
    }
}
