import TensorCore

/// Norms of queries and keys that change nothing, for models that have none
/// (formats/layout-current.md, section 3).
///
/// A head gets some more channels, and they the sides of four squares, times 2^m, as biases, beside
/// which its own channels are too small to be seen. For keys the squares add up to the head's new
/// width D: the mean square of the head is 4^m then, and RMSNorm divides by 2^m, which its weight
/// makes good. For queries they add up to the old width hd: what is divided by √(hd/D)·2^m comes out
/// larger by √(D/hd), since scores are divided by √D, no longer by √hd. So no weight or bias is a
/// number that a type would round. The weight of the new channels is zero.
package struct NeutralNorm {
  /// Channels of a head, old and new: a multiple of 8, as attention kernels like it, with room
  /// for the sides of four squares.
  let width: Int
  /// What q_proj and k_proj add to each channel of a head; zero for its own channels.
  let queryBiases: [Float]
  let keyBiases: [Float]
  /// Both norms' weight for a head's own channels.
  let weight: Float

  /// Norms for heads of that many channels, in a checkpoint of a type.
  init(dimension: Int, type: ElementType) {
    let width = (dimension + 4).roundedUp(to: 8)
    // float16 cannot hold more, nor small queries if they are divided by more.
    let scale: Float = type == .f16 ? 0x1p11 : 0x1p20
    func biases(_ sum: Int) -> [Float] {
      var biases = [Float](repeating: 0, count: width)
      for (index, side) in Self.sides(ofSquaresAddingUpTo: sum).enumerated() {
        let channel = index < 2 ? dimension / 2 + index : (width + dimension) / 2 + index - 2
        biases[channel] = Float(side) * scale
      }
      return biases
    }
    self.width = width
    queryBiases = biases(dimension)
    keyBiases = biases(width)
    weight = scale
  }

  /// The sides of four squares, the largest as small as can be; Lagrange has shown that there
  /// always are four.
  package static func sides(ofSquaresAddingUpTo sum: Int) -> [Int] {
    func root(_ number: Int) -> Int { Int(Double(number).squareRoot()) }
    for first in root(sum / 4)...root(sum) {
      let rest = sum - first * first
      for second in 0...min(first, root(max(0, rest))) where rest >= 0 {
        let two = rest - second * second
        for third in 0...min(second, root(two)) {
          let last = root(two - third * third)
          if last <= third, last * last == two - third * third {
            return [first, second, third, last]
          }
        }
      }
    }
    preconditionFailure("every number is the sum of four squares")
  }
}
