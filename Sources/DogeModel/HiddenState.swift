/// A place in a model between two of its steps, where a sequence's vectors can be looked at.
public enum HiddenState: Hashable, Sendable {
  /// What the first block gets.
  case embedding
  /// What a block's attention with its residual gives.
  case attention(layer: Int)
  /// What a block gives: its feed-forward part with its residual.
  case feedForward(layer: Int)

  /// Its name in reports.
  public var name: String {
    switch self {
    case .embedding: "embedding"
    case .attention(let layer): "layers.\(layer).attention"
    case .feedForward(let layer): "layers.\(layer).feed_forward"
    }
  }
}
