import DogeArchitecture
import Kernels

/// Memory for the activations of a model's calls, which grows as it is needed.
///
/// One call uses it at a time. Who makes many calls keeps one, so that they do not allocate.
public final class Workspace {
  private var buffers: LayerBuffers?

  /// Memory that nothing is in yet.
  public init() {}

  /// Buffers for a call of so many tokens.
  func buffers(_ config: DogeConfig, tokens: Int) -> LayerBuffers {
    if let buffers, buffers.holds(tokens: tokens, of: config) { return buffers }
    let fresh = LayerBuffers(config, tokens: tokens)
    buffers = fresh
    return fresh
  }
}

/// Memory for the activations of one block of tokens; its size does not depend on a call's length.
///
/// One call uses it at a time.
package final class LayerBuffers: @unchecked Sendable {
  /// Tokens that pass through a layer at once: the weights are read once for all of them.
  package static let blockTokens = 128
  /// Tokens whose experts' rows are held at once.
  static let expertTokens = 8

  let normed: FloatMatrix  // [block, d]
  let packed: PackedRows  // whatever is multiplied next
  let q: FloatMatrix  // [block, H hd]
  let k: FloatMatrix  // [block, KV hd]
  let v: FloatMatrix  // [block, KV hd]
  let attended: FloatMatrix  // [block, H hd]
  let projected: FloatMatrix  // of half a layer, [block, d]
  let gate: FloatMatrix  // [block, I]
  let up: FloatMatrix  // [block, I]
  let routerScores: FloatMatrix  // [block, 2K]
  let expertScores: FloatMatrix  // [expert tokens, experts per token]
  let expertRows: FloatMatrix  // [expert tokens * experts per token, d]
  let expertSums: FloatMatrix  // [expert tokens, d]

  // The same as outputs of products.
  let qkv: ProductOutputs
  let gateAndUp: ProductOutputs
  let gateUpAndRouter: ProductOutputs
  let routerOutput: ProductOutputs
  let projection: ProductOutputs

  private let config: DogeConfig
  private var choices: ExpertChoices?
  private var scratch: [AttentionScratch] = []

  init(_ config: DogeConfig, tokens: Int) {
    let rows = min(tokens, Self.blockTokens)
    self.config = config
    let queries = config.headCount * config.headDimension
    let values = config.keyValueHeadCount * config.headDimension
    normed = FloatMatrix(rows: rows, columns: config.hiddenSize)
    packed = PackedRows(
      rows: rows, columns: max(config.hiddenSize, config.intermediateSize, queries))
    q = FloatMatrix(rows: rows, columns: queries)
    k = FloatMatrix(rows: rows, columns: values)
    v = FloatMatrix(rows: rows, columns: values)
    attended = FloatMatrix(rows: rows, columns: queries)
    projected = FloatMatrix(rows: rows, columns: config.hiddenSize)
    gate = FloatMatrix(rows: rows, columns: config.intermediateSize)
    up = FloatMatrix(rows: rows, columns: config.intermediateSize)
    let perToken = config.experts?.perToken ?? 0
    let expertTokens = perToken > 0 ? min(rows, Self.expertTokens) : 0
    routerScores = FloatMatrix(rows: rows, columns: 2 * (config.experts?.keyCount ?? 0))
    expertScores = FloatMatrix(rows: expertTokens, columns: perToken)
    expertRows = FloatMatrix(rows: expertTokens * perToken, columns: config.hiddenSize)
    expertSums = FloatMatrix(rows: expertTokens, columns: config.hiddenSize)
    qkv = ProductOutputs([q, k, v])
    gateAndUp = ProductOutputs([gate, up])
    gateUpAndRouter = ProductOutputs([gate, up, routerScores])
    routerOutput = ProductOutputs([routerScores])
    projection = ProductOutputs([projected])
  }

  /// Whether it has room for a block of a call of so many tokens of that model.
  func holds(tokens: Int, of config: DogeConfig) -> Bool {
    normed.rows >= min(tokens, Self.blockTokens) && config == self.config
  }

  /// Memory for the experts of a call's tokens.
  func expertChoices(tokens: Int, perToken: Int) -> ExpertChoices {
    if let choices, choices.weights.rows >= tokens { return choices }
    let fresh = ExpertChoices(tokens: tokens, perToken: perToken)
    choices = fresh
    return fresh
  }

  /// Memory for attention, for each of so many threads.
  func attentionScratch(threads: Int, queries: Int, keys: Int) -> [AttentionScratch] {
    if scratch.count < threads || !scratch[0].holds(queries: queries, keys: keys) {
      // Room to grow into, so that decoding does not allocate for every token.
      let room = max(keys + keys / 2, 64)
      scratch = (0..<threads).map { _ in
        AttentionScratch(queries: queries, headDimension: config.headDimension, keys: room)
      }
    }
    return scratch
  }
}

/// Memory for logits and what leads to them.
public final class LogitsBuffer: Sendable {
  /// How many rows it has room for.
  public let rows: Int
  let normed: FloatMatrix  // [rows, d]
  let packed: PackedRows
  let logits: FloatMatrix  // [rows, V]
  let output: ProductOutputs

  init(_ config: DogeConfig, rows: Int) {
    self.rows = rows
    normed = FloatMatrix(rows: rows, columns: config.hiddenSize)
    packed = PackedRows(rows: rows, columns: config.hiddenSize)
    logits = FloatMatrix(rows: rows, columns: config.vocabularySize)
    output = ProductOutputs([logits])
  }
}
