import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Quantization
import Safetensors
import TensorCore

/// What a conversion will need, judged before it begins.
public struct ConversionForecast: Sendable {
  /// About the most memory that will be resident, in bytes; measured conversions took up to that.
  public let memory: Int
  /// Seconds of computing with these threads, without what disks add; nil where that depends on what
  /// the model says to the text that it is rounded with.
  public let seconds: Double?
}

extension Converter {
  /// Judges a plan by its sizes, and by how fast a small made-up matrix is encoded here and now.
  ///
  /// - Parameters:
  ///   - plan: what would be written.
  ///   - tokens: how many it would be calibrated on.
  ///   - clock: seconds since any moment.
  /// - Returns: what it would need.
  /// - Throws: `FileError` where there is no memory for the sample.
  public func forecast(
    _ plan: ConversionPlan, tokens: Int = 0, clock: () -> Double
  ) throws -> ConversionForecast {
    let resident = Self.base + min(plan.source.weightBytes, Self.window)
    guard plan.recipe.method == .gptq else {
      return ConversionForecast(memory: resident, seconds: try encodingSeconds(plan, clock))
    }
    // What each token has become, before and behind a half of a block.
    let states = 2 * 4 * tokens * plan.source.config.hiddenSize
    let searched = plan.recipe.target.hasBudget ? Self.search : 0
    let tuned =
      plan.recipe.tuningSteps > 0 ? Self.base + Self.tunedBytes * plan.parameterCount : 0
    return ConversionForecast(
      memory: max(2 * Self.base + states + searched, tuned), seconds: nil)
  }

  /// The program and its buffers, in bytes.
  private static let base = 32 << 20
  /// Pages of the input that are not given back yet.
  private static let window = 48 << 20
  /// Gradients and products of the sequences that types are measured with.
  private static let search = 160 << 20
  /// Of a weight that is tuned: value, code, gradient and the state of both steps.
  private static let tunedBytes = 42

  /// The seconds that all quantized matrices will take.
  private func encodingSeconds(
    _ plan: ConversionPlan, _ clock: () -> Double
  ) throws -> Double {
    var weights: [WeightType: Int] = [:]
    for record in plan.records where record.geometry.type.isQuantized {
      weights[record.geometry.type, default: 0] += record.geometry.elementCount
    }
    return try weights.reduce(0) { sum, part in
      let rate = try sampleRate(of: part.key, plan.recipe, clock)
      return sum + Double(part.value) / rate
    }
  }

  /// Weights that are encoded in a second, of a matrix that is none of the model's.
  private func sampleRate(
    of type: WeightType, _ recipe: EncodingRecipe, _ clock: () -> Double
  ) throws -> Double {
    let (rows, columns) = (64 * compute.pool.threadCount, 1024)
    guard
      let geometry = TensorGeometry(
        type: type, arrangement: .rows, shape: [rows, columns], groupSize: recipe.groupSize)
    else { return .infinity }
    var state: UInt32 = 1
    let values = (0..<rows * columns).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(Int32(bitPattern: state)) * 0x1p-34
    }
    let job = EncodingJob(
      name: "sample", shape: [rows, columns], input: try TensorInput(values), geometry: geometry,
      scales: recipe.method.scaleChoice)
    var least = Double.infinity
    for _ in 0..<3 {
      let started = clock()
      _ = try silent.encode([job], path: "", summarize: { _ in }, write: { _ in })
      least = min(least, clock() - started)
    }
    return Double(rows * columns) / least
  }
}

extension ModelSource {
  /// Bytes of the tensors.
  fileprivate var weightBytes: Int {
    switch self {
    case .checkpoint(let folder, let resolved):
      resolved.tensors.reduce(0) {
        $0 + folder.tensors[$1.sourceIndex].entry.byteRange.count
      }
    case .kibble(let model): model.file.tensorBytes
    }
  }
}
