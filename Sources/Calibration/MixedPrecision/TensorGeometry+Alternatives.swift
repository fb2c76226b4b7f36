import TensorCore

extension TensorGeometry {
  /// The ways to store the tensor in fewer bits.
  func alternatives(groupSizes: [Int]) -> [TensorGeometry] {
    // One group holds a whole row already: a larger size would be the same.
    let sizes = groupSizes.sorted()
    let distinct = sizes.prefix((sizes.firstIndex { $0 >= columns } ?? sizes.count - 1) + 1)
    // Scales of 16 bits are there for tensors whose scales are too far apart for 8.
    let quantized = WeightType.allCases.filter(\.isQuantized).flatMap { type in
      distinct.prefix(type.hasShortScales ? distinct.count : 1)
        .map { stored(as: type, groupSize: $0) }
    }
    return quantized + [stored(as: .bf16, groupSize: 0)]
  }

  /// The geometry of the same matrix in another type.
  func stored(as type: WeightType, groupSize: Int) -> TensorGeometry {
    let other = TensorGeometry(
      type: type, arrangement: arrangement, shape: [rows, columns], groupSize: groupSize)
    guard let other else { preconditionFailure("the size of a matrix does not depend on types") }
    return other
  }
}
