// swift-tools-version: 6.2
import PackageDescription

let fast: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

// The static program of a release is small where nothing is computed (.github/release).
let isSmall = Context.environment["KIBBLE_SMALL"] == "1"
let strict = fast + (isSmall ? [.unsafeFlags(["-Osize"])] : [])

/// A library target of the pipeline; `dependencies` lists every module it imports, and `settings` is
/// `fast` for one that computes.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A test target, named after the module it tests unless `module` says otherwise.
func tests(
  _ name: String, _ dependencies: [String] = [], of module: String? = nil, exclude: [String] = [],
  settings: [SwiftSetting] = []
) -> Target {
  let module = module ?? name
  let all = [module, "TestSupport"] + dependencies.filter { $0 != module }
  return .testTarget(
    name: name + "Tests", dependencies: all.map { .target(name: $0) }, exclude: exclude,
    swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error)]
      + settings)
}

/// All libraries from bytes to verification: what a test of a late stage needs to get there.
let pipeline = [
  "ByteIO", "Calibration", "Conversion", "Diagnostics", "DogeArchitecture", "DogeModel",
  "Gradients", "JSONCore", "Kernels", "KibbleFormat", "ModelFile", "Parallel", "Quantization",
  "NumPyFormat", "PackedFormat", "Safetensors", "TensorCore", "Verification",
]

let package = Package(
  name: "kibble",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "kibble", targets: ["KibbleTool"]),
    .library(name: "Kibble", targets: ["Kibble"]),
  ],
  targets: [
    // Leaves: they know nothing of models.
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CSystem", dependencies: ["CZlib"]),
    .target(name: "CKernels"),
    // The files of fixtures/doge-nano, embedded from where they lie.
    .target(name: "CDemoModel"),
    module("Diagnostics"),
    module("LibC"),
    module("Parallel", ["CSystem", "LibC"], settings: fast),
    module("TensorCore"),
    module("JSONCore", ["Diagnostics"]),
    module("ByteIO", ["CSystem", "CZlib", "Diagnostics", "LibC"]),
    module(
      "Kernels", ["ByteIO", "CKernels", "Diagnostics", "Parallel", "TensorCore"], settings: fast),

    // The file formats.
    module("NumPyFormat", ["ByteIO", "Diagnostics", "TensorCore"]),
    module("Safetensors", ["ByteIO", "Diagnostics", "JSONCore", "TensorCore"]),
    module("KibbleFormat", ["ByteIO", "Diagnostics", "JSONCore", "TensorCore"]),
    module(
      "PackedFormat",
      ["ByteIO", "Diagnostics", "Kernels", "KibbleFormat", "Parallel", "TensorCore"], settings: fast
    ),

    // What the numbers mean.
    module("Quantization", ["Diagnostics", "JSONCore", "Kernels", "TensorCore"], settings: fast),
    module("DogeArchitecture", ["Diagnostics", "JSONCore", "TensorCore"]),
    module(
      "ModelFile",
      [
        "ByteIO", "Diagnostics", "DogeArchitecture", "JSONCore", "Kernels", "KibbleFormat",
        "PackedFormat", "Parallel", "Safetensors", "TensorCore",
      ]),
    module(
      "DogeModel",
      [
        "ByteIO", "Diagnostics", "DogeArchitecture", "Kernels", "KibbleFormat", "LibC", "ModelFile",
        "Parallel", "TensorCore",
      ], settings: fast),
    module(
      "Gradients",
      ["DogeArchitecture", "DogeModel", "Kernels", "ModelFile", "Parallel", "TensorCore"],
      settings: fast),

    // What is done with them.
    module(
      "Conversion",
      [
        "ByteIO", "Diagnostics", "DogeArchitecture", "JSONCore", "Kernels", "KibbleFormat",
        "LibC", "ModelFile", "Parallel", "Quantization", "Safetensors", "TensorCore",
      ]),
    .target(
      name: "Verification",
      dependencies: [
        "ByteIO", "Diagnostics", "DogeArchitecture", "DogeModel", "JSONCore", "Kernels",
        "KibbleFormat", "LibC", "ModelFile", "NumPyFormat", "Parallel", "Safetensors", "TensorCore",
      ],
      resources: [.embedInCode("Resources/verification.txt")], swiftSettings: strict),
    .target(
      name: "Calibration",
      dependencies: [
        "ByteIO", "Conversion", "Diagnostics", "DogeArchitecture", "DogeModel", "Gradients",
        "Kernels", "KibbleFormat", "ModelFile", "PackedFormat", "Parallel", "Quantization",
        "TensorCore",
      ],
      resources: [.embedInCode("Resources/calibration.txt")], swiftSettings: fast),

    // Text.
    .target(
      name: "UnicodeText", dependencies: ["Diagnostics"], exclude: ["Tables/make_tables.py"],
      resources: [
        "added-punctuation", "canonical-mappings", "category-runs", "combining-classes",
        "compatibility-mappings", "han", "missing-punctuation",
      ].map { .embedInCode("Tables/Data/\($0).txt") },
      swiftSettings: strict),
    module("Tokenization", ["Diagnostics", "JSONCore", "UnicodeText"]),
    module("ChatTemplate", ["Diagnostics", "JSONCore", "UnicodeText"]),
    module(
      "Generation",
      [
        "ChatTemplate", "Diagnostics", "DogeArchitecture", "DogeModel", "JSONCore", "Kernels",
        "LibC", "ModelFile", "TensorCore", "Tokenization", "UnicodeText",
      ]),
    module(
      "ChoiceScoring",
      [
        "Diagnostics", "DogeArchitecture", "DogeModel", "Generation", "Kernels", "Parallel",
        "Tokenization", "UnicodeText",
      ]),

    // The command line.
    module("Charts", ["Diagnostics", "LibC"]),
    module("ToolSupport", ["CSystem", "Diagnostics", "JSONCore", "LibC"]),
    .executableTarget(
      name: "KibbleTool",
      dependencies: [
        "ByteIO", "CDemoModel", "CSystem", "Calibration", "Charts", "ChatTemplate", "ChoiceScoring",
        "Conversion", "Diagnostics", "DogeArchitecture", "DogeModel", "Generation", "JSONCore",
        "Kernels", "KibbleFormat", "LibC", "ModelFile", "PackedFormat", "Parallel", "Quantization",
        "Safetensors", "TensorCore", "Tokenization", "ToolSupport", "UnicodeText", "Verification",
      ],
      path: "Sources/kibble", swiftSettings: strict),

    // All libraries by one import. Its folder must not differ from the program's by capitals alone.
    .target(
      name: "Kibble",
      dependencies: [
        "ByteIO", "Calibration", "ChatTemplate", "ChoiceScoring", "Conversion", "Diagnostics",
        "DogeArchitecture", "DogeModel", "Generation", "Gradients", "JSONCore", "Kernels",
        "KibbleFormat", "ModelFile", "NumPyFormat", "PackedFormat", "Parallel", "Quantization",
        "Safetensors", "TensorCore", "Tokenization", "Verification",
      ],
      path: "Sources/Umbrella", swiftSettings: strict),

    // Tests.
    .target(name: "TestSupport", dependencies: ["TensorCore"], path: "Tests/TestSupport"),
    tests("ByteIO", ["CZlib", "Diagnostics"]),
    tests("Diagnostics"),
    tests("JSONCore", ["Diagnostics"]),
    tests("Parallel"),
    tests("TensorCore"),
    tests("NumPyFormat", ["ByteIO", "Diagnostics", "TensorCore"]),
    tests("Safetensors", ["ByteIO", "Diagnostics", "JSONCore", "TensorCore"]),
    tests("Kernels", ["ByteIO", "CKernels", "TensorCore"]),
    tests("Quantization", ["ByteIO", "Kernels", "TensorCore"]),
    tests("KibbleFormat", ["ByteIO", "Diagnostics", "JSONCore", "TensorCore"]),
    tests(
      "PackedFormat",
      ["ByteIO", "Diagnostics", "Kernels", "KibbleFormat", "Parallel", "TensorCore"]),
    tests("DogeArchitecture", ["Diagnostics", "JSONCore", "TensorCore"]),
    tests("DogeModel", pipeline),
    tests("Gradients", pipeline, exclude: ["Fixtures"]),
    tests("Conversion", pipeline),
    tests("Calibration", pipeline),
    tests("Verification", pipeline),
    tests("UnicodeText", ["Diagnostics"], exclude: ["Fixtures"]),
    tests("Tokenization", ["Diagnostics", "JSONCore"], exclude: ["Fixtures"]),
    tests("ChatTemplate", ["Diagnostics", "JSONCore"], exclude: ["Fixtures"]),
    tests("Generation", pipeline + ["ChatTemplate", "Tokenization"], exclude: ["Fixtures"]),
    tests(
      "ChoiceScoring", pipeline + ["Generation", "Tokenization"]),
    tests("Charts", ["Diagnostics"], exclude: ["Snapshots"]),
    tests("ToolSupport", ["Diagnostics", "JSONCore"]),
    // These wait for the program that they start: optimizing them took a tenth of CI's time.
    tests(
      "Command", pipeline + ["ToolSupport"], of: "KibbleTool", exclude: ["Snapshots"],
      settings: [.unsafeFlags(["-Onone"])]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
