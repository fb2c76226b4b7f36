import DogeArchitecture
import Kernels
import Parallel

// What a member of the team does in a layer, block by block.
//
// `rows` are those of the call that a step is for. What a member has for itself begins with the
// rows of its part.

extension MemberPass {
  /// x = input_residual ⊙ x + Attention(RMSNorm(x)).
  func attend(_ layer: Int, _ rows: Range<Int>, _ share: CallShare) {
    let block = blocks[layer]
    for part in parts(of: rows, share) {
      project(
        part, block.weights.inputNorm, by: block.attention.inputs, into: work.qkv, share)
      attend(part, block, layer, share)
      multiply(
        work.attended, part.inMatrices, part, by: block.attention.outputs, share.tiles,
        into: work.projection, share)
      share.meetBehindProduct()
      addResidual(part, block.weights.inputResidual, share)
    }
  }

  /// Keys and values of rows whose output nobody wants.
  func rememberOnly(_ layer: Int, _ rows: Range<Int>, _ share: CallShare) {
    let block = blocks[layer]
    for part in parts(of: rows, share) {
      project(
        part, block.weights.inputNorm, by: block.attention.keysAndValues, into: work.kv, share)
      remember(part, block, layer, share)
      share.meetBehindProduct()
    }
  }

  /// x = post_residual ⊙ x + FeedForward(RMSNorm(x)).
  func feed(_ layer: Int, _ rows: Range<Int>, _ share: CallShare) {
    let block = blocks[layer]
    let feedForward = block.feedForward
    routeAhead(block, rows, share)
    for part in parts(of: rows, share) {
      if let mixture = feedForward.mixture, !isRoutedAhead(share) {
        project(
          part, block.weights.postNorm, by: mixture.gateUpAndRouter, share.tilesAlike,
          into: work.gateUpAndRouter, share)
      } else {
        project(
          part, block.weights.postNorm, by: feedForward.gateAndUp, share.tilesAlike,
          into: work.gateAndUp, share)
      }
      let columns = share.columns(of: feedForward.intermediateSize)
      for row in part.inMatrices { feedForward.activate(work, row: row, columns: columns) }
      if feedForward.mixture == nil {
        share.meetBehindProduct()
      } else {
        publishScores(part, share)
        share.member.meet()
      }
      multiply(
        work.gate, part.inMatrices, part, by: feedForward.down, share.tiles, into: work.projection,
        share)
      addExperts(block, part, share)
      share.meetBehindProduct()
      addResidual(part, block.weights.postResidual, share)
    }
  }

  /// A product of RMSNorm(x), which stays in the member's `normed`.
  func project(
    _ part: CallPart, _ norm: FloatMatrix, by group: LinearGroup, _ tiles: TileShare? = nil,
    into outputs: ProductOutputs, _ share: CallShare
  ) {
    let (x, first) = residual(part, share)
    for row in 0..<part.count {
      kernels.rmsNorm(
        x[first + row], weight: norm[0], epsilon: epsilon, into: work.mine.normed[row])
    }
    multiply(
      work.mine.normed, 0..<part.count, part, by: group, tiles ?? share.tiles, into: outputs, share)
    if tiles == nil { share.meetBehindProduct() }
  }

  /// Multiplies a part's rows, which are those rows of `input`, by the member's share of tiles.
  ///
  /// What others make of outputs is there when all have met behind it, its own at once.
  private func multiply(
    _ input: FloatMatrix, _ rows: Range<Int>, _ part: CallPart, by group: LinearGroup,
    _ tiles: TileShare, into outputs: ProductOutputs, _ share: CallShare
  ) {
    if let tap, share.splitsTokens || share.member.index == 0 {
      tap.take(input, rows: rows, first: part.inCall.lowerBound, group)
    }
    kernels.pack(input, rows: rows, for: group, into: work.mine.packed)
    kernels.multiply(
      work.mine.packed, rows: part.count, by: group, share: tiles, into: outputs,
      from: part.inMatrices.lowerBound)
    guard group.reorders else { return }
    share.meetBehindProduct()
    kernels.putInOrder(outputs, rows: part.inMatrices, of: group, share: tiles)
  }

  /// x = gate ⊙ x + what half a layer gave.
  private func addResidual(
    _ part: CallPart, _ gate: FloatMatrix, _ share: CallShare
  ) {
    let (x, first) = residual(part, share)
    for row in 0..<part.count {
      kernels.gatedAdd(
        x[first + row], gate: gate[0], work.projected[part.inMatrices.lowerBound + row])
    }
  }

  /// Where the residual stream of a part's rows lies: the call's own, or the member's copy.
  private func residual(
    _ part: CallPart, _ share: CallShare
  ) -> (x: FloatMatrix, first: Int) {
    share.splitsTokens || share.member.index == 0
      ? (x, part.inCall.lowerBound) : (work.mine.x, part.inMatrices.lowerBound)
  }

  /// The member's parts of some rows of the call, block by block.
  func parts(of rows: Range<Int>, _ share: CallShare) -> [CallPart] {
    let length = max(1, LayerBuffers.rows(of: rows.count, members: share.member.count))
    return stride(from: rows.lowerBound, to: rows.upperBound, by: length).map { start in
      let block = start..<min(start + length, rows.upperBound)
      let mine = share.rows(of: block)
      // A member's rows of the matrices are its own in all blocks, whatever their length.
      let first = share.splitsTokens ? share.member.index * length / share.member.count : 0
      return CallPart(block: block, inCall: mine, inMatrices: first..<first + mine.count)
    }
  }
}

/// The rows of a block of a call that a member brings through.
struct CallPart {
  /// The numbers in the call of all rows of the block.
  let block: Range<Int>
  /// Their numbers in the call.
  let inCall: Range<Int>
  /// Their numbers in the matrices that all members share.
  let inMatrices: Range<Int>
  var count: Int { inCall.count }
}
