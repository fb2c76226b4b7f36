import Kernels
import TensorCore
import TestSupport

/// A stored matrix whose planes this file lays out itself, from formats/kibble-v1.md, and whose
/// values it therefore knows without any kernel.
struct SampleMatrix {
  let stored: CMatrix
  /// The values [rows][columns].
  let values: [[Float]]
  private let codes: Guarded<UInt32>
  private let scales: Guarded<UInt8>

  // `gap` is the number of units between a tile's (or row's) units and the next one's.
  init(
    _ type: WeightType, _ arrangement: Arrangement = .tiles, rows: Int, columns: Int,
    group: Int = 32, exponent: Int = -3, gap: Int = 0, seed: UInt64 = 1
  ) throws {
    guard
      let geometry = TensorGeometry(
        type: type, arrangement: arrangement, shape: [rows, columns], groupSize: group)
    else { throw SampleError.badShape }
    var random = SplitMix(seed)
    let lanes = arrangement == .tiles ? 16 : 1
    let lines = geometry.paddedRows / lanes
    let stride = geometry.unitsPerRow * lanes + gap
    var units = [UInt32](repeating: 0, count: lines * stride - gap)
    var stored = [UInt8](repeating: 0, count: geometry.scaleBytes)
    var values: [[Float]] = []
    for row in 0..<rows {
      let (line, lane) = (row / lanes, row % lanes)
      var line_values: [Float] = []
      var scale: Float = 0
      for column in 0..<columns {
        if type.isQuantized && column % group == 0 {
          let half = Self.scale(&random, type, exponent: exponent)
          let place = (line * geometry.groupsPerRow + column / group) * lanes + lane
          stored.put(half, type, at: place)
          scale = Float(half) * Float(sign: .plus, exponent: exponent, significand: 1)
        }
        let (code, value) = Self.element(type, &random)
        for place in Self.places(type, column) {
          let bits = code >> UInt32(place.from) & UInt32(1 << place.count - 1)
          units[line * stride + place.unit * lanes + lane] |= bits << UInt32(place.shift)
        }
        line_values.append(type.isQuantized ? value * scale : value)
      }
      values.append(line_values)
    }
    self.values = values
    codes = Guarded(units, slack: 4)
    scales = Guarded(stored, slack: 2)
    self.stored = CMatrix(
      geometry, codes: codes.base, scales: type.isQuantized ? scales.base : nil,
      exponent: exponent, tileStride: gap == 0 ? nil : stride * 4)
  }

  enum SampleError: Error { case badShape }

  /// A scale, with every kind of binary16 among them.
  ///
  /// Where the exponent is large the scales are small, so that values stay finite.
  private static func scale(
    _ random: inout SplitMix, _ type: WeightType, exponent: Int
  ) -> Float16 {
    guard !type.hasShortScales else { return Float16(Int.random(in: -127...127, using: &random)) }
    return switch Int.random(in: 0..<8, using: &random) {
    case 0: 0
    case 1: Float16(bitPattern: UInt16.random(in: 1..<1024, using: &random))
    case 2: exponent > 50 ? 0x1p5 : .greatestFiniteMagnitude
    case 3: -Float16(bitPattern: UInt16.random(in: 1...0x4000, using: &random))
    default: Float16(bitPattern: UInt16.random(in: 0x400...0x4fff, using: &random))
    }
  }

  /// An element's bits in its unit and its value (before the scale).
  private static func element(
    _ type: WeightType, _ random: inout SplitMix
  ) -> (code: UInt32, value: Float) {
    let isExtreme = Int.random(in: 0..<8, using: &random) == 0
    switch type.codeType {
    case .f32:
      let value = isExtreme ? Float(bitPattern: UInt32(random.next() >> 41)) : random.normal()
      return (value.bitPattern, value)
    case .f16:
      let value =
        isExtreme
        ? Float16(bitPattern: UInt16(random.next() >> 54)) : Float16(random.normal())
      return (UInt32(value.bitPattern), Float(value))
    case .bf16:
      let value = isExtreme ? 0x1p-130 : random.normal()
      let code = value.bitPattern >> 16
      return (code, Float(bitPattern: code << 16))
    case .int8:
      let extreme: Int8 = Bool.random(using: &random) ? -128 : 127
      let code = isExtreme ? extreme : Int8(truncatingIfNeeded: random.next())
      return (UInt32(UInt8(bitPattern: code)), Float(code))
    case .int2, .int3, .int4:
      let limit = Int32(1) << (type.bits - 1)
      let code = Int32.random(in: -limit..<limit, using: &random)
      return (UInt32(bitPattern: code), Float(code))
    default:
      let limit = Int32(1) << (type.bits - 1)
      let extreme = Bool.random(using: &random) ? -limit : limit - 1
      let code = isExtreme ? extreme : Int32.random(in: -limit..<limit, using: &random)
      return (UInt32(bitPattern: code), Float(code))
    }
  }

  /// Some of the bits of an element: which they are, and where they stand in the row.
  struct Place {
    var unit: Int
    var shift: Int
    var count: Int
    var from = 0
  }

  /// Where a column's bits stand.
  static func places(_ type: WeightType, _ column: Int) -> [Place] {
    let (block, inBlock) = (column / 32, column % 32)
    let nibble = column % 4 * 8 + (column % 8 >= 4 ? 4 : 0)
    let pair = column % 4 * 8 + inBlock % 16 / 4 * 2
    switch type.codeType {
    case .f32: return [Place(unit: column, shift: 0, count: 32)]
    case .f16, .bf16: return [Place(unit: column / 2, shift: column % 2 * 16, count: 16)]
    case .int8: return [Place(unit: column / 4, shift: column % 4 * 8, count: 8)]
    case .int4: return [Place(unit: column / 8, shift: nibble, count: 4)]
    case .int2: return [Place(unit: column / 16, shift: pair, count: 2)]
    case .int3 where inBlock < 24:
      let shift = column % 4 * 8 + (column % 8 >= 4 ? 3 : 0)
      return [Place(unit: block * 3 + inBlock / 8, shift: shift, count: 3)]
    case .int3:
      return [
        Place(unit: block * 3 + inBlock / 4 - 6, shift: column % 4 * 8 + 6, count: 2),
        Place(unit: block * 3 + 2, shift: column % 4 * 8 + inBlock / 4, count: 1, from: 2),
      ]
    case .int5:
      return [
        Place(unit: block * 5 + inBlock / 8, shift: nibble, count: 4),
        Place(unit: block * 5 + 4, shift: column % 4 * 8 + inBlock / 4, count: 1, from: 4),
      ]
    default:
      return [
        Place(unit: block * 6 + inBlock / 8, shift: nibble, count: 4),
        Place(unit: block * 6 + (inBlock < 16 ? 4 : 5), shift: pair, count: 2, from: 4),
      ]
    }
  }
}

extension [UInt8] {
  /// Puts a scale at its place among a type's.
  mutating func put(_ scale: Float16, _ type: WeightType, at place: Int) {
    guard !type.hasShortScales else {
      self[place] = UInt8(bitPattern: Int8(scale))
      return
    }
    self[2 * place] = UInt8(truncatingIfNeeded: scale.bitPattern)
    self[2 * place + 1] = UInt8(scale.bitPattern >> 8)
  }
}
