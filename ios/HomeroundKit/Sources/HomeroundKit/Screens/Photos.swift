import Foundation
import HomeroundCore

/// Photos, recordings and files of the visit.
extension VisitModel {
    @discardableResult
    public func attach(_ shot: Shot, caption: String) -> Work {
        act { [self] in
            let new = NewAttachment(mediaType: shot.mediaType, caption: said(caption), thumbnail: shot.thumbnail)
            try await visit.attach(new, bytes: shot.bytes)
        }
    }

    /// As ``attachFile(_:caption:)``, of a file where it lies. One that can't be read or is too
    /// large is refused like one that is no picture, recording or document: the person is told.
    @discardableResult
    public func attachFile(at file: URL, caption: String) -> Work {
        attachFile(chosenBytes(file), caption: caption)
    }

    /// Adds a file that was chosen: a recording, a document, a picture. What it is, its bytes say.
    @discardableResult
    public func attachFile(_ bytes: Data, caption: String) -> Work {
        act { [self] in
            let mediaType = try mediaTypeOf(head: bytes.prefix(16)) ?? ""
            try await visit.attach(NewAttachment(mediaType: mediaType, caption: said(caption)), bytes: bytes)
        }
    }

    /// Shows a photo or plays a recording; a colleague's is fetched first.
    @discardableResult
    public func open(_ photo: PhotoRow) -> Work {
        change { $0.opened = Opened(photo: photo.id) }
        return act { [self] in
            do {
                if !photo.here { try await visit.fetchAttachment(photo.id) }
                let bytes = try await visit.attachmentBytes(photo.id)
                change { if $0.opened?.photo == photo.id { $0.opened?.bytes = bytes } }
            } catch {
                change { $0.opened = nil }
                throw error
            }
        }
    }

    public func closePhoto() { change { $0.opened = nil } }
}

/// How much of a recording was heard.
public func heard(seconds: Double, of duration: Double) -> Words { Words("recording_heard", clock(seconds), clock(duration)) }

private func clock(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? max(0, Int(seconds)) : 0
    let rest = whole % 60
    return "\(whole / 60):\(rest < 10 ? "0" : "")\(rest)"
}

/// The most bytes of one attachment, as the core has it.
let attachmentBytesMax = 50 * 1024 * 1024

/// Nothing of a file that can't be read, and one byte more than may be attached of a larger one.
private func chosenBytes(_ file: URL) -> Data {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return Data() }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: attachmentBytesMax + 1)) ?? Data()
}
