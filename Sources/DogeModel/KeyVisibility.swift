import DogeArchitecture
import Kernels

/// Which keys a query sees, and which of their masks it adds: the rule of the forward pass and of
/// its gradient.
///
/// A query sees its own position and those before it, within the sliding window if there is one. Of
/// these it keeps the `keepWindowSize` with the largest masks, where the layout prunes.
package struct KeyVisibility: Sendable {
  private let slidingWindow: Int?
  private let keepWindowSize: Int?
  private let group: Int
  private let hasMaskPerQueryHead: Bool

  package init(_ config: DogeConfig, _ layout: CheckpointLayout) {
    slidingWindow = config.slidingWindow
    keepWindowSize = layout.prunes ? config.keepWindowSize : nil
    group = config.headCount / config.keyValueHeadCount
    hasMaskPerQueryHead = layout.maskRows == config.headCount
  }

  /// Whether a sequence of so many tokens has keys that are dropped.
  package func prunes(tokens: Int) -> Bool { keepWindowSize.map { $0 < tokens } ?? false }

  /// The keys of a query at a position, pruning aside.
  func keys(at position: Int) -> Range<Int> {
    (slidingWindow.map { max(0, position - $0 + 1) } ?? 0)..<position + 1
  }

  /// What finds the keys that queries keep, at rising positions; nil where none are dropped.
  var keptKeys: KeptKeys? {
    keepWindowSize.map { KeptKeys(keep: $0, slidingWindow: slidingWindow) }
  }

  /// Whether a query at a position drops some of the keys that it sees.
  func drops(at position: Int) -> Bool {
    keepWindowSize.map { $0 < keys(at: position).count } ?? false
  }

  /// The row of the mask for one of the query heads that share a kv head.
  package func maskRow(head: Int, member: Int) -> Int {
    hasMaskPerQueryHead ? head * group + member : head
  }

  /// The rows of the mask for all query heads that share a kv head.
  func maskRows(head: Int) -> Range<Int> {
    hasMaskPerQueryHead ? head * group..<(head + 1) * group : head..<head + 1
  }

  /// exp(q · k / √hd + δ − max) of the keys that a query keeps, +0 for the others.
  ///
  /// - Parameters:
  ///   - scores: q · k of at least the keys up to the query's position, in place.
  ///   - mask: δ of the same keys.
  ///   - position: the query's.
  ///   - scale: 1 / √hd.
  ///   - kept: memory for the masks of the keys that are kept; nil where none are dropped.
  ///   - padded: how many scores are written, a multiple of 16.
  ///   - kernels: compute it.
  /// - Returns: the sum of the exponentials.
  package func softmax(
    _ scores: FloatRow, mask: FloatRow, at position: Int, scale: Float, kept: FloatRow?,
    padded: Int, _ kernels: KernelSet
  ) -> Float {
    let keys = keys(at: position)
    var mask = mask
    if let keepWindowSize, keys.count > keepWindowSize {
      guard let kept else { preconditionFailure("no memory for pruned masks") }
      kernels.keepLargest(keepWindowSize, of: mask, in: keys, into: kept)
      mask = kept
    }
    return kernels.softmax(scores, mask: mask, scale: scale, range: keys, padded: padded)
  }
}
