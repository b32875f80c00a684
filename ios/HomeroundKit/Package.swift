// swift-tools-version: 6.0
import PackageDescription

// On Linux the kit links `libhomeround.so`, which the command that builds it hands over; on Apple's
// platforms it links the XCFramework that `cargo xtask ios` makes.
#if os(Linux)
    let core: Target = .systemLibrary(name: "HomeroundFFI", path: "Sources/HomeroundFFI")
#else
    let core: Target = .binaryTarget(name: "HomeroundFFI", path: "HomeroundFFI.xcframework")
#endif

let package = Package(
    name: "HomeroundKit",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "HomeroundKit", targets: ["HomeroundKit"]),
        .library(name: "HomeroundApple", targets: ["HomeroundApple"]),
    ],
    targets: [
        core,
        // Generated, and in Swift 5's mode: what UniFFI writes is not for complete concurrency checking.
        .target(name: "HomeroundCore", dependencies: ["HomeroundFFI"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "HomeroundKit", dependencies: ["HomeroundCore"]),
        // What only Apple's platforms have: keys in hardware, background work, the network's state.
        .target(name: "HomeroundApple", dependencies: ["HomeroundKit"]),
        .testTarget(name: "HomeroundKitTests", dependencies: ["HomeroundKit"]),
    ]
)
