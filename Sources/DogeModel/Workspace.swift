import DogeArchitecture
import Kernels
import TensorCore

/// Memory for the activations of a model's calls, which grows as it is needed.
///
/// One call uses it at a time. Who makes many calls keeps one, so that they do not allocate.
public final class Workspace {
  private var buffers: [LayerBuffers] = []
  private var scratch: [AttentionScratch] = []
  private var codedScratch: [CodedScratch] = []
  private var sharedParts: AttentionParts?
  /// Of the heads that the memory for attention is for.
  private var headDimension = 0

  /// Memory that nothing is in yet.
  public init() {}

  /// The same buffers for each member of a team, for a call of so many tokens; of a model that
  /// `reorders`, with room for outputs that are not in order yet.
  func buffers(
    _ config: DogeConfig, tokens: Int, members: Int, reorders: Bool
  ) -> [LayerBuffers] {
    if let first = buffers.first, buffers.count >= members,
      first.holds(tokens: tokens, members: members, of: config, reorders: reorders)
    {
      return buffers
    }
    let first = LayerBuffers(config, tokens: tokens, members: members, reorders: reorders)
    buffers = [first] + (1..<max(1, members)).map { _ in first.shared() }
    return buffers
  }

  /// Drops memory for attention of another model, whose heads have another size.
  private func fit(_ headDimension: Int) {
    guard headDimension != self.headDimension else { return }
    (scratch, codedScratch, sharedParts) = ([], [], nil)
    self.headDimension = headDimension
  }

  /// Memory for attention, of so many threads or heads.
  func scratch(_ count: Int, queries: Int, headDimension: Int, keys: Int) -> [AttentionScratch] {
    fit(headDimension)
    if scratch.count < count || !scratch[0].holds(queries: queries, keys: keys) {
      // Room to grow into, so that decoding does not allocate for every token.
      let room = max(keys + keys / 2, 64)
      scratch = (0..<count).map { _ in
        AttentionScratch(queries: queries, headDimension: headDimension, keys: room)
      }
    }
    return scratch
  }
}

extension Workspace {
  /// Memory for attention to codes, for each of so many threads.
  func codedScratch(_ threads: Int, queries: Int, headDimension: Int) -> [CodedScratch] {
    fit(headDimension)
    if codedScratch.count < threads || codedScratch[0].queries.count < queries {
      codedScratch = (0..<threads).map { _ in
        CodedScratch(queries: queries, headDimension: headDimension)
      }
    }
    return codedScratch
  }

  /// Memory for what so many blocks of keys give to a few queries.
  func sharedParts(queries: Int, headDimension: Int, slots: Int) -> AttentionParts {
    fit(headDimension)
    if let sharedParts, sharedParts.queries >= queries, sharedParts.slots >= slots {
      return sharedParts
    }
    // Room to grow into: it is little beside what the cache takes.
    let fresh = AttentionParts(
      queries: queries, headDimension: headDimension, slots: slots + slots / 2 + 4)
    sharedParts = fresh
    return fresh
  }
}

/// Memory for the activations of one block of tokens; its size does not depend on a call's length.
///
/// One call uses it at a time.
package final class LayerBuffers: @unchecked Sendable {
  /// Tokens that pass through a layer at once, of two threads: the weights are read once for those
  /// of a thread.
  package static let blockTokens = 128
  /// Tokens whose experts' rows are held at once.
  static let expertTokens = 8

  // Of all members, whose tokens or tiles are disjoint.
  let q: FloatMatrix  // [block, H hd]
  let k: FloatMatrix  // [block, KV hd]
  let v: FloatMatrix  // [block, KV hd]
  let attended: FloatMatrix  // [block, H hd]
  let projected: FloatMatrix  // of half a layer, [block, d]
  let gate: FloatMatrix  // [block, I]
  let up: FloatMatrix  // [block, I]
  let routerScores: FloatMatrix  // [block, 2K]
  /// Outputs of a product before they are in the matrices' order, `[block, …]`.
  private let stored: FloatMatrix?
  let experts: ExpertRows
  /// Of one member.
  let mine: MemberBuffers

  // The same as outputs of products.
  let qkv: ProductOutputs
  let kv: ProductOutputs
  let gateAndUp: ProductOutputs
  let gateUpAndRouter: ProductOutputs
  let routerOutput: ProductOutputs
  let projection: ProductOutputs

  private let config: DogeConfig

  convenience init(_ config: DogeConfig, tokens: Int, members: Int, reorders: Bool) {
    let rows = Self.rows(of: tokens, members: members)
    let queries = config.headCount * config.headDimension
    let values = config.keyValueHeadCount * config.headDimension
    let routerOutputs = 2 * (config.experts?.keyCount ?? 0)
    let products = [
      [queries, values, values], [config.intermediateSize, config.intermediateSize, routerOutputs],
      [config.hiddenSize],
    ]
    let widest = products.map(ProductOutputs.storedColumns).max() ?? 0
    self.init(
      config,
      [
        queries, values, values, queries, config.hiddenSize, config.intermediateSize,
        config.intermediateSize, routerOutputs,
      ].map { FloatMatrix(rows: rows, columns: $0) },
      stored: reorders ? FloatMatrix(rows: rows, columns: widest) : nil,
      ExpertRows(config, rows: rows),
      MemberBuffers(config, rows: Self.rowsOfMember(tokens: tokens, members: members)))
  }

  private init(
    _ config: DogeConfig, _ matrices: [FloatMatrix], stored: FloatMatrix?, _ experts: ExpertRows,
    _ mine: MemberBuffers
  ) {
    self.config = config
    self.stored = stored
    self.experts = experts
    self.mine = mine
    (q, k, v, attended) = (matrices[0], matrices[1], matrices[2], matrices[3])
    (projected, gate, up, routerScores) = (matrices[4], matrices[5], matrices[6], matrices[7])
    qkv = ProductOutputs([q, k, v], stored: stored)
    kv = ProductOutputs([k, v], stored: stored)
    gateAndUp = ProductOutputs([gate, up], stored: stored)
    gateUpAndRouter = ProductOutputs([gate, up, routerScores], stored: stored)
    routerOutput = ProductOutputs([routerScores], stored: stored)
    projection = ProductOutputs([projected], stored: stored)
  }

  /// The same for another member, by objects of its own (`FloatMatrix.shared`).
  func shared() -> LayerBuffers {
    LayerBuffers(
      config, [q, k, v, attended, projected, gate, up, routerScores].map { $0.shared() },
      stored: stored?.shared(), experts.shared(), MemberBuffers(config, rows: mine.normed.rows))
  }

  /// Whether it has room for a block of a call of so many tokens of that model.
  func holds(tokens: Int, members: Int, of config: DogeConfig, reorders: Bool) -> Bool {
    q.rows >= Self.rows(of: tokens, members: members)
      && mine.normed.rows >= Self.rowsOfMember(tokens: tokens, members: members)
      && config == self.config && (stored != nil || !reorders)
  }

  /// Rows of a block of a call of so many tokens: all blocks but the last are as long, and as long
  /// as the shares of the members allow.
  static func rows(of tokens: Int, members: Int) -> Int {
    let grain = CallShare.tokensOfAMember * members
    guard tokens >= grain else { return tokens }
    let most = max(blockTokens, 64 * members)
    let blocks = (tokens + most - 1) / most
    return ((tokens + blocks - 1) / blocks).roundedUp(to: grain)
  }

  /// Rows that a member brings through at once.
  private static func rowsOfMember(tokens: Int, members: Int) -> Int {
    // The last block, and the last block's output of a long call, may be few rows.
    max(
      min(tokens, CallShare.tokensOfAMember * members),
      rows(of: tokens, members: members) / members)
  }
}

/// The memory of one member of a team: what it makes of its rows, or of all, for itself.
final class MemberBuffers: Sendable {
  let x: FloatMatrix  // a copy of the residual stream, [rows, d]
  let normed: FloatMatrix  // [rows, d]
  let packed: PackedRows  // whatever is multiplied next
  let choices: ExpertChoices  // of each row
  let experts: ExpertRows
  let expertWeights: FloatMatrix  // [experts per token]
  let expertSum: FloatMatrix  // [d]

  init(_ config: DogeConfig, rows: Int) {
    let widest = max(
      config.hiddenSize, config.intermediateSize, config.headCount * config.headDimension)
    let perToken = config.experts?.perToken ?? 0
    x = FloatMatrix(rows: rows, columns: config.hiddenSize)
    normed = FloatMatrix(rows: rows, columns: config.hiddenSize)
    packed = PackedRows(rows: rows, columns: widest)
    choices = ExpertChoices(tokens: perToken > 0 ? rows : 0, perToken: perToken)
    experts = ExpertRows(config, rows: rows)
    expertWeights = FloatMatrix(rows: 1, columns: perToken)
    expertSum = FloatMatrix(rows: 1, columns: config.hiddenSize)
  }
}

/// Memory for what a few tokens' experts give.
final class ExpertRows: Sendable {
  let scores: FloatMatrix  // down_e · h, [expert tokens, experts per token]
  let rows: FloatMatrix  // up_e, [expert tokens * experts per token, d]

  init(_ config: DogeConfig, rows count: Int) {
    let perToken = config.experts?.perToken ?? 0
    let tokens = perToken > 0 ? min(count, LayerBuffers.expertTokens) : 0
    scores = FloatMatrix(rows: tokens, columns: perToken)
    rows = FloatMatrix(rows: tokens * perToken, columns: config.hiddenSize)
  }

  private init(sharing experts: ExpertRows) {
    (scores, rows) = (experts.scores.shared(), experts.rows.shared())
  }

  /// The same for another thread, by objects of its own.
  func shared() -> ExpertRows { ExpertRows(sharing: self) }
}

/// Memory for logits and what leads to them.
public final class LogitsBuffer: Sendable {
  /// How many rows it has room for.
  public let rows: Int
  let members: [Member]
  let logits: FloatMatrix  // [rows, V]
  let output: ProductOutputs

  init(_ config: DogeConfig, rows: Int, members: Int, reorders: Bool) {
    self.rows = rows
    self.members = (0..<members).map { _ in Member(config, rows: rows) }
    logits = FloatMatrix(rows: rows, columns: config.vocabularySize)
    output = ProductOutputs(
      [logits], stored: reorders ? FloatMatrix(rows: rows, columns: logits.columns) : nil)
  }

  /// What each member of a team has for itself.
  final class Member: Sendable {
    let normed: FloatMatrix  // [rows, d]
    let packed: PackedRows

    init(_ config: DogeConfig, rows: Int) {
      normed = FloatMatrix(rows: rows, columns: config.hiddenSize)
      packed = PackedRows(rows: rows, columns: config.hiddenSize)
    }
  }
}
