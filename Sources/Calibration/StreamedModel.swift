import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// A model in exact mode whose blocks are in memory one at a time, and some tokens to run it on.
final class StreamedModel {
  let plan: ConversionPlan
  let resident: ResidentModel
  let model: DogeModel
  /// Is shown what `model` multiplies.
  let tap: InputTap
  let sequences: [[Int]]
  private let compute: Compute
  private let progress: any ProgressSink
  private let cache: KVCache
  private let workspace = Workspace()

  init(
    _ plan: ConversionPlan, resident: ResidentModel, sequences: [[Int]], compute: Compute,
    progress: any ProgressSink
  ) {
    self.plan = plan
    self.resident = resident
    self.sequences = sequences
    self.compute = compute
    self.progress = progress
    tap = InputTap()
    model = DogeModel(resident.stored, compute: compute, tap: tap)
    cache = model.makeCache(maximum: sequences.map(\.count).max() ?? 0)
  }

  /// What the head is: a tensor of its own, or the embedding.
  var headRoles: Set<TensorRole> { model.layout.tied ? [.embedding] : [.head] }

  /// Tokens of all sequences.
  var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }

  /// One of the two parts of a block that read and write the residual stream.
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

  /// The tensors of those roles: their indices in the plan.
  func tensors(_ roles: Set<TensorRole>, layer: Int? = nil) -> [Int] {
    plan.tensors.indices.filter {
      roles.contains(plan.tensors[$0].spec.role) && plan.tensors[$0].spec.layer == layer
    }
  }

  /// Runs `body` while the large tensors of a block, or of none, are in memory.
  func withTensors<Result>(
    _ roles: Set<TensorRole> = Set(TensorRole.allCases), layer: Int? = nil,
    _ body: () throws -> Result
  ) throws -> Result {
    let large = tensors(roles, layer: layer).filter { plan.tensors[$0].spec.isLarge }
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
      case .attention: try model.attend(x, layer: layer, cache: cache, workspace: workspace)
      case .feedForward: model.feed(x, layer: layer, workspace: workspace)
      }
      progress.report(.advanced(by: x.rows * weights(of: half, layer: layer)))
    }
  }

  /// Runs some blocks over each sequence, in place, each in memory while it runs.
  func run(layers: Range<Int>, _ hidden: [FloatMatrix]) throws {
    for layer in layers {
      try withTensors(layer: layer) {
        try run(.attention, layer: layer, hidden)
        try run(.feedForward, layer: layer, hidden)
      }
    }
  }

  /// Second moments of the normalized inputs of half a block, whose inputs are `hidden`.
  func inputMoments(_ half: Half, layer: Int, _ hidden: [FloatMatrix]) -> SecondMoments {
    let moments = makeMoments(model.config.hiddenSize)
    for x in hidden { moments.add(model.normed(x, for: half.norm(layer)), count: x.rows) }
    return moments
  }

  /// Second moments of what a matrix multiplies that makes the output of half a block: that is run
  /// on copies, so that only the tap sees anything of it.
  func outputMoments(
    of tensor: Int, _ half: Half, layer: Int, _ hidden: [FloatMatrix]
  ) throws -> SecondMoments {
    let moments = makeMoments(plan.tensors[tensor].spec.shape[1])
    let stored = resident.stored
    try tap.watch(stored.matrix(of: stored.tensors[tensor])) { x, tokens in
      moments.add(x, count: tokens)
    } during: {
      for x in hidden { try run(half, layer: layer, [x.copy()]) }
    }
    return moments
  }

  /// What errors of a matrix cost that gets those inputs, and the factors behind it.
  ///
  /// - Throws: `CalibrationError.notFinite` for inputs that overflow, or `Interruption`.
  func metric(
    _ moments: SecondMoments, for tensor: Int
  ) throws -> (metric: RoundingMetric, factor: InverseFactor) {
    let sum = moments.sum()
    do {
      let factor = try InverseFactor(
        sum, damping: RoundingMetric.damping, pool: compute.pool, progress: progress)
      return (RoundingMetric(sum, factor: factor, inputs: moments.count), factor)
    } catch is InverseFactor.NotFinite {
      throw CalibrationError.notFinite(tensor: plan.tensors[tensor].name)
    }
  }

  /// Sums for inputs of that many elements.
  func makeMoments(_ inputs: Int) -> SecondMoments {
    SecondMoments(inputs: inputs, compute: compute)
  }

  /// The matrix that makes the output of half a block; every block has it.
  func output(of half: Half, layer: Int) -> Int {
    guard let tensor = tensors([half.output], layer: layer).first else {
      preconditionFailure("a block without \(half.output)")
    }
    return tensor
  }

  /// Weights that a token is multiplied by in half a block.
  func weights(of half: Half, layer: Int) -> Int {
    tensors(half.inputs.union([half.output]), layer: layer)
      .reduce(0) { $0 + plan.tensors[$1].spec.elementCount }
  }
}

extension ConversionPlan {
  /// Whether the calibration rounds a record; a quantized dt_proj is left to `search`.
  func isRounded(_ record: Int) -> Bool {
    records[record].geometry.type.isQuantized && tensors[records[record].tensor].spec.isLarge
  }
}
