import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import Parallel
import TensorCore

/// A model in exact mode whose blocks are in memory one at a time, and some tokens to run it on.
final class StreamedModel {
  let plan: ConversionPlan
  let resident: ResidentModel
  let model: DogeModel
  /// Is shown what `model` multiplies.
  let tap: InputTap
  let sequences: [[Int]]
  private let progress: any ProgressSink
  private let cache: KVCache

  init(
    _ plan: ConversionPlan, resident: ResidentModel, sequences: [[Int]], kernels: KernelSet,
    pool: ThreadPool, progress: any ProgressSink
  ) throws {
    self.plan = plan
    self.resident = resident
    self.sequences = sequences
    self.progress = progress
    tap = InputTap()
    model = try DogeModel(file: resident.file, kernels: kernels, pool: pool, tap: tap)
    cache = model.makeCache(maximum: sequences.map(\.count).max() ?? 0)
  }

  /// Tokens of all sequences.
  var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }

  /// The half of a block that reads and writes the residual stream.
  enum Half {
    case attention
    case feedForward

    /// The matrices that multiply the half's normalized input.
    var inputs: Set<TensorRole> {
      self == .attention ? [.q, .k, .v] : [.gate, .up, .router]
    }
    /// The matrix that makes the half's output.
    var output: TensorRole { self == .attention ? .o : .down }
    /// All large tensors of the half.
    var roles: Set<TensorRole> {
      self == .attention ? [.q, .k, .v, .o] : [.gate, .up, .router, .down, .downEmbed, .upEmbed]
    }

    func norm(_ layer: Int) -> DogeModel.NormedInput {
      self == .attention ? .attention(layer: layer) : .feedForward(layer: layer)
    }
  }

  /// The tensors of those roles, by their numbers in the plan.
  func numbers(_ roles: Set<TensorRole>, layer: Int? = nil) -> [Int] {
    plan.tensors.indices.filter {
      roles.contains(plan.tensors[$0].spec.role) && plan.tensors[$0].spec.layer == layer
    }
  }

  /// Runs `body` while the large tensors of a block, or of none, are in memory.
  func withTensors<Result>(
    _ roles: Set<TensorRole> = Set(TensorRole.allCases), layer: Int? = nil,
    _ body: () throws -> Result
  ) throws -> Result {
    let large = numbers(roles, layer: layer).filter {
      plan.tensors[$0].spec.kind != .vector && plan.tensors[$0].spec.role != .dt
    }
    try progress.checkCancellation()
    try resident.load(large)
    defer { resident.drop(large) }
    return try body()
  }

  /// The embedding of every sequence, `[tokens, d]` each.
  func embeddings() throws -> [FloatMatrix] { try sequences.map { try model.embedding(of: $0) } }

  /// Runs half a block over each sequence, in place.
  func run(_ half: Half, layer: Int, _ hidden: [FloatMatrix]) throws {
    for x in hidden {
      try progress.checkCancellation()
      switch half {
      case .attention: try model.attend(x, layer: layer, cache: cache)
      case .feedForward: model.feed(x, layer: layer, cache: cache)
      }
      progress.report(.advanced(by: x.rows * weights(of: half, layer: layer)))
    }
  }

  /// The same, on copies: only the tap sees anything of it.
  func rehearse(_ half: Half, layer: Int, _ hidden: [FloatMatrix]) throws {
    for x in hidden { try run(half, layer: layer, [x.copy()]) }
  }

  /// Weights that a token is multiplied by in half a block.
  func weights(of half: Half, layer: Int) -> Int {
    numbers(half.inputs.union([half.output]), layer: layer)
      .reduce(0) { $0 + plan.tensors[$1].spec.elementCount }
  }
}

extension FloatMatrix {
  /// The same values in memory of their own.
  func copy() -> FloatMatrix {
    let copy = FloatMatrix(rows: rows, columns: columns)
    for row in 0..<rows { copy.copy(self, row: row, to: row) }
    return copy
  }
}
