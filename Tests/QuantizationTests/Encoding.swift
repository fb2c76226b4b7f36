import ByteIO
import Kernels
import Quantization
import TensorCore
import TestSupport

/// A tensor for encoding, with values in binary32.
struct Tensor {
  let rows: Int
  let columns: Int
  var values: [Float]

  init(_ rows: Int, _ columns: Int, _ values: [Float]) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  init(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float = 1) {
    var random = SplitMix(seed)
    self.init(rows, columns, random.normals(rows * columns, scale: scale))
  }

  func exponent(as type: WeightType = .int4) -> Int {
    TensorExponent.forMagnitude(values.map(abs).max() ?? 0, type)
  }

  func row(_ index: Int) -> ArraySlice<Float> { values[index * columns..<(index + 1) * columns] }
}

extension WeightType {
  /// The codes that encoding may give, for quantized types.
  var codes: ClosedRange<Int> {
    switch codeType {
    case .int2: -2...1
    case .int3: -4...3
    case .int4: -8...7
    case .int5: -16...15
    case .int6: -32...31
    default: -127...127
    }
  }
}

extension MemoryBuffer {
  /// A copy of elements.
  convenience init<Element>(_ elements: [Element]) throws {
    try self.init(count: elements.count * MemoryLayout<Element>.stride)
    try elements.withUnsafeBytes { try write($0, at: 0) }
  }
}

extension TileSource {
  /// Elements of a checkpoint.
  init<Element>(_ elements: [Element], _ type: ElementType) throws {
    let memory = try MemoryBuffer(elements)
    self = .elements(SourceElements(type, in: memory, bytes: 0..<memory.count))
  }
}

/// How to encode it.
struct Encoding: Sendable, CustomStringConvertible {
  var type: WeightType
  var arrangement = Arrangement.tiles
  var group = 32
  var method = QuantizationMethod.search

  var description: String { "\(type.name) \(arrangement) \(method.rawValue) \(group)" }

  static let quantized = WeightType.allCases.filter(\.isQuantized).flatMap { type in
    [Arrangement.rows, .tiles].flatMap { arrangement in
      [32, 64, 128].flatMap { group in
        QuantizationMethod.allCases.map {
          Encoding(type: type, arrangement: arrangement, group: group, method: $0)
        }
      }
    }
  }

  static let floats = [WeightType.f32, .f16, .bf16].flatMap { type in
    [Arrangement.rows, .tiles].map { Encoding(type: type, arrangement: $0) }
  }

  func geometry(rows: Int, columns: Int) throws -> TensorGeometry {
    guard
      let geometry = TensorGeometry(
        type: type, arrangement: arrangement, shape: [rows, columns], groupSize: group)
    else { throw BadShape() }
    return geometry
  }

  struct BadShape: Error {}

  /// Encodes a tensor of binary32 elements.
  func encode(
    _ tensor: Tensor, isa: InstructionSet? = nil, tilesAtOnce: Int = .max
  ) throws -> Encoded {
    let source = try TileSource(tensor.values, .f32)
    return try encode(source, tensor, isa: isa, tilesAtOnce: tilesAtOnce)
  }

  /// Encodes the values of a source that has the tensor's shape and exponent.
  func encode(
    _ source: TileSource, _ tensor: Tensor, isa: InstructionSet? = nil, tilesAtOnce: Int = .max
  ) throws -> Encoded {
    let geometry = try geometry(rows: tensor.rows, columns: tensor.columns)
    let encoder = TileEncoder(
      geometry, source: source, scales: method.scaleChoice, exponent: tensor.exponent(as: type),
      kernels: try KernelSet(isa))
    var units: [UInt32] = []
    var scales: [UInt16] = []
    var statistics = ErrorStatistics()
    let step = min(tilesAtOnce, geometry.tileCount)
    for first in stride(from: 0, to: geometry.tileCount, by: step) {
      let tiles = first..<min(first + step, geometry.tileCount)
      var capacity = EncodingBuffers.Capacity()
      capacity.include(geometry, tiles: tiles.count)
      // Every byte must be written, padding too: in new buffers all bits are ones.
      let buffers = EncodingBuffers(capacity)
      statistics.add(try buffers.encode(tiles, with: encoder))
      buffers.withCodes { codes in
        codes.withUnsafeBytes { units += $0.bindMemory(to: UInt32.self) }
      }
      buffers.withScales { part in
        part.withUnsafeBytes {
          scales +=
            type.hasShortScales
            ? $0.map { Float16(Int8(bitPattern: $0)).bitPattern }
            : Array($0.bindMemory(to: UInt16.self))
        }
      }
    }
    return Encoded(
      geometry: geometry, exponent: tensor.exponent(as: type), units: units, scales: scales,
      statistics: statistics)
  }
}

/// The planes of an encoded tensor, and a reader of them.
struct Encoded: Equatable {
  let geometry: TensorGeometry
  let exponent: Int
  let units: [UInt32]
  let scales: [UInt16]
  let statistics: ErrorStatistics

  /// The bits of an element of the padded plane.
  private func bits(_ row: Int, _ column: Int) -> UInt32 {
    let lanes = geometry.arrangement == .tiles ? 16 : 1
    func bits(_ count: Int, unit: Int, from shift: Int) -> UInt32 {
      let index = (row / lanes * geometry.unitsPerRow + unit) * lanes + row % lanes
      return units[index] >> UInt32(shift) & UInt32(1 << count - 1)
    }
    func nibble(unit: Int) -> UInt32 {
      bits(4, unit: unit, from: column % 4 * 8 + column / 4 % 2 * 4)
    }
    func pair(unit: Int) -> UInt32 {
      bits(2, unit: unit, from: column % 4 * 8 + column % 16 / 4 * 2)
    }
    let (block, place) = (column / 32, column % 32)
    switch geometry.type.codeType {
    case .f32: return bits(32, unit: column, from: 0)
    case .f16, .bf16: return bits(16, unit: column / 2, from: column % 2 * 16)
    case .int8: return bits(8, unit: column / 4, from: column % 4 * 8)
    case .int4: return nibble(unit: column / 8)
    case .int2: return pair(unit: column / 16)
    case .int3 where place < 24:
      return bits(3, unit: block * 3 + place / 8, from: place % 4 * 8 + place / 4 % 2 * 3)
    case .int3:
      return bits(2, unit: block * 3 + place / 4 - 6, from: place % 4 * 8 + 6)
        | bits(1, unit: block * 3 + 2, from: place % 4 * 8 + place / 4) << 2
    case .int5:
      return nibble(unit: block * 5 + place / 8)
        | bits(1, unit: block * 5 + 4, from: place % 4 * 8 + place / 4) << 4
    default:
      return nibble(unit: block * 6 + place / 8)
        | pair(unit: block * 6 + 4 + place / 16) << 4
    }
  }

  /// The code of an element, for quantized types.
  func code(_ row: Int, _ column: Int) -> Int {
    let bits = Int(bits(row, column))
    let values =
      switch geometry.type.codeType {
      case .int8: 256
      case .int6: 64
      case .int5: 32
      case .int3: 8
      case .int2: 4
      default: 16
      }
    return bits >= values / 2 ? bits - values : bits
  }

  /// The stored scale of a row's group.
  func half(_ row: Int, _ group: Int) -> Float16 {
    let lanes = geometry.arrangement == .tiles ? 16 : 1
    let index = (row / lanes * geometry.groupsPerRow + group) * lanes + row % lanes
    return Float16(bitPattern: scales[index])
  }

  /// The value of an element.
  func value(_ row: Int, _ column: Int) -> Float {
    let bits = bits(row, column)
    switch geometry.type {
    case .f32: return Float(bitPattern: bits)
    case .f16: return Float(Float16(bitPattern: UInt16(bits)))
    case .bf16: return Float(bitPattern: bits << 16)
    default:
      let unit = Float(sign: .plus, exponent: exponent, significand: 1)
      return Float(code(row, column)) * (Float(half(row, column / geometry.groupSize)) * unit)
    }
  }

  /// Whether every bit of the padding is zero.
  var paddingIsZero: Bool {
    let (rows, columns) = (geometry.rows, geometry.columns)
    for row in 0..<geometry.paddedRows {
      for column in 0..<geometry.paddedColumns where row >= rows || column >= columns {
        if bits(row, column) != 0 { return false }
      }
      for group in 0..<geometry.groupsPerRow where row >= rows {
        if half(row, group).bitPattern != 0 { return false }
      }
    }
    return true
  }
}
