import TensorCore

/// How much a type and a shape need, computed without wrapping.
struct TensorSize {
  /// The product of the shape.
  let elements: Int
  /// The bytes; nil where elements of less than a byte leave the last one unfilled.
  let bytes: Int?

  /// The size of a tensor; nil where the number of its bits does not fit an `Int`.
  init?(type: ElementType, shape: [Int]) {
    var elements = 1
    for size in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      elements = product
    }
    let (bits, overflow) = elements.multipliedReportingOverflow(by: type.bits)
    guard !overflow else { return nil }
    self.elements = elements
    bytes = bits % 8 == 0 ? bits / 8 : nil
  }
}
