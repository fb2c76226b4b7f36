/// Sums over the positions of a sequence in powers of two.
///
/// The first are those of 0, of 1, of 2 and 3, and of 4 to 7.
struct Octaves<Sum> {
  private var sums: [Sum] = []
  private let empty: Sum

  /// Octaves that begin with that sum.
  init(_ empty: Sum) { self.empty = empty }

  /// Changes the sum of a position's octave.
  mutating func update(_ position: Int, _ body: (inout Sum) -> Void) {
    let octave = Int.bitWidth - position.leadingZeroBitCount
    while sums.count <= octave { sums.append(empty) }
    body(&sums[octave])
  }

  /// The octaves up to that of the last position, with their sums.
  var all: [(positions: Range<Int>, sum: Sum)] {
    sums.enumerated().map { octave, sum in
      (octave == 0 ? 0..<1 : 1 << (octave - 1)..<1 << octave, sum)
    }
  }
}

extension Octaves: Sendable where Sum: Sendable {}
