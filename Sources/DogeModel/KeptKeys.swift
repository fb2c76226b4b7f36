/// The keys that queries at rising positions keep of those that they see: a fixed number of those
/// with the largest masks, of equal ones the later.
///
/// They are kept in order, so that a token costs a search and not a look at all keys. Without a
/// sliding window a key that is dropped stays so, and only those that are left are in it.
package struct KeptKeys: Sendable {
  private let keep: Int
  private let slidingWindow: Int?
  /// A mask, as an integer of the same order, above its position; rising.
  private var order: [UInt64] = []
  /// The position that is added next; `order` is of those before it.
  private var next = 0

  package init(keep: Int, slidingWindow: Int?) {
    self.keep = keep
    self.slidingWindow = slidingWindow
  }

  /// Adds a position.
  ///
  /// - Parameters:
  ///   - position: that of the last call plus one; after any other all is found anew.
  ///   - mask: the mask of a position up to it.
  /// - Returns: the position of the least key that a query there keeps; nil where it keeps all.
  package mutating func add(_ position: Int, mask: (_ position: Int) -> Float) -> Int? {
    guard seen(at: position).count > keep else { return nil }
    if order.isEmpty || next != position {
      let before = seen(at: position - 1).map { Self.key($0, mask($0)) }.sorted()
      order = slidingWindow == nil ? before.suffix(keep) : before
    }
    if let slidingWindow, position >= slidingWindow {
      let gone = position - slidingWindow
      order.remove(at: place(of: Self.key(gone, mask(gone))))
    }
    insert(Self.key(position, mask(position)))
    next = position + 1
    return Int(truncatingIfNeeded: order[order.count - keep] & 0xFFFF_FFFF)
  }

  /// Takes back all positions but the first `count`.
  ///
  /// - Parameters:
  ///   - count: how many stay.
  ///   - mask: the mask of a position that was added.
  ///   - least: what `add` returned for a position.
  package mutating func truncate(
    to count: Int, mask: (_ position: Int) -> Float, least: (_ position: Int) -> Int
  ) {
    guard !order.isEmpty, next > count else { return }
    // What is taken back after a draft is little; anything else is found anew when it is needed.
    guard slidingWindow == nil, count > keep, next - count <= 64 else {
      order = []
      return
    }
    while next > count {
      next -= 1
      let key = Self.key(next, mask(next))
      let index = place(of: key)
      guard index < order.count, order[index] == key else { continue }
      // The key that it drove out was the least one.
      for i in stride(from: index, to: 0, by: -1) { order[i] = order[i - 1] }
      let back = least(next - 1)
      order[0] = Self.key(back, mask(back))
    }
  }

  private func seen(at position: Int) -> Range<Int> {
    (slidingWindow.map { max(0, position - $0 + 1) } ?? 0)..<position + 1
  }

  private mutating func insert(_ key: UInt64) {
    let index = place(of: key)
    guard slidingWindow == nil else { return order.insert(key, at: index) }
    // It drives out the least, unless it is the least itself.
    guard index > 0 else { return }
    for i in 1..<index { order[i - 1] = order[i] }
    order[index - 1] = key
  }

  /// Where a key is, or would be.
  private func place(of key: UInt64) -> Int {
    var (low, high) = (0, order.count)
    while low < high {
      let middle = (low + high) / 2
      if order[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func key(_ position: Int, _ mask: Float) -> UInt64 {
    let bits = (mask + 0).bitPattern  // -0 counts as +0
    let ordered = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
    return UInt64(ordered) << 32 | UInt64(position)
  }
}
