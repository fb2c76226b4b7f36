/// The candidates of one tensor that may be worth their bytes.
struct CandidateFront {
  /// A candidate that costs less than every one that takes no more bytes.
  struct Entry {
    /// Its index among all candidates.
    let index: Int
    let bytes: Int
    let cost: Double
  }

  /// From the fewest bytes to the least cost, both strictly.
  let entries: [Entry]
  /// The positions in `entries` of the corners of their lower convex hull.
  let corners: [Int]

  init(_ candidates: [StorageCandidate]) {
    let sorted = candidates.indices.sorted {
      let (left, right) = (candidates[$0], candidates[$1])
      return (left.bytes, left.cost, $0) < (right.bytes, right.cost, $1)
    }
    var entries: [Entry] = []
    for index in sorted {
      let (bytes, cost) = (candidates[index].bytes, candidates[index].cost)
      if let last = entries.last, cost >= last.cost { continue }
      entries.append(Entry(index: index, bytes: bytes, cost: cost))
    }
    var corners: [Int] = []
    for next in entries.indices {
      while corners.count > 1, let last = corners.last {
        let before = entries[corners[corners.count - 2]]
        let gain = Self.gain(from: before, to: entries[last])
        guard gain <= Self.gain(from: entries[last], to: entries[next]) else { break }
        corners.removeLast()
      }
      corners.append(next)
    }
    self.entries = entries
    self.corners = corners
  }

  /// What each byte saves, from one entry to a larger one.
  static func gain(from small: Entry, to large: Entry) -> Double {
    (small.cost - large.cost) / Double(large.bytes - small.bytes)
  }
}
