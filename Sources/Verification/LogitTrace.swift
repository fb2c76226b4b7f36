import DogeArchitecture
import DogeModel
import Kernels

/// All logits of a sequence, and its hidden states where they are asked for.
public struct LogitTrace: Sendable {
  /// The logits behind every token, `[tokens, vocabulary]`.
  public let logits: FloatMatrix
  /// The embedding's output and each block's, `[tokens, d]` each; empty unless asked for.
  public let hidden: [FloatMatrix]
  /// Each block's attention with its residual, `[tokens, d]` each; empty unless asked for.
  public let hiddenAttention: [FloatMatrix]

  /// Runs a sequence from an empty cache, in one call or one token at a time.
  public init(
    _ model: DogeModel, tokens: [Int], stepwise: Bool, routing: ExpertRouting, hidden: Bool
  ) throws {
    func states(_ count: Int) -> [FloatMatrix] {
      (0..<(hidden ? count : 0)).map { _ in
        FloatMatrix(rows: tokens.count, columns: model.config.hiddenSize)
      }
    }
    let outputs = states(model.config.layerCount + 1)
    let attended = states(model.config.layerCount)
    let cache = model.makeCache(maximum: tokens.count)
    let logits = FloatMatrix(rows: tokens.count, columns: model.config.vocabularySize)
    let workspace = Workspace()
    let step = stepwise ? 1 : max(1, tokens.count)
    for start in stride(from: 0, to: tokens.count, by: step) {
      let call = Array(tokens[start..<min(start + step, tokens.count)])
      let last = try model.forward(
        call, cache: cache, workspace: workspace, routing: routing
      ) { state, values in
        guard hidden else { return }
        let kept =
          switch state {
          case .embedding: outputs[0]
          case .attention(let layer): attended[layer]
          case .feedForward(let layer): outputs[layer + 1]
          }
        for row in 0..<values.rows { kept.copy(values, row: row, to: start + row) }
      }
      for first in stride(from: 0, to: call.count, by: model.logitsBlock) {
        let rows = first..<min(first + model.logitsBlock, call.count)
        let block = model.logits(last, rows: rows)
        for row in rows { logits.copy(block, row: row - first, to: start + row) }
      }
    }
    self.logits = logits
    self.hidden = outputs
    hiddenAttention = attended
  }
}
