import Kernels
import TensorCore
import TestSupport

/// A tiled matrix of codes that this file lays out itself, and whose products of fast mode it
/// computes as formats/numerics.md, section 7, words them.
struct FastMatrix {
  /// Which codes it has.
  enum Codes { case random, lowest, highest, signs }

  let stored: CMatrix
  private let codes: [[Int32]]
  private let scales: [[Float]]
  private let memory: (codes: Guarded<UInt32>, scales: Guarded<UInt8>)

  var paddedRows: Int { stored.geometry.paddedRows }
  var tiles: Range<Int> { 0..<stored.geometry.tileCount }

  // `gap` is the number of units between a tile's units and the next one's.
  init(
    _ type: WeightType, rows: Int, columns: Int, group: Int = 32, exponent: Int = -3,
    gap: Int = 0, codes kind: Codes = .random, seed: UInt64 = 1
  ) throws {
    guard
      let geometry = TensorGeometry(
        type: type, arrangement: .tiles, shape: [rows, columns], groupSize: group)
    else { throw SampleMatrix.SampleError.badShape }
    var random = SplitMix(seed)
    let range: ClosedRange<Int32> =
      switch type.codeType {
      case .int2: -2...1
      case .int3: -4...3
      case .int4: -8...7
      case .int5: -16...15
      case .int6: -32...31
      default: -128...127
      }
    codes = (0..<rows).map { _ in
      (0..<columns).map { column in
        switch kind {
        case .random: Int32.random(in: range, using: &random)
        case .lowest: range.lowerBound
        case .highest: range.upperBound
        case .signs: column % 2 == 0 ? range.lowerBound : range.upperBound
        }
      }
    }
    let halves = (0..<rows).map { _ in
      (0..<geometry.groupsPerRow).map { _ -> Float16 in
        guard !type.hasShortScales else {
          return Float16(Int.random(in: -127...127, using: &random))
        }
        return switch Int.random(in: 0..<8, using: &random) {
        case 0: 0
        case 1: Float16(bitPattern: UInt16.random(in: 1..<1024, using: &random))
        case 2: -Float16(bitPattern: UInt16.random(in: 1...0x4000, using: &random))
        default: Float16(bitPattern: UInt16.random(in: 0x400...0x4fff, using: &random))
        }
      }
    }
    let unit = Float(sign: .plus, exponent: exponent, significand: 1)
    scales = halves.map { $0.map { Float($0) * unit } }

    let stride = geometry.unitsPerRow * 16 + gap
    var units = [UInt32](repeating: 0, count: geometry.tileCount * stride - gap)
    var places = [UInt8](repeating: 0, count: geometry.scaleBytes)
    for row in 0..<rows {
      for (column, code) in codes[row].enumerated() {
        for place in SampleMatrix.places(type, column) {
          let bits = UInt32(bitPattern: code) >> UInt32(place.from) & UInt32(1 << place.count - 1)
          units[row / 16 * stride + place.unit * 16 + row % 16] |= bits << UInt32(place.shift)
        }
      }
      for (group, half) in halves[row].enumerated() {
        places.put(
          half, type, at: (row / 16 * geometry.groupsPerRow + group) * 16 + row % 16)
      }
    }
    memory = (Guarded(units, slack: 4), Guarded(places, slack: 2))
    stored = CMatrix(
      geometry, codes: memory.codes.base, scales: memory.scales.base, exponent: exponent,
      tileStride: gap == 0 ? nil : stride * 4)
  }

  /// The product with one token: a value for each row, and zeros for the rows of padding.
  func product(_ x: some Collection<Float>) -> [Float] {
    let group = stored.geometry.groupSize
    let activations = FastRow(x)
    let values = zip(codes, scales).map { codes, scales in
      activations.scales.indices.reduce(into: Float(0)) { sum, g in
        let columns = g * 32..<min(g * 32 + 32, codes.count)
        let dot = columns.reduce(0) { $0 + codes[$1] * activations.codes[$1] }
        sum = sum.addingProduct(Float(dot), scales[g * 32 / group] * activations.scales[g])
      }
    }
    return values + [Float](repeating: 0, count: paddedRows - values.count)
  }
}

/// A token's activations, quantized as section 7 says.
struct FastRow {
  var codes: [Int32] = []
  var scales: [Float] = []

  init(_ x: some Collection<Float>) {
    var rest = Array(x)[...]
    while !rest.isEmpty {
      let group = rest.prefix(32)
      rest = rest.dropFirst(32)
      let a = group.reduce(0) { max($0, abs($1)) }
      scales.append(a / 127)
      codes += group.map { a < 0x1p-120 ? 0 : Int32(($0 * (127 / a)).rounded(.toNearestOrEven)) }
    }
  }
}
