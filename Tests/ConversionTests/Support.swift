import ByteIO
import Conversion
import Diagnostics
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Quantization
import TensorCore
import TestSupport
import Testing

/// A way to work that must not matter.
struct Engine: Sendable, CustomTestStringConvertible {
  let isa: InstructionSet
  let threads: Int

  var testDescription: String { "\(isa.rawValue), \(threads) threads" }

  static let all = InstructionSet.available.flatMap { isa in
    [1, 2].map { Engine(isa: isa, threads: $0) }
  }

  func converter(progress: any ProgressSink = NoProgress()) throws -> Converter {
    Converter(
      compute: try Compute(isa: isa, threads: threads),
      progress: progress)
  }
}

/// The converter of tests where the way to work is of no interest.
func converter(progress: any ProgressSink = NoProgress()) throws -> Converter {
  Converter(
    compute: try Compute(threads: 2), progress: progress)
}

func recipe(
  _ type: String, group: Int = 32, _ method: QuantizationMethod = .search,
  rules: [(String, String)] = []
) throws -> EncodingRecipe {
  EncodingRecipe(
    target: try #require(TargetType(name: type)), groupSize: group, method: method,
    rules: try rules.map {
      TensorRule(glob: Glob($0.0), type: try #require(TargetType(name: $0.1)))
    })
}

func plan(
  _ path: String, _ recipe: EncodingRecipe
) throws -> ConversionPlan {
  try ConversionPlan(source: .open(path: path), recipe: recipe, toolVersion: "1.2.3")
}

extension KibbleFile {
  /// All bytes.
  var bytes: [UInt8] { region.bytes(0..<region.count) }

  /// The metadata of the tensor of that name.
  func metadata(of tensor: String) -> JSON? {
    metadata["tensors"]?.arrayValue?.first { $0["name"]?.stringValue == tensor }
  }
}

/// Runs `body` and returns what it throws as a diagnostic.
func diagnostic(_ body: () throws -> Void) throws -> Diagnostic {
  do {
    try body()
  } catch {
    return try #require(error as? any Diagnosable).diagnostic
  }
  Issue.record("nothing was thrown")
  return Diagnostic(.internalError, code: "none", "nothing was thrown")
}

extension KibblePlan {
  /// The file with zeros as payload.
  func emptyFile() throws -> [UInt8] {
    let memory = try MemoryBuffer(count: fileLength)
    try writeFrame(to: memory)
    return memory.bytes(0..<fileLength)
  }
}
