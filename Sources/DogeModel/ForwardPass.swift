import DogeArchitecture
import Kernels
import Parallel

/// A call's way through the blocks, as the members of a team run it side by side.
///
///     for each block:  x = input_residual ⊙ x + Attention(RMSNorm(x))
///                      x = post_residual ⊙ x + FeedForward(RMSNorm(x))
///
/// What it computes does not depend on their number: each sum is one thread's.
struct ForwardPass {
  /// The residual stream, `[tokens, d]`.
  let x: FloatMatrix
  private let members: [MemberPass]
  private let pool: ThreadPool
  private let tap: InputTap?

  /// Makes memory and tables ready for a call, whose rows of `x` go to the caches of some
  /// sequences, one behind the other; there is room for them.
  init(
    _ model: DogeModel, _ x: FloatMatrix, sequences: [(cache: KVCache, tokens: Int)],
    workspace: Workspace, routing: ExpertRouting, members count: Int
  ) {
    self.x = x
    pool = model.layer.compute.pool
    tap = model.layer.tap
    let config = model.config
    var first = 0
    let views = sequences.map { cache, tokens in
      defer { first += tokens }
      return CallSequence.views(
        of: cache, rows: first..<first + tokens, members: count, rotary: model.rotary)
    }
    let work = workspace.buffers(
      config, tokens: x.rows, members: count, reorders: model.reorders)
    let keys = sequences.reduce(0) { max($0, $1.cache.count + $1.tokens) }
    let longest = sequences.reduce(0) { max($0, $1.tokens) }
    let isCoded = model.cacheType == .int8
    let floats =
      isCoded
      ? []
      : FloatSchedule.scratch(workspace, config, members: count, tokens: longest, keys: keys)
    let codes =
      isCoded
      ? CodedSchedule.scratch(workspace, config, members: count, tokens: longest, keys: keys)
      : []
    let scores: FloatMatrix? =
      if let experts = config.experts, x.rows >= CallShare.tokensOfAMember * count {
        FloatMatrix(rows: x.rows, columns: 2 * experts.keyCount)
      } else { nil }
    members = (0..<count).map { index in
      MemberPass(
        blocks: model.blocks[index], kernels: model.layer.compute.kernels, tap: model.layer.tap,
        epsilon: config.rmsNormEpsilon, x: x.shared(), sequences: views.map { $0[index] },
        routing: routing, work: work[index],
        scratch: AttentionMemory(
          floats: floats.map { $0.shared() }, codes: isCoded ? codes[index] : nil),
        routerScores: scores?.shared())
    }
  }

  /// Runs all blocks.
  ///
  /// - Parameter wanted: how many of the last rows are brought through the last block; of the
  ///   others it computes keys and values alone. Of several sequences all.
  func run(wanted: Int) {
    pool.team(members.count) { member in members[member.index].run(member, wanted: wanted) }
  }

  /// Runs one step over all rows.
  func run(_ state: HiddenState) {
    tap?.begin(tokens: x.rows)
    pool.team(members.count) { member in members[member.index].run(state, member) }
    tap?.deliver()
  }
}

/// A forward pass as one member of the team runs it, by objects of its own: nothing here is counted
/// by two threads (`FloatMatrix.shared`).
struct MemberPass: Sendable {
  let blocks: [DogeModel.Block]
  let kernels: KernelSet
  let tap: InputTap?
  let epsilon: Float
  /// The residual stream, `[tokens, d]`.
  let x: FloatMatrix
  /// Whose rows they are.
  let sequences: [CallSequence]
  let routing: ExpertRouting
  let work: LayerBuffers
  let scratch: AttentionMemory
  /// The router's output for a call whose tokens are shared out, `[tokens, 2K]`.
  let routerScores: FloatMatrix?

  /// Runs all blocks.
  func run(_ member: TeamMember, wanted: Int) {
    let share = CallShare(member, tokens: x.rows)
    begin(0..<x.rows, share)
    for layer in blocks.indices.dropLast() {
      attend(layer, 0..<x.rows, share)
      feed(layer, 0..<x.rows, share)
    }
    finish(wanted: wanted, share)
  }

  /// Runs one step.
  func run(_ state: HiddenState, _ member: TeamMember) {
    let share = CallShare(member, tokens: x.rows)
    begin(0..<x.rows, share)
    switch state {
    case .embedding: break
    case .attention(let layer): attend(layer, 0..<x.rows, share)
    case .feedForward(let layer): feed(layer, 0..<x.rows, share)
    }
  }

  /// The last block; with experts for all tokens, since `hf` routing mixes them.
  private func finish(wanted: Int, _ share: CallShare) {
    guard let layer = blocks.indices.last else { return }
    let first = blocks[layer].feedForward.mixture == nil ? x.rows - wanted : 0
    var last = share
    if first > 0 {
      rememberOnly(layer, 0..<first, share)
      share.member.meet()
      last = CallShare(share.member, tokens: wanted)
      begin(first..<x.rows, last)
    }
    attend(layer, first..<x.rows, last)
    feed(layer, first..<x.rows, last)
  }

  /// Where all members bring all tokens through, each has a copy of their rows.
  private func begin(_ rows: Range<Int>, _ share: CallShare) {
    guard !share.splitsTokens, share.member.index > 0 else { return }
    for row in rows { work.mine.x[row - rows.lowerBound].copy(x[row]) }
  }
}
