import DogeArchitecture
import Kernels
import Parallel

extension DogeModel {
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
    layer.tap?.begin(tokens: rows.count)
    layer.compute.pool.team(members(rows: rows.count)) { member in
      let share = CallShare(member, tokens: rows.count)
      let mine = buffer.members[member.index]
      let part = share.rows(of: 0..<rows.count)
      for (index, row) in part.enumerated() {
        layer.compute.kernels.rmsNorm(
          hidden[rows.lowerBound + row], weight: weights.finalNorm[0],
          epsilon: config.rmsNormEpsilon, into: mine.normed[index])
      }
      if share.splitsTokens || member.index == 0 {
        layer.tap?.take(mine.normed, rows: 0..<part.count, first: part.lowerBound, head)
      }
      layer.compute.kernels.pack(mine.normed, rows: 0..<part.count, for: head, into: mine.packed)
      layer.compute.kernels.multiply(
        mine.packed, rows: part.count, by: head, share: share.tiles, into: buffer.output,
        from: part.lowerBound)
      guard head.reorders else { return }
      share.meetBehindProduct()
      layer.compute.kernels.putInOrder(buffer.output, rows: part, of: head, share: share.tiles)
    }
    layer.tap?.deliver()
    return buffer.logits
  }

  /// Memory for the logits of so many rows.
  public func makeLogitsBuffer(rows: Int) -> LogitsBuffer {
    LogitsBuffer(
      config, rows: rows, members: layer.compute.pool.threadCount, reorders: head.reorders)
  }

  /// How many rows `logits` should be asked for at once, to keep its result at some 16 MB.
  public var logitsBlock: Int {
    max(1, min(LayerBuffers.blockTokens, (4 << 20) / config.vocabularySize))
  }

  /// Negative log likelihoods, in nats, of the tokens that follow some rows of a call's result.
  ///
  /// - Parameters:
  ///   - hidden: what `forward` returned.
  ///   - rows: which of its rows; at most `logitsBlock`.
  ///   - next: the token that follows each.
  /// - Returns: the losses, in binary64 as formats/numerics.md, section 6 says.
  public func losses(_ hidden: FloatMatrix, rows: Range<Int>, next: [Int]) -> [Double] {
    let logits = logits(hidden, rows: rows)
    return layer.compute.pool.map(rows.count) { row in
      logSumExp(logits, row: row) - Double(logits.value(row, next[row]))
    }
  }

  /// log Σ exp of a row of logits.
  public func logSumExp(_ logits: FloatMatrix, row: Int) -> Double {
    layer.compute.kernels.logSumExp(logits[row])
  }
}
