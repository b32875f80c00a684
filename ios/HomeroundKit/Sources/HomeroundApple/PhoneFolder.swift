#if canImport(Security)
    import Foundation

    /// The folder of the store: private to the app, encrypted by the system until the first unlock after a start, and in no
    /// backup. A background sync needs its files while the screen is locked; what is in them is encrypted by the core besides.
    public enum PhoneFolder {
        /// Makes the folder, or finds it.
        public static func prepare(_ name: String = "homeround") throws -> URL {
            let files = FileManager.default
            let support = try files.url(
                for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            var folder = support.appendingPathComponent(name, isDirectory: true)
            let protection: [FileAttributeKey: Any] = [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
            try files.createDirectory(at: folder, withIntermediateDirectories: true, attributes: protection)
            try files.setAttributes(protection, ofItemAtPath: folder.path)
            var values = URLResourceValues()
            values.isExcludedFromBackup = true
            try folder.setResourceValues(values)
            return folder
        }
    }
#endif
