// swift-tools-version: 6.2
// The lowest layers and their tests alone: what has unsafe code and threads, built in a minute.
import PackageDescription

func tests(_ name: String, _ dependencies: [String]) -> Target {
  .testTarget(name: name + "Tests", dependencies: dependencies.map { .target(name: $0) })
}

let package = Package(
  name: "Sanitizers",
  platforms: [.macOS(.v15)],
  targets: [
    .systemLibrary(name: "CZlib"),
    .target(name: "CSystem", dependencies: ["CZlib"]),
    .target(name: "CKernels"),
    .target(name: "Diagnostics"),
    .target(name: "LibC"),
    .target(name: "Parallel", dependencies: ["CSystem", "LibC"]),
    .target(name: "TensorCore"),
    .target(name: "ByteIO", dependencies: ["CSystem", "CZlib", "Diagnostics", "LibC"]),
    .target(
      name: "Kernels",
      dependencies: ["ByteIO", "CKernels", "Diagnostics", "Parallel", "TensorCore"]
    ),
    .target(name: "TestSupport", dependencies: ["TensorCore"], path: "Tests/TestSupport"),
    tests("ByteIO", ["ByteIO", "CZlib", "Diagnostics", "TestSupport"]),
    tests("Parallel", ["Parallel", "TestSupport"]),
    tests("Kernels", ["Kernels", "ByteIO", "CKernels", "TensorCore", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
