/// Finds the longest of several byte strings at a place.
struct TokenTrie: Sendable {
  /// Edges by node and byte, with open addressing: the key is the node shifted left by eight,
  /// plus the byte, plus one.
  private var slots: [(key: UInt64, node: UInt32)] = []
  private var edgeCount = 0
  /// The value of the string that ends at a node, or -1.
  private var values: [Int32] = [-1]
  private var isFirst = [Bool](repeating: false, count: 256)

  /// Whether there is no string at all.
  var isEmpty: Bool { values.count == 1 }

  /// Adds a string; says whether it is new and not empty.
  mutating func insert(_ bytes: [UInt8], value: Int) -> Bool {
    guard let first = bytes.first else { return false }
    isFirst[Int(first)] = true
    var node: UInt32 = 0
    for byte in bytes {
      if let next = child(of: node, byte) {
        node = next
      } else {
        let new = UInt32(values.count)
        values.append(-1)
        insertEdge(key(node, byte), new)
        node = new
      }
    }
    guard values[Int(node)] < 0 else { return false }
    values[Int(node)] = Int32(value)
    return true
  }

  /// The first place from `start` on where a string begins, and the longest that does.
  func firstMatch(
    in text: Span<UInt8>, _ range: Range<Int>, from start: Int
  ) -> (range: Range<Int>, value: Int)? {
    var position = start
    while position < range.upperBound {
      if isFirst[Int(text[position])] {
        var node: UInt32 = 0
        var end = position
        var match: (range: Range<Int>, value: Int)?
        while end < range.upperBound, let next = child(of: node, text[end]) {
          node = next
          end += 1
          let value = values[Int(node)]
          if value >= 0 { match = (position..<end, Int(value)) }
        }
        if let match { return match }
      }
      position += 1
    }
    return nil
  }

  private func key(_ node: UInt32, _ byte: UInt8) -> UInt64 {
    UInt64(node) << 8 + UInt64(byte) + 1
  }

  private func child(of node: UInt32, _ byte: UInt8) -> UInt32? {
    guard !slots.isEmpty else { return nil }
    let entry = slots[slot(of: key(node, byte))]
    return entry.key == 0 ? nil : entry.node
  }

  private mutating func insertEdge(_ key: UInt64, _ node: UInt32) {
    if 2 * (edgeCount + 1) > slots.count {
      let old = slots
      slots = Array(repeating: (0, 0), count: max(16, 2 * old.count))
      for entry in old where entry.key != 0 { slots[slot(of: entry.key)] = entry }
    }
    slots[slot(of: key)] = (key, node)
    edgeCount += 1
  }

  private func slot(of key: UInt64) -> Int {
    let product = key &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(truncatingIfNeeded: product >> 32) & (slots.count - 1)
    while slots[slot].key != 0, slots[slot].key != key { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }
}
