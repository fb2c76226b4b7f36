/// Numbers as text, which is how `make_tables.py` writes the tables.
///
/// A number is its digits to the base 32, the highest first: the characters from "0" on for a last
/// digit, those from "P" on for one that another follows. Line feeds count for nothing.
struct PackedNumbers: Sequence, IteratorProtocol, Sendable {
  private let digits: [UInt8]
  private var offset = 0

  /// Reads a text of the folder Data.
  init(_ digits: [UInt8]) { self.digits = digits }

  /// The next number.
  mutating func next() -> UInt32? {
    var number: UInt32 = 0
    while offset < digits.count {
      let digit = digits[offset]
      offset += 1
      if digit == 0x0A { continue }
      number = number << 5 | UInt32(digit &- 0x30) & 31
      if digit < 0x50 { return number }
    }
    return nil
  }

  /// Adds the next number to `value`, as a distance of either sign: 0 to 4 are 0, -1, 1, -2, 2.
  mutating func move(_ value: inout UInt32) {
    let number = next() ?? 0
    value = number & 1 == 0 ? value &+ number >> 1 : value &- number >> 1 &- 1
  }

  /// The first and last members of ranges: each start as its distance from the end before, each
  /// end as that from the start.
  var bounds: [UInt32] {
    var last: UInt32 = 0
    return map {
      last += $0
      return last
    }
  }
}
