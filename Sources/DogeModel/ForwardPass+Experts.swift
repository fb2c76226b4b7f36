import DogeArchitecture
import Kernels
import Parallel

// The Cross Domain Mixture of Experts, as a member of the team runs it.

extension MemberPass {
  /// Whether a call has several blocks, whose tokens `hf` routing mixes: their router's output is
  /// computed before the blocks.
  func isRoutedAhead(_ share: CallShare) -> Bool {
    x.rows > LayerBuffers.rows(of: x.rows, members: share.member.count)
  }

  /// The router's output for all tokens of a call of several blocks.
  func routeAhead(_ block: DogeModel.Block, _ rows: Range<Int>, _ share: CallShare) {
    guard let mixture = block.feedForward.mixture, isRoutedAhead(share) else { return }
    for part in parts(of: rows, share) {
      project(
        part, block.weights.postNorm, by: mixture.router, into: work.routerOutput, share)
      publish(part)
    }
    share.member.meet()
  }

  /// Shows the router's output for a part's rows to all members, where each has some of the tokens.
  func publishScores(_ part: CallPart, _ share: CallShare) {
    if !isRoutedAhead(share) { publish(part) }
  }

  private func publish(_ part: CallPart) {
    guard let routerScores else { return }
    for (row, token) in zip(part.inMatrices, part.inCall) {
      routerScores[token].copy(work.routerScores[row])
    }
  }

  /// projected += Σ_e act(down_e · h) · w_e · up_e, for the part's rows h in `normed`.
  func addExperts(_ block: DogeModel.Block, _ part: CallPart, _ share: CallShare) {
    guard let mixture = block.feedForward.mixture else { return }
    let kernels = block.feedForward.kernels
    choose(part, mixture.sizes, share)
    // Few tokens: all members share the rows of experts that they fetch.
    let fetched = share.splitsTokens ? work.mine.experts : work.experts
    let columns = share.columns(of: x.columns)
    for first in stride(from: 0, to: part.count, by: LayerBuffers.expertTokens) {
      let count = min(LayerBuffers.expertTokens, part.count - first)
      let items = count * mixture.sizes.perToken
      mixture.score(
        share.splitsTokens ? 0..<items : share.member.share(of: items), work.mine.normed,
        from: first, work.mine.choices, into: fetched, kernels)
      share.meetBehindProduct()
      for index in 0..<count {
        let scores = work.mine.expertWeights[0]
        scores.copy(fetched.scores[index])
        kernels.activate(
          scores, block.feedForward.activation, times: work.mine.choices.weights[first + index])
        let sum = work.mine.expertSum[0].part(columns)
        sum.fill(0)
        for rank in 0..<mixture.sizes.perToken {
          let row = fetched.rows[index * mixture.sizes.perToken + rank]
          kernels.axpy(scores[rank], row.part(columns), into: sum)
        }
        let y = work.projected[part.inMatrices.lowerBound + first + index]
        kernels.add(sum, to: y.part(columns))
      }
      share.meetBehindProduct()
    }
  }

  /// Chooses the experts of the part's rows.
  private func choose(_ part: CallPart, _ sizes: MixtureOfExperts, _ share: CallShare) {
    let scores = routerScores ?? work.routerScores
    for sequence in sequences {
      let rows = part.inCall.clamped(to: sequence.rows)
      guard !rows.isEmpty else { continue }
      let router = ExpertRouter(
        keyCount: sizes.keyCount, routing: routing, scores: scores, rows: sequence.rows)
      let first = part.inCall.lowerBound
      work.mine.choices.choose(rows.lowerBound - first..<rows.upperBound - first) {
        router.halves(of: first + $0 - sequence.rows.lowerBound)
      }
    }
    if let tap, share.splitsTokens || share.member.index == 0 {
      tap.take(work.mine.choices, tokens: part.count)
    }
  }
}
