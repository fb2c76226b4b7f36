/// A place in a model between two of its steps, where a sequence's vectors can be looked at.
public enum HiddenState: Hashable, Comparable, Sendable {
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

extension HiddenState {
  /// The states behind the steps of so many blocks, in their order: all but the embedding.
  public static func steps(of layers: Int) -> [HiddenState] {
    (0..<layers).flatMap { [.attention(layer: $0), .feedForward(layer: $0)] }
  }

  /// The order of the forward pass.
  public static func < (a: HiddenState, b: HiddenState) -> Bool { a.place < b.place }

  private var place: Int {
    switch self {
    case .embedding: 0
    case .attention(let layer): 2 * layer + 1
    case .feedForward(let layer): 2 * layer + 2
    }
  }
}
