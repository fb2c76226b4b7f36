import ByteIO
import Kernels
import Quantization
import TensorCore
import Testing

/// Shapes with whole and partial tiles, whole and short groups.
private let shapes = [
  (1, 1), (1, 5), (16, 32), (15, 31), (17, 33), (35, 72), (3, 80), (21, 120), (16, 130), (2, 576),
]

/// Tensors with what makes groups differ: zeros, tiny groups, one outlier, signed zeros.
private func sample(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Tensor {
  var tensor = Tensor(rows, columns, seed: seed)
  for index in tensor.values.indices {
    switch index / columns % 6 {
    case 1: tensor.values[index] = index % 2 == 0 ? 0 : -0.0
    case 2: tensor.values[index] *= 0x1p-20
    case 3: tensor.values[index] *= index % 37 == 0 ? 5 : 0.01
    default: break
    }
  }
  return tensor
}

@Suite struct TileEncoderTests {
  private func clamped(_ value: Float, _ type: WeightType) -> Int {
    let code = Int(value.rounded(.toNearestOrEven))
    return min(max(code, type.codes.lowerBound), type.codes.upperBound)
  }

  /// The codes follow from the stored scale, whatever chose it; with `rtn` so does the scale from
  /// the group.
  @Test(arguments: Encoding.quantized)
  func scalesAndCodes(encoding: Encoding) throws {
    for (rows, columns) in shapes {
      let tensor = sample(rows, columns)
      let encoded = try encoding.encode(tensor)
      #expect(encoded.paddingIsZero)
      let exponent = tensor.exponent(as: encoding.type)
      let down = Float(sign: .plus, exponent: -exponent, significand: 1)
      for row in 0..<rows {
        let scaled = tensor.row(row).map { $0 * down }
        for group in 0..<encoded.geometry.groupsPerRow {
          let range = group * encoding.group..<min(columns, (group + 1) * encoding.group)
          let half = encoded.half(row, group)
          if encoding.method == .rtn {
            let largest = scaled[range].map(abs).max() ?? 0
            let ideal = largest / Float(encoding.type.codes.upperBound)
            let expected =
              encoding.type.hasShortScales ? Float16(min(ideal.rounded(.up), 127)) : Float16(ideal)
            #expect(half.bitPattern == expected.bitPattern)
          }
          #expect(half != 0 || half.sign == .plus)
          let reciprocal = half == 0 ? 0 : 1 / Float(half)
          let codes = range.map { encoded.code(row, $0) }
          #expect(codes == range.map { clamped(scaled[$0] * reciprocal, encoding.type) })
        }
      }
    }
  }

  @Test(arguments: Encoding.floats)
  func floats(encoding: Encoding) throws {
    for (rows, columns) in shapes {
      let tensor = sample(rows, columns)
      let encoded = try encoding.encode(tensor)
      #expect(encoded.paddingIsZero)
      for (index, value) in tensor.values.enumerated() {
        let stored = encoded.value(index / columns, index % columns)
        switch encoding.type {
        case .f32: #expect(stored.bitPattern == value.bitPattern)
        case .f16: #expect(stored.bitPattern == Float(Float16(value)).bitPattern)
        default: #expect(abs(stored - value) <= value.magnitude * 0x1p-8)
        }
      }
    }
  }

  /// The error figures are those of the values that a reader gets.
  @Test(arguments: Encoding.quantized + Encoding.floats)
  func statistics(encoding: Encoding) throws {
    for (rows, columns) in shapes {
      let tensor = sample(rows, columns)
      let encoded = try encoding.encode(tensor)
      var (squaredError, squaredValue, largest) = (0.0, 0.0, 0.0)
      var (product, squaredStored) = (0.0, 0.0)
      for row in 0..<rows {
        var (rowError, rowValue, rowStored) = (0.0, 0.0, 0.0)
        for (column, value) in tensor.row(row).enumerated() {
          let difference = Double(value) - Double(encoded.value(row, column))
          rowError += difference * difference
          rowValue += Double(value) * Double(value)
          largest = max(largest, abs(difference))
          let stored = Double(encoded.value(row, column))
          product += Double(value) * stored
          rowStored += stored * stored
        }
        squaredError += rowError
        squaredValue += rowValue
        squaredStored += rowStored
      }
      let found = encoded.statistics
      // A quantized group is summed in binary32: each of its at most 128 steps rounds once.
      let rounding = encoding.type.isQuantized ? 128 * 0x1p-24 : 0
      #expect(found.count == rows * columns)
      #expect(abs(found.squaredError - squaredError) <= rounding * squaredError)
      #expect(abs(found.squaredValue - squaredValue) <= rounding * squaredValue)
      #expect(abs(found.squaredStored - squaredStored) <= 2 * rounding * squaredStored)
      let cosine = product / (squaredValue * squaredStored).squareRoot()
      #expect(abs(found.cosine - cosine) <= 4 * rounding + 1e-12)
      #expect(abs(found.maxAbsoluteError - largest) <= rounding * largest)
      #expect(found.rootMeanSquare == (found.squaredError / Double(rows * columns)).squareRoot())
    }
  }

  @Test(arguments: Encoding.quantized + Encoding.floats, InstructionSet.available)
  func bytesDoNotDependOnTheKernels(encoding: Encoding, isa: InstructionSet) throws {
    for (rows, columns) in shapes {
      let tensor = sample(rows, columns)
      let scalar = try encoding.encode(tensor, isa: .scalar)
      #expect(try encoding.encode(tensor, isa: isa) == scalar)
    }
  }

  @Test(arguments: Encoding.quantized + Encoding.floats)
  func bytesDoNotDependOnHowManyTilesAreEncodedAtOnce(encoding: Encoding) throws {
    let tensor = sample(70, 72)
    let whole = try encoding.encode(tensor)
    for tilesAtOnce in [1, 2, 3] {
      let parts = try encoding.encode(tensor, tilesAtOnce: tilesAtOnce)
      #expect(parts.units == whole.units)
      #expect(parts.scales == whole.scales)
    }
  }

  /// Elements of the four source types that hold the same numbers encode to the same bytes.
  @Test(arguments: [
    Encoding(type: .int8), Encoding(type: .int6), Encoding(type: .int5, arrangement: .rows),
    Encoding(type: .int4, arrangement: .rows), Encoding(type: .int3),
    Encoding(type: .int2, arrangement: .rows),
  ])
  func sourceTypes(encoding: Encoding) throws {
    var tensor = sample(19, 72)
    // Numbers that both half types hold exactly.
    tensor.values = tensor.values.map { Float(($0 * 16).rounded()) / 16 }
    let expected = try encoding.encode(tensor)
    func check<Element>(_ elements: [Element], _ type: ElementType) throws {
      let found = try encoding.encode(TileSource(elements, type), tensor)
      #expect(found == expected, "\(type)")
    }
    try check(tensor.values.map { Float16($0) }, .f16)
    try check(tensor.values.map { UInt16($0.bitPattern >> 16) }, .bf16)
    try check(tensor.values.map { Double($0) }, .f64)
    // Rounded to binary32 before anything else.
    try check(tensor.values.map { Double($0) * (1 + 0x1p-30) }, .f64)
  }

  /// A stored float matrix encodes as the checkpoint that it was made from.
  @Test(arguments: Encoding.quantized, Encoding.floats.filter { $0.type != .bf16 })
  func storedSources(encoding: Encoding, stored: Encoding) throws {
    var tensor = sample(35, 69)
    tensor.values = tensor.values.map { Float(Float16($0)) }
    let first = try stored.encode(tensor)
    let expected = try encoding.encode(tensor)
    let memory = try MemoryBuffer(first.units)
    let matrix = StoredMatrix(first.geometry, planes: [0..<memory.count], in: memory)
    let found = try encoding.encode(.stored(matrix), tensor)
    #expect(found == expected)
  }

  private func overflow(_ encoding: Encoding, _ tensor: Tensor) -> [Float]? {
    do {
      _ = try encoding.encode(tensor)
      return nil
    } catch let overflow as Overflow {
      return [Float(overflow.row), Float(overflow.column), overflow.value]
    } catch {
      return []
    }
  }

  /// 65,520 is the least number that rounds to more than the largest binary16.
  @Test(arguments: [Arrangement.rows, .tiles])
  func overflowNamesItsPlace(arrangement: Arrangement) throws {
    let encoding = Encoding(type: .f16, arrangement: arrangement)
    for (row, column) in [(0, 0), (18, 0), (34, 71), (20, 33)] {
      var tensor = Tensor(35, 72, seed: 2)
      tensor.values[row * 72 + column] = -65_520
      #expect(overflow(encoding, tensor) == [Float(row), Float(column), -65_520])
      tensor.values[row * 72 + column] = -65_519
      #expect(try encoding.encode(tensor).value(row, column) == -65_504)
    }
    var huge = Tensor(16, 8, seed: 3)
    huge.values[100] = .greatestFiniteMagnitude
    let bfloat = Encoding(type: .bf16, arrangement: arrangement)
    #expect(overflow(bfloat, huge) == [12, 4, .greatestFiniteMagnitude])
  }
}
