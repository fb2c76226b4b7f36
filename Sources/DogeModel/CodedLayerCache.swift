import Kernels

/// The cache of one block in codes of eight bits.
///
/// One call uses it at a time.
final class CodedLayerCache: @unchecked Sendable {
  static let blockTokens = CodedKeyValues.blockTokens

  let keyValues: CodedKeyValues
  private var kept: [KeptKeys] = []  // of each mask row, where keys are dropped

  init(_ shape: KVCache.Shape) {
    keyValues = CodedKeyValues(
      heads: shape.kvHeads, headDimension: shape.headDimension, maskRows: shape.maskRows)
    if let keys = shape.visibility.keptKeys {
      kept = [KeptKeys](repeating: keys, count: shape.maskRows)
    }
  }

  private init(sharing cache: CodedLayerCache) { keyValues = cache.keyValues.shared() }

  /// The same keys and values for another thread, by objects of its own; it notes nothing.
  func shared() -> CodedLayerCache { CodedLayerCache(sharing: self) }

  /// Notes which keys queries at some positions keep, whose masks are stored: positions that
  /// follow those of the call before.
  func noteKept(_ positions: Range<Int>) {
    for row in kept.indices {
      for position in positions {
        let least = kept[row].add(position) { keyValues[maskRow: row, $0] }
        if let least { keyValues[leastKeptOf: row, position] = least }
      }
    }
  }

  /// Forgets all tokens but the first `count`.
  func truncate(to count: Int) {
    for row in kept.indices {
      kept[row].truncate(
        to: count, mask: { keyValues[maskRow: row, $0] },
        least: { keyValues[leastKeptOf: row, $0] })
    }
  }
}
