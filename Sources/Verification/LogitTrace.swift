import DogeArchitecture
import DogeModel
import Kernels

/// All logits of a sequence, and its hidden states where they are asked for.
public struct LogitTrace: Sendable {
  /// The logits behind every token, `[tokens, vocabulary]`.
  public let logits: FloatMatrix
  /// The embedding's output and each block's, `[tokens, d]` each; empty unless asked for.
  public let hidden: [FloatMatrix]

  /// Runs a sequence from an empty cache, in one call or one token at a time.
  public init(
    _ model: DogeModel, tokens: [Int], stepwise: Bool, routing: ExpertRouting, hidden: Bool
  ) throws {
    let states = (0..<(hidden ? model.config.layerCount + 1 : 0)).map { _ in
      FloatMatrix(rows: tokens.count, columns: model.config.hiddenSize)
    }
    let cache = model.makeCache(maximum: tokens.count)
    let logits = FloatMatrix(rows: tokens.count, columns: model.config.vocabularySize)
    let workspace = Workspace()
    let step = stepwise ? 1 : max(1, tokens.count)
    for start in stride(from: 0, to: tokens.count, by: step) {
      let call = Array(tokens[start..<min(start + step, tokens.count)])
      let last = try model.forward(
        call, cache: cache, workspace: workspace, routing: routing
      ) { index, state in
        guard hidden else { return }
        for row in 0..<state.rows { states[index].copy(state, row: row, to: start + row) }
      }
      for first in stride(from: 0, to: call.count, by: model.logitsBlock) {
        let rows = first..<min(first + model.logitsBlock, call.count)
        let block = model.logits(last, rows: rows)
        for row in rows { logits.copy(block, row: row - first, to: start + row) }
      }
    }
    self.logits = logits
    self.hidden = states
  }
}
