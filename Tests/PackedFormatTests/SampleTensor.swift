import ByteIO
import KibbleFormat
import TensorCore
import TestSupport
import Testing

/// A tensor for a test's file.
struct SampleTensor {
  let name: String
  let shape: [Int]
  let geometry: TensorGeometry
  private(set) var planes: [[UInt8]]

  /// A tensor of zeros.
  init(
    name: String = "t", zeros type: WeightType, _ arrangement: Arrangement = .tiles,
    shape: [Int], group: Int = 32
  ) throws {
    self.name = name
    self.shape = shape
    geometry = try #require(
      TensorGeometry(type: type, arrangement: arrangement, shape: shape, groupSize: group))
    planes = geometry.planeBytes.map { [UInt8](repeating: 0, count: $0) }
  }

  /// A tensor of given codes, or bits of floats, and binary16 scales.
  init(
    name: String = "t", _ type: WeightType, _ arrangement: Arrangement = .tiles,
    shape: [Int], group: Int = 32, scale: (_ row: Int, _ group: Int) -> UInt16 = { _, _ in 0x3C00 },
    code: (_ row: Int, _ column: Int) -> Int
  ) throws {
    try self.init(name: name, zeros: type, arrangement, shape: shape, group: group)
    let lanes = arrangement == .tiles ? TensorGeometry.tileRows : 1
    let places = (0..<geometry.columns).map(type.places)
    for row in 0..<geometry.rows {
      for column in 0..<geometry.columns {
        var left = UInt32(truncatingIfNeeded: code(row, column))
        for place in places[column] {
          let unit = (row / lanes * geometry.unitsPerRow + place.unit) * lanes + row % lanes
          let bits = left << UInt32(place.shift) & place.mask
          for byte in 0..<4 {
            planes[0][4 * unit + byte] |= UInt8(truncatingIfNeeded: bits >> (8 * byte))
          }
          left >>= place.count
        }
      }
      for group in 0..<geometry.groupsPerRow {
        let place = type.bytesPerScale * geometry.scalePlace(row: row, group: group)
        planes[1][place] = UInt8(truncatingIfNeeded: scale(row, group))
        if !type.hasShortScales { planes[1][place + 1] = UInt8(scale(row, group) >> 8) }
      }
    }
  }

  /// A tensor of arbitrary values; its scales are on no grid.
  init(
    random: inout SplitMix, name: String = "t", _ type: WeightType,
    _ arrangement: Arrangement = .tiles, shape: [Int], group: Int = 32
  ) throws {
    var generator = random
    try self.init(
      name: name, type, arrangement, shape: shape, group: group,
      scale: { row, group in UInt16((row * 977 + group * 331) % 0x7C00) | UInt16(row & 1) << 15 },
      code: { _, _ in
        let value = generator.normal()
        switch type {
        case .f32: return Int(value.bitPattern)
        case .bf16: return Int(value.bitPattern >> 16)
        case .f16: return 0x3C00 + Int(value.bitPattern & 1023)
        default:
          let range = type.codes
          let code = Int((value * Float(range.upperBound) / 2).rounded())
          return min(max(code, range.lowerBound), range.upperBound)
        }
      })
    random = generator
  }
}

extension WeightType {
  static let quantized = allCases.filter(\.isQuantized)

  /// The codes that may occur.
  var codes: ClosedRange<Int> {
    let half = 1 << (bits - 1)
    return (codeType == .int8 ? -127 : -half)...half - 1
  }
}

/// The binary16 at a place of the grid of formats/packed-v1.md.
func gridScale(_ place: Int) -> UInt16 {
  let significands: [UInt16] = [0, 93, 194, 304, 424, 555, 698, 854]
  return UInt16(place / 8 + 1) << 10 | significands[place % 8]
}

/// A `.kibble` file of some tensors.
func kibbleFile(_ tensors: [SampleTensor]) throws -> [UInt8] {
  var plan = KibblePlan(
    tensors: tensors.map { ($0.name, $0.shape, $0.geometry) },
    blobs: [
      BlobContent(name: "kibble.json", bytes: Array("{}".utf8), compressed: false),
      BlobContent(
        name: "config.json", bytes: [UInt8](repeating: 32, count: 99), compressed: false),
    ])
  for (index, tensor) in tensors.enumerated() {
    plan.tensors[index].crc32 = CRC32.checksum(tensor.planes.flatMap { $0 })
    plan.tensors[index].exponent = tensor.geometry.type.isQuantized ? -7 : 0
  }
  let memory = try MemoryBuffer(count: plan.fileLength)
  try plan.writeFrame(to: memory)
  for (tensor, record) in zip(tensors, plan.tensors) {
    for (plane, range) in zip(tensor.planes, record.planes) {
      try memory.write(plane, at: range.lowerBound)
    }
  }
  return memory.bytes(0..<memory.count)
}
