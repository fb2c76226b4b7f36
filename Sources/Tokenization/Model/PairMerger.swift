/// Merges the symbols of a word, pair by pair, and keeps the memory that it needs for that.
///
/// Of all pairs that have a merge, the one of the lowest rank goes first, and of equal ones the
/// leftmost.
package struct PairMerger: Sendable {
  /// The symbols; after `merge` those that are left.
  package var symbols: [UInt32] = []

  /// Longer words than this use a heap: searching all pairs at each step is faster for short
  /// ones, but takes quadratic time.
  private static let longestSearched = 64

  private var merges: [MergeTable.Merge] = []
  private var previous: [Int32] = []
  private var next: [Int32] = []
  /// Rank and position of a pair as one number; a heap with the least on top.
  private var heap: [UInt64] = []

  package init() {}

  /// Merges `symbols` as far as the table goes.
  package mutating func merge(with table: MergeTable) {
    guard symbols.count > 1 else { return }
    merges.removeAll(keepingCapacity: true)
    for index in 0..<symbols.count - 1 {
      merges.append(table[symbols[index], symbols[index + 1]])
    }
    merges.append(.none)
    if symbols.count <= Self.longestSearched {
      mergeSearching(table)
    } else {
      mergeWithHeap(table)
    }
  }

  private mutating func mergeSearching(_ table: MergeTable) {
    while true {
      var best = 0
      for index in 1..<merges.count where merges[index].rank < merges[best].rank { best = index }
      let merge = merges[best]
      if merge.rank == .max { return }
      symbols[best] = merge.id
      symbols.remove(at: best + 1)
      merges.remove(at: best + 1)
      if best + 1 < symbols.count {
        merges[best] = table[merge.id, symbols[best + 1]]
      } else {
        merges[best] = .none
      }
      if best > 0 { merges[best - 1] = table[symbols[best - 1], merge.id] }
      if merges.count == 1 { return }
    }
  }

  private mutating func mergeWithHeap(_ table: MergeTable) {
    let count = symbols.count
    previous.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    for index in 0..<count {
      previous.append(Int32(index - 1))
      next.append(Int32(index + 1))
      if merges[index].rank != .max { push(merges[index].rank, index) }
    }
    while let (rank, left) = pop() {
      // The pair may be gone, or have become another one.
      let merge = merges[left]
      guard merge.rank == rank else { continue }
      let right = Int(next[left])
      let after = Int(next[right])
      symbols[left] = merge.id
      merges[right] = .none
      next[left] = Int32(after)
      next[right] = -1
      if after < count {
        previous[after] = Int32(left)
        update(left, table[merge.id, symbols[after]])
      } else {
        merges[left] = .none
      }
      let before = Int(previous[left])
      if before >= 0 { update(before, table[symbols[before], merge.id]) }
    }
    var kept = 0
    var index = 0
    while index < count {
      symbols[kept] = symbols[index]
      kept += 1
      index = Int(next[index])
    }
    symbols.removeLast(count - kept)
  }

  private mutating func update(_ position: Int, _ merge: MergeTable.Merge) {
    merges[position] = merge
    if merge.rank != .max { push(merge.rank, position) }
  }

  private mutating func push(_ rank: UInt32, _ position: Int) {
    heap.append(UInt64(rank) << 32 | UInt64(position))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent] <= heap[child] { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func pop() -> (rank: UInt32, position: Int)? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var child = 2 * parent + 1
        if child >= heap.count { break }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        if heap[parent] <= heap[child] { break }
        heap.swapAt(parent, child)
        parent = child
      }
    }
    return (UInt32(truncatingIfNeeded: top >> 32), Int(UInt32(truncatingIfNeeded: top)))
  }
}
