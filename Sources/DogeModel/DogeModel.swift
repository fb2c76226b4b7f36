import DogeArchitecture
import Kernels
import LibC
import ModelFile
import Parallel
import TensorCore

/// A Doge model that runs on the bytes of a `.kibble` file.
///
/// In either mode logits are the same to the bit for any number of threads, any kernel set and
/// any split of a sequence into calls, but for what formats/numerics.md says of a call's length.
///
///     x = embedding[token]
///     x = the blocks of x (`ForwardPass`)
///     logits = head · RMSNorm(x)
public final class DogeModel: Sendable {
  /// The model's config.
  public let config: DogeConfig
  /// The layout of the checkpoint that it comes from.
  public let layout: CheckpointLayout
  /// The file that holds the weights.
  public let stored: StoredModel
  /// The file's path, or the checkpoint's, for messages.
  public var path: String { stored.path }
  /// What computes it.
  public var compute: Compute { layer.compute }
  let weights: ModelWeights<Linear>
  let layer: LayerCompute
  let head: LinearGroup
  /// How products with quantized matrices are computed.
  public let mode: ComputeMode
  /// What keys and values are kept in.
  public let cacheType: KVCacheType
  /// Whether the rows of some matrix are stored in another order.
  let reorders: Bool
  let rotary: RotaryTable
  /// How many threads a call of one token is given.
  let teamSize: TeamSize
  /// The blocks for each thread, by objects of its own.
  let blocks: [[Block]]

  /// One block of the model.
  final class Block: Sendable {
    let weights: BlockWeights<Linear>
    let attention: DynamicMaskAttention
    let feedForward: FeedForward

    init(
      _ weights: BlockWeights<Linear>, config: DogeConfig, layout: CheckpointLayout,
      mode: ComputeMode, kernels: KernelSet
    ) {
      self.weights = weights
      attention = DynamicMaskAttention(
        weights.attention, config: config, layout: layout, mode: mode, kernels: kernels)
      feedForward = FeedForward(weights, config: config, mode: mode, kernels: kernels)
    }
  }

  /// Takes a model's weights where they lie; nothing is copied but small vectors.
  ///
  /// - Parameters:
  ///   - stored: the model's file.
  ///   - compute: computes it; results do not depend on kernels and threads.
  ///   - mode: how products with quantized matrices are computed.
  ///   - cache: what keys and values are kept in; nil for int8 where `mode` makes a difference to
  ///     the model, that is in fast mode with quantized matrices, and else f32.
  public convenience init(
    _ stored: StoredModel, compute: Compute, mode: ComputeMode = .exact, cache: KVCacheType? = nil
  ) {
    self.init(stored, compute: compute, mode: mode, cache: cache, tap: nil) { _ in stored }
  }

  /// A model with some tensors of another one that differs from it in their values alone.
  package convenience init(
    _ stored: StoredModel, with tensors: Set<Int>, of other: StoredModel, compute: Compute,
    mode: ComputeMode
  ) {
    self.init(stored, compute: compute, mode: mode, cache: nil, tap: nil) {
      tensors.contains($0) ? other : stored
    }
  }

  /// The same, with someone who is shown what the matrices are multiplied by.
  package convenience init(
    _ stored: StoredModel, compute: Compute, mode: ComputeMode = .exact, tap: InputTap?
  ) {
    self.init(stored, compute: compute, mode: mode, cache: nil, tap: tap) { _ in stored }
  }

  private init(
    _ stored: StoredModel, compute: Compute, mode: ComputeMode, cache: KVCacheType?,
    tap: InputTap?, owner: @escaping (_ tensor: Int) -> StoredModel
  ) {
    self.stored = stored
    config = stored.config
    layout = stored.layout
    self.mode = mode
    cacheType = cache ?? (mode == .fast && stored.isQuantized ? .int8 : .f32)
    weights = ModelWeights(stored, owner: owner, kernels: compute.kernels) { owner, index, bias in
      Linear(weight: owner.matrix(of: owner.tensors[index]), bias: bias)
    }
    reorders = stored.tensors.indices.contains { owner($0).tensors[$0].order != nil }
    layer = LayerCompute(compute: compute, tap: tap)
    head = LinearGroup([weights.head], mode: mode)
    blocks = (0..<compute.pool.threadCount).map { [weights] _ in
      weights.blocks.map {
        Block(
          $0.shared(), config: stored.config, layout: stored.layout, mode: mode,
          kernels: compute.kernels)
      }
    }
    rotary = RotaryTable(RotaryEmbedding(config))
    teamSize = TeamSize(threads: compute.pool.threadCount)
  }

  /// An empty cache for sequences of this model.
  ///
  /// - Parameter maximum: the most tokens it will take; memory grows with use.
  /// - Returns: the cache.
  public func makeCache(maximum: Int) -> KVCache {
    KVCache(
      shape: .init(
        layers: config.layerCount, kvHeads: config.keyValueHeadCount,
        headDimension: config.headDimension, maskRows: layout.maskRows,
        visibility: KeyVisibility(config, layout)), type: cacheType, maximum: maximum)
  }

  /// Runs a call: some tokens that follow those in the cache.
  ///
  /// - Parameters:
  ///   - tokens: ids, each below the vocabulary's size.
  ///   - cache: the sequence so far; the tokens are added to it.
  ///   - workspace: memory for activations.
  ///   - routing: how experts are chosen.
  ///   - wanted: of how many of the last tokens the output is wanted; nil for all. Others need not
  ///     pass the last block.
  /// - Returns: the last block's output `[tokens, d]`, for `logits`; rows that are not wanted hold
  ///   no output.
  /// - Throws: `ModelError` for a token outside the vocabulary or a full cache.
  public func forward(
    _ tokens: [Int], cache: KVCache, workspace: Workspace = Workspace(),
    routing: ExpertRouting = .hf, wanted: Int? = nil
  ) throws(ModelError) -> FloatMatrix {
    try run(
      [SequenceCall(tokens, cache: cache)], workspace: workspace, routing: routing, wanted: wanted)
  }

  /// Runs a call of several sequences, each of which gets what a call of its own would give it.
  ///
  /// The matrices are read once for all of them.
  ///
  /// - Parameters:
  ///   - sequences: what is added to each; no two share a cache.
  ///   - workspace: memory for activations.
  ///   - routing: how experts are chosen; with `hf` the tokens of one sequence are mixed.
  /// - Returns: the last block's output `[all tokens, d]`, one sequence behind the other.
  /// - Throws: `ModelError` for a token outside the vocabulary or a full cache; then no cache has
  ///   changed.
  public func forward(
    _ sequences: [SequenceCall], workspace: Workspace = Workspace(),
    routing: ExpertRouting = .hf
  ) throws(ModelError) -> FloatMatrix {
    precondition(
      Set(sequences.map { ObjectIdentifier($0.cache) }).count == sequences.count,
      "two sequences in one cache")
    guard !sequences.isEmpty else { return FloatMatrix(rows: 0, columns: config.hiddenSize) }
    return try run(sequences, workspace: workspace, routing: routing, wanted: nil)
  }

  private func run(
    _ sequences: [SequenceCall], workspace: Workspace, routing: ExpertRouting, wanted: Int?
  ) throws(ModelError) -> FloatMatrix {
    let start = monotonicSeconds()
    let pass = try pass(sequences, workspace: workspace, routing: routing)
    let rows = pass.x.rows
    pass.run(wanted: min(wanted ?? rows, rows))
    if rows == 1 { teamSize.note(seconds: monotonicSeconds() - start) }
    for sequence in sequences { sequence.cache.count += sequence.tokens.count }
    return pass.x
  }

  /// Runs a call and shows what happens in it.
  ///
  /// - Parameters:
  ///   - tokens: ids, each below the vocabulary's size.
  ///   - cache: the sequence so far; the tokens are added to it.
  ///   - workspace: memory for activations.
  ///   - routing: how experts are chosen.
  ///   - observe: is shown `[tokens, d]` after the embedding, and after each block's attention and
  ///     feed-forward part. Where it throws, the tokens are not in the cache.
  /// - Returns: the last block's output `[tokens, d]`, for `logits`.
  /// - Throws: `ModelError` for a token outside the vocabulary or a full cache, and what `observe`
  ///   throws.
  public func forward(
    _ tokens: [Int], cache: KVCache, workspace: Workspace = Workspace(),
    routing: ExpertRouting = .hf,
    observe: (_ state: HiddenState, _ hidden: FloatMatrix) throws -> Void
  ) throws -> FloatMatrix {
    let pass = try pass(
      [SequenceCall(tokens, cache: cache)], workspace: workspace, routing: routing)
    try observe(.embedding, pass.x)
    for state in HiddenState.steps(of: config.layerCount) {
      pass.run(state)
      try observe(state, pass.x)
    }
    cache.count += tokens.count
    return pass.x
  }

  private func pass(
    _ sequences: [SequenceCall], workspace: Workspace, routing: ExpertRouting
  ) throws(ModelError) -> ForwardPass {
    for sequence in sequences { try check(sequence.tokens, from: sequence.cache.count) }
    for sequence in sequences { try sequence.cache.reserve(sequence.tokens.count) }
    let x = embed(sequences.count == 1 ? sequences[0].tokens : sequences.flatMap(\.tokens))
    return ForwardPass(
      self, x, sequences: sequences.map { ($0.cache, $0.tokens.count) }, workspace: workspace,
      routing: routing, members: members(rows: x.rows))
  }

  /// How many threads a call of so many tokens, or rows of logits, is given.
  func members(rows: Int) -> Int { rows == 1 ? teamSize.count : layer.compute.pool.threadCount }

  /// Finds a token of a call that is none of the model's.
  func check(_ tokens: [Int], from position: Int) throws(ModelError) {
    guard let index = tokens.firstIndex(where: { !(0..<config.vocabularySize).contains($0) })
    else { return }
    throw .tokenOutOfRange(
      token: tokens[index], position: position + index, vocabulary: config.vocabularySize)
  }

  /// The embedding of tokens of the model, `[tokens, d]`.
  func embed(_ tokens: [Int]) -> FloatMatrix {
    let x = FloatMatrix(rows: tokens.count, columns: config.hiddenSize)
    layer.compute.rows(tokens, of: weights.embedding.weight, into: x)
    return x
  }
}
