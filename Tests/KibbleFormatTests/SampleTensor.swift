import TensorCore
import Testing

/// A tensor for a test's file, coded value by value as formats/kibble-v1.md says.
struct SampleTensor {
  let name: String
  let shape: [Int]
  let geometry: TensorGeometry
  let exponent: Int
  /// Plane 0: floats or codes.
  var codes: [UInt8]
  /// Plane 1, empty for floats.
  var scales: [UInt8]

  var planes: [[UInt8]] { geometry.type.isQuantized ? [codes, scales] : [codes] }

  /// Lays out rows of bit patterns; `scales` has a binary16 for each row and group, or a byte.
  init(
    _ name: String, _ type: WeightType, _ arrangement: Arrangement, shape: [Int],
    rows: [[UInt32]], groupSize: Int = 0, scales: [[UInt16]] = [], exponent: Int = 0
  ) throws {
    self.name = name
    self.shape = shape
    self.exponent = exponent
    let geometry = try #require(
      TensorGeometry(type: type, arrangement: arrangement, shape: shape, groupSize: groupSize))
    self.geometry = geometry
    codes = [UInt8](repeating: 0, count: geometry.codeBytes)
    self.scales = [UInt8](repeating: 0, count: geometry.scaleBytes)
    for (row, values) in rows.enumerated() {
      for (column, bits) in values.enumerated() { put(bits, row, column) }
    }
    for (row, values) in scales.enumerated() {
      for (group, bits) in values.enumerated() {
        let offset = scaleOffset(row, group)
        self.scales[offset] = UInt8(bits & 255)
        if !type.hasShortScales { self.scales[offset + 1] = UInt8(bits >> 8) }
      }
    }
  }

  /// A tensor of arbitrary but always the same values.
  init(_ name: String, _ type: WeightType, _ arrangement: Arrangement, shape: [Int]) throws {
    let columns = shape[shape.count - 1]
    let rowCount = shape.count == 2 ? shape[0] : 1
    let groups = (columns + 31) / 32
    let rows = (0..<rowCount).map { row in
      (0..<columns).map { column in
        let code = (row * 7 + column * 3) % 15 - 7
        return switch type.codeType {
        case .int3: UInt32(truncatingIfNeeded: code) & 7
        case .int2: UInt32(truncatingIfNeeded: code) & 3
        case .f32: Float(code).bitPattern
        case .bf16: Float(code).bitPattern >> 16
        case .f16: 0x3C00 + UInt32(row + column)
        default: UInt32(truncatingIfNeeded: code)
        }
      }
    }
    try self.init(
      name, type, arrangement, shape: shape, rows: rows, groupSize: type.isQuantized ? 32 : 0,
      scales: type.isQuantized
        ? (0..<rowCount).map { row in
          (0..<groups).map {
            type.hasShortScales ? UInt16(row + $0) % 100 : 0x3800 + UInt16(row + $0)
          }
        } : [],
      exponent: type.isQuantized ? -9 : 0)
  }

  /// Where the 4-byte unit of a row and column, of padding too, begins in the plane; of int3, int5
  /// and int6, the unit with the low bits, or with the high ones where those lie apart.
  func unitOffset(_ row: Int, _ column: Int, high: Bool = false) -> Int {
    let (block, inBlock) = (column / 32, column % 32)
    let unit =
      switch geometry.type.codeType {
      case .f32: column
      case .f16, .bf16: column / 2
      case .int8: column / 4
      case .int4: column / 8
      case .int2: column / 16
      case .int3: block * 3 + (inBlock < 24 ? inBlock / 8 : high ? 2 : inBlock / 4 - 6)
      case .int5: block * 5 + (high ? 4 : inBlock / 8)
      default: block * 6 + (high ? 4 + inBlock / 16 : inBlock / 8)
      }
    let units = geometry.unitsPerRow
    return geometry.arrangement == .rows
      ? (row * units + unit) * 4 : ((row / 16 * units + unit) * 16 + row % 16) * 4
  }

  /// Where a scale begins in its plane.
  func scaleOffset(_ row: Int, _ group: Int) -> Int {
    let groups = geometry.groupsPerRow
    let place =
      geometry.arrangement == .rows
      ? row * groups + group : (row / 16 * groups + group) * 16 + row % 16
    return place * (geometry.type.hasShortScales ? 1 : 2)
  }

  /// Sets the bits of a value that are still 0.
  mutating func put(_ bits: UInt32, _ row: Int, _ column: Int) {
    let unit = unitOffset(row, column)
    let type = geometry.type.codeType
    switch type {
    case .f32: for byte in 0..<4 { codes[unit + byte] |= UInt8(bits >> (8 * byte) & 255) }
    case .f16, .bf16:
      for byte in 0..<2 { codes[unit + column % 2 * 2 + byte] |= UInt8(bits >> (8 * byte) & 255) }
    case .int8: codes[unit + column % 4] |= UInt8(bits & 255)
    case .int2: codes[unit + column % 4] |= UInt8(bits & 3) << (column % 16 / 4 * 2)
    case .int3 where column % 32 < 24:
      codes[unit + column % 4] |= UInt8(bits & 7) << (column % 8 < 4 ? 0 : 3)
    case .int3: codes[unit + column % 4] |= UInt8(bits & 3) << 6
    default:
      codes[unit + column % 4] |= UInt8(bits & 15) << (column % 8 < 4 ? 0 : 4)
    }
    let high = unitOffset(row, column, high: true) + column % 4
    if type == .int3 && column % 32 >= 24 {
      codes[high] |= UInt8(bits >> 2 & 1) << (column % 32 / 4)
    }
    if type == .int5 { codes[high] |= UInt8(bits >> 4 & 1) << (column % 32 / 4) }
    if type == .int6 { codes[high] |= UInt8(bits >> 4 & 3) << (column % 16 / 4 * 2) }
  }
}
