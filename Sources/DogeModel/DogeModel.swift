import CKernels
import DogeArchitecture
import Kernels
import ModelFile
import Parallel
import TensorCore

/// A Doge model that runs on the bytes of a `.kibble` file.
///
/// In either mode logits are the same to the bit for any number of threads, any kernel set and
/// any split of a sequence into calls, but for what formats/numerics.md says of a call's length.
///
///     x = embedding[token]
///     for each block:  x = input_residual ⊙ x + Attention(RMSNorm(x))
///                      x = post_residual ⊙ x + FeedForward(RMSNorm(x))
///     logits = head · RMSNorm(x)
public final class DogeModel: Sendable {
  /// The model's config.
  public let config: DogeConfig
  /// The layout of the checkpoint that it comes from.
  public let layout: CheckpointLayout
  /// The file that holds the weights.
  public let stored: StoredModel
  let weights: ModelWeights
  let compute: Compute
  /// How products with quantized matrices are computed.
  public var mode: ComputeMode { compute.mode }
  private let rotary: RotaryTable
  private let blocks: [Block]

  /// One block of the model.
  private final class Block: Sendable {
    let weights: LayerWeights
    let attention: DynamicMaskAttention
    let feedForward: FeedForward

    init(
      _ weights: LayerWeights, config: DogeConfig, layout: CheckpointLayout, compute: Compute
    ) {
      self.weights = weights
      attention = DynamicMaskAttention(
        weights.attention, config: config, layout: layout, compute: compute)
      feedForward = FeedForward(weights, config: config, compute: compute)
    }
  }

  /// Takes a model's weights where they lie; nothing is copied but small vectors.
  ///
  /// - Parameters:
  ///   - stored: the model's file.
  ///   - kernels: compute it; the results do not depend on them.
  ///   - pool: the threads that run them.
  ///   - mode: how products with quantized matrices are computed.
  public convenience init(
    _ stored: StoredModel, kernels: KernelSet, pool: ThreadPool, mode: ComputeMode = .exact
  ) {
    self.init(stored, kernels: kernels, pool: pool, mode: mode, tap: nil)
  }

  /// The same, with someone who is shown what the matrices are multiplied by.
  package init(
    _ stored: StoredModel, kernels: KernelSet, pool: ThreadPool, mode: ComputeMode = .exact,
    tap: InputTap?
  ) {
    self.stored = stored
    config = stored.config
    layout = stored.layout
    weights = ModelWeights(stored, kernels: kernels)
    let compute = Compute(kernels: kernels, pool: pool, mode: mode, tap: tap)
    self.compute = compute
    blocks = weights.layers.map {
      Block($0, config: stored.config, layout: stored.layout, compute: compute)
    }
    rotary = RotaryTable(
      RotaryEmbedding(
        parameters: config.rope, headDimension: config.headDimension,
        maxPositions: config.maxPositions))
  }

  /// An empty cache for sequences of this model.
  ///
  /// - Parameter maximum: the most tokens it will take; memory grows with use.
  /// - Returns: the cache.
  public func makeCache(maximum: Int) -> KVCache {
    KVCache(
      shape: .init(
        layers: config.layerCount, kvHeads: config.keyValueHeadCount,
        headDimension: config.headDimension, maskRows: layout.maskRows), maximum: maximum)
  }

  /// Runs a call: some tokens that follow those in the cache.
  ///
  /// - Parameters:
  ///   - tokens: ids, each below the vocabulary's size.
  ///   - cache: the sequence so far; the tokens are added to it.
  ///   - routing: how experts are chosen.
  ///   - observe: is shown `[tokens, d]` after the embedding (0) and after each block (1, 2, …).
  /// - Returns: the last block's output `[tokens, d]`, for `logits`.
  /// - Throws: `ModelError` for a token outside the vocabulary or a full cache.
  public func forward(
    _ tokens: [Int], cache: KVCache, routing: ExpertRouting = .hf,
    observe: (_ index: Int, _ hidden: FloatMatrix) throws -> Void = { _, _ in }
  ) throws -> FloatMatrix {
    let x = try embed(tokens, after: cache.count)
    try cache.reserve(tokens.count)
    let call = cache.count..<cache.count + tokens.count
    let rotation = rotary.table(for: call)
    let work = cache.workspace(config, tokens: tokens.count)
    try observe(0, x)
    for index in blocks.indices {
      attend(x, index, from: call.lowerBound, cache: cache, rotation: rotation, work)
      feed(x, blocks[index], routing: routing, work)
      try observe(index + 1, x)
    }
    cache.count = call.upperBound
    return x
  }

  /// x = input_residual ⊙ x + Attention(RMSNorm(x)) for a call's tokens.
  private func attend(
    _ x: FloatMatrix, _ layer: Int, from start: Int, cache: KVCache, rotation: RotaryTable.Rows,
    _ work: Workspace
  ) {
    let block = blocks[layer]
    forBlocks(of: x) { rows in
      norm(x, rows, block.weights.inputNorm, work)
      block.attention.run(
        work, positions: start + rows.lowerBound..<start + rows.upperBound,
        cache: cache.layers[layer], rotation: rotation)
      compute.gatedAdd(x, rows: rows, gate: block.weights.inputResidual, work.projected)
    }
  }

  /// x = post_residual ⊙ x + FeedForward(RMSNorm(x)) for a call's tokens.
  private func feed(
    _ x: FloatMatrix, _ block: Block, routing: ExpertRouting, _ work: Workspace
  ) {
    let isOneBlock = x.rows <= Workspace.blockTokens
    let chosen =
      isOneBlock
      ? nil
      : block.feedForward.chooseExperts(work, tokens: x.rows, routing: routing) { body in
        forBlocks(of: x) { rows in
          norm(x, rows, block.weights.postNorm, work)
          body(rows)
        }
      }
    forBlocks(of: x) { rows in
      norm(x, rows, block.weights.postNorm, work)
      block.feedForward.run(
        work, tokens: rows.count, routing: routing, chosen: chosen, first: rows.lowerBound)
      compute.gatedAdd(x, rows: rows, gate: block.weights.postResidual, work.projected)
    }
  }

  // MARK: one step at a time, for calibration

  /// The embedding of a sequence's tokens, `[tokens, d]`.
  ///
  /// - Throws: `ModelError` for a token outside the vocabulary.
  package func embedding(of tokens: [Int]) throws(ModelError) -> FloatMatrix {
    try embed(tokens, after: 0)
  }

  /// What a step of the model normalizes before its matrices multiply it.
  package enum NormedInput {
    case attention(layer: Int)
    case feedForward(layer: Int)
    case head
  }

  /// RMSNorm of all rows of `x`, as the matrices of that step get it.
  package func normed(_ x: FloatMatrix, for input: NormedInput) -> FloatMatrix {
    let weight =
      switch input {
      case .attention(let layer): weights.layers[layer].inputNorm
      case .feedForward(let layer): weights.layers[layer].postNorm
      case .head: weights.finalNorm
      }
    let out = FloatMatrix(rows: x.rows, columns: x.columns)
    compute.rmsNorm(
      x, rows: 0..<x.rows, weight: weight, epsilon: config.rmsNormEpsilon, into: out)
    return out
  }

  /// Runs a block's attention over a whole sequence, in place.
  ///
  /// - Parameters:
  ///   - x: the block's input `[tokens, d]`, which becomes attention's output with the residual.
  ///   - layer: which block.
  ///   - cache: any cache of this model with room for the sequence; what it held is lost.
  /// - Throws: `ModelError` for a cache that is too small.
  package func attend(_ x: FloatMatrix, layer: Int, cache: KVCache) throws(ModelError) {
    cache.truncate(to: 0)
    try cache.reserve(x.rows)
    attend(
      x, layer, from: 0, cache: cache,
      rotation: rotary.table(for: 0..<x.rows), cache.workspace(config, tokens: x.rows))
  }

  /// Runs a block's feed-forward part over a whole sequence, in place.
  ///
  /// - Parameters:
  ///   - x: attention's output with the residual, which becomes the block's output.
  ///   - layer: which block.
  ///   - cache: lends its workspace.
  package func feed(_ x: FloatMatrix, layer: Int, cache: KVCache) {
    feed(x, blocks[layer], routing: .hf, cache.workspace(config, tokens: x.rows))
  }

  /// Logits of some rows of a call's result.
  ///
  /// - Parameters:
  ///   - hidden: what `forward` returned.
  ///   - rows: which of its rows.
  /// - Returns: `[rows, vocabulary]`.
  public func logits(_ hidden: FloatMatrix, rows: Range<Int>) -> FloatMatrix {
    logits(hidden, rows: rows, in: makeLogitsBuffer(rows: rows.count))
  }

  /// Logits of some rows of a call's result, in memory that is used again.
  ///
  /// - Parameters:
  ///   - hidden: what `forward` returned.
  ///   - rows: which of its rows; at most the buffer's.
  ///   - buffer: where the result goes.
  /// - Returns: `[buffer rows, vocabulary]`, of which the first hold the result until the next
  ///   call with that buffer.
  public func logits(
    _ hidden: FloatMatrix, rows: Range<Int>, in buffer: LogitsBuffer
  ) -> FloatMatrix {
    precondition(rows.count <= buffer.rows, "the buffer has fewer rows")
    compute.rmsNorm(
      hidden, rows: rows, weight: weights.finalNorm, epsilon: config.rmsNormEpsilon,
      into: buffer.normed)
    compute.pack(buffer.normed, tokens: rows.count, into: buffer.packed, for: weights.head)
    compute.multiply(
      buffer.packed, tokens: rows.count, by: weights.head, into: [buffer.logits.view])
    return buffer.logits
  }

  /// Memory for the logits of so many rows.
  public func makeLogitsBuffer(rows: Int) -> LogitsBuffer {
    LogitsBuffer(config, rows: rows)
  }

  /// How many rows `logits` should be asked for at once, to keep its result at some 16 MB.
  public var logitsBlock: Int {
    max(1, min(Workspace.blockTokens, (4 << 20) / config.vocabularySize))
  }

  private func embed(_ tokens: [Int], after start: Int) throws(ModelError) -> FloatMatrix {
    for (index, token) in tokens.enumerated() where !(0..<config.vocabularySize).contains(token) {
      throw .tokenOutOfRange(
        token: token, position: start + index, vocabulary: config.vocabularySize)
    }
    let x = FloatMatrix(rows: tokens.count, columns: config.hiddenSize)
    compute.pool.forRanges(of: tokens.count) { part in
      for row in part {
        compute.kernels.row(tokens[row], of: weights.embedding, into: x, at: row)
      }
    }
    return x
  }

  private func norm(
    _ x: FloatMatrix, _ rows: Range<Int>, _ weight: FloatMatrix, _ work: Workspace
  ) {
    compute.rmsNorm(
      x, rows: rows, weight: weight, epsilon: config.rmsNormEpsilon, into: work.normed)
  }

  private func forBlocks(of x: FloatMatrix, _ body: (_ rows: Range<Int>) -> Void) {
    for start in stride(from: 0, to: x.rows, by: Workspace.blockTokens) {
      body(start..<min(start + Workspace.blockTokens, x.rows))
    }
  }
}
