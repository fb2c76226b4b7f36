import CKernels

/// Codes the symbols of a chunk (formats/packed-v1.md): range asymmetric numeral systems (Duda 2013,
/// arXiv 1311.2540), whose states take turns from column to column.
///
/// Symbols go in from the last to the first, since they come out in the opposite order.
package struct EntropyEncoder {
  /// States that take turns.
  package static let states = Int(KB_ENTROPY_STATES)
  private static let lowest: UInt64 = 1 << 16

  /// What coding a symbol needs to know of its table.
  package struct Interval: Sendable {
    let start: UInt64
    let frequency: UInt64
  }

  private var states = [UInt64](repeating: Self.lowest, count: Self.states)
  private var words: [UInt16] = []

  package init() {}

  /// Adds a symbol before all others.
  package mutating func prepend(_ symbol: Interval, column: Int) {
    let state = column % Self.states
    var value = states[state]
    if value >= symbol.frequency << (32 - UInt64(KB_ENTROPY_BITS)) {
      words.append(UInt16(truncatingIfNeeded: value))
      value >>= 16
    }
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: symbol.frequency)
    states[state] = quotient << UInt64(KB_ENTROPY_BITS) + rest + symbol.start
  }

  /// The chunk: the states, then the words in the order of their reading.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * states.count + 2 * words.count)
    for state in states {
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: state >> UInt64(shift)))
      }
    }
    for word in words.reversed() { bytes += [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)] }
    return bytes
  }
}

extension FrequencyTable {
  /// The intervals of the symbols from -128 on; those that have none are not to be coded.
  package var intervals: [EntropyEncoder.Interval] {
    var intervals = [EntropyEncoder.Interval](
      repeating: .init(start: 0, frequency: 0), count: 256)
    var start: UInt64 = 0
    for (index, frequency) in frequencies.enumerated() {
      intervals[lowest + 128 + index] = .init(start: start, frequency: UInt64(frequency))
      start += UInt64(frequency)
    }
    return intervals
  }
}
