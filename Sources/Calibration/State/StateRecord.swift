import ByteIO
import Conversion
import Kernels
import Quantization
import TensorCore

/// A rounded matrix as the state file holds it, with the warnings that were first given for it.
///
/// Its index among the plan's records, payload length, CRC-32 of both; the payload; CRC-32 of the payload. The payload is the
/// exponent, the error statistics, the warnings, the scales and the codes.
struct StateRecord {
  /// Bytes before the payload: u32, u64, u32.
  static let prefixLength = 16

  /// Its index among the plan's records.
  let index: Int
  let rounded: RoundedMatrix
  let warnings: [String]

  init(index: Int, rounded: RoundedMatrix, warnings: [String]) {
    self.index = index
    self.rounded = rounded
    self.warnings = warnings
  }

  /// The record's bytes.
  var bytes: [UInt8] {
    let payload = payload
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.prefixLength + payload.count + 4)
    bytes.append(littleEndian: UInt32(index))
    bytes.append(littleEndian: UInt64(payload.count))
    bytes.append(littleEndian: CRC32.checksum(bytes))
    bytes += payload
    bytes.append(littleEndian: CRC32.checksum(payload))
    return bytes
  }

  private var payload: [UInt8] {
    let tensor = rounded.tensor
    let statistics = tensor.statistics
    var bytes: [UInt8] = []
    bytes.reserveCapacity(64 + 2 * tensor.scales.count + rounded.codes.count)
    bytes.append(littleEndian: Int32(tensor.exponent))
    bytes.append(littleEndian: UInt64(statistics.count))
    for value in [
      statistics.squaredError, statistics.squaredValue, statistics.squaredStored,
      statistics.maxAbsoluteError,
    ] { bytes.append(littleEndian: value.bitPattern) }
    bytes.append(littleEndian: UInt32(warnings.count))
    for warning in warnings {
      let text = Array(warning.utf8)
      bytes.append(littleEndian: UInt32(text.count))
      bytes += text
    }
    for scale in tensor.scales { bytes.append(littleEndian: scale) }
    bytes += rounded.codes.lazy.map { UInt8(bitPattern: $0) }
    return bytes
  }

  /// What the bytes before a payload say; nil where they are damaged.
  static func readPrefix(_ bytes: [UInt8]) -> (index: Int, length: Int)? {
    guard let index = bytes.littleEndian(UInt32.self, at: 0),
      let length = bytes.littleEndian(UInt64.self, at: 4).flatMap({ Int(exactly: $0) }),
      bytes.littleEndian(UInt32.self, at: 12) == CRC32.checksum(Array(bytes.prefix(12)))
    else { return nil }
    return (Int(index), length)
  }

  /// Whether a file may hold the codes and scales; a checksum says nothing of who made them.
  func isSound(_ geometry: TensorGeometry) -> Bool {
    let tensor = rounded.tensor
    let range = CodeRange(geometry.type)
    let (low, high) = (Int(range.low[0]), Int(range.high[0]))
    let statistics = tensor.statistics
    let sums = [
      statistics.squaredError, statistics.squaredValue, statistics.squaredStored,
      statistics.maxAbsoluteError,
    ]
    guard sums.allSatisfy({ $0 >= 0 && $0.isFinite }) else { return false }
    func scale(_ row: Int, _ group: Int) -> Float {
      Float(binary16: tensor.scales[geometry.tiledScalePlace(row: row, group: group)])
    }
    for row in 0..<geometry.tileCount * TensorGeometry.tileRows {
      for group in 0..<geometry.groupsPerRow {
        let scale = scale(row, group)
        let isStored = scale.isFinite && scale.scale(of: geometry.type) == scale
        guard row < geometry.rows ? isStored : scale == 0 else { return false }
      }
    }
    let unit = Double(sign: .plus, exponent: tensor.exponent, significand: 1)
    for row in 0..<geometry.rows {
      for column in 0..<geometry.columns {
        let code = Int(rounded.codes[row * geometry.columns + column])
        let value = Double(scale(row, column / geometry.groupSize)) * unit * Double(code)
        guard (low...high).contains(code), abs(value) < 0x1p128 else { return false }
      }
    }
    return true
  }

  /// Reads a payload and the checksum behind it; nil where they are damaged or do not fit.
  init?(_ index: Int, payload bytes: [UInt8], geometry: TensorGeometry) {
    guard bytes.count >= 4 else { return nil }
    let end = bytes.count - 4
    var reader = PayloadReader(bytes: bytes, end: end)
    let checksum = bytes.littleEndian(UInt32.self, at: end)
    guard checksum == CRC32.checksum(Array(bytes[..<end])),
      let exponent = reader.next(Int32.self), TensorExponent.range.contains(Int(exponent)),
      let count = reader.next(UInt64.self), count == geometry.elementCount,
      let squaredError = reader.next(UInt64.self), let squaredValue = reader.next(UInt64.self),
      let squaredStored = reader.next(UInt64.self), let maximum = reader.next(UInt64.self),
      let warningCount = reader.next(UInt32.self)
    else { return nil }
    var warnings: [String] = []
    for _ in 0..<warningCount {
      guard let length = reader.next(UInt32.self), let text = reader.bytes(Int(length)) else {
        return nil
      }
      warnings.append(String(decoding: text, as: UTF8.self))
    }
    let scaleCount = geometry.tileCount * TensorGeometry.tileRows * geometry.groupsPerRow
    guard reader.left == 2 * scaleCount + geometry.elementCount else { return nil }
    let scales = (0..<scaleCount).compactMap { _ in reader.next(UInt16.self) }
    guard let codes = reader.bytes(geometry.elementCount) else { return nil }
    self.index = index
    self.warnings = warnings
    rounded = RoundedMatrix(
      tensor: RoundedTensor(
        exponent: Int(exponent), scales: scales,
        statistics: ErrorStatistics(
          count: geometry.elementCount, squaredError: Double(bitPattern: squaredError),
          squaredValue: Double(bitPattern: squaredValue),
          squaredStored: Double(bitPattern: squaredStored),
          maxAbsoluteError: Double(bitPattern: maximum))),
      codes: codes.map { Int8(bitPattern: $0) })
  }
}

/// Reads a payload from front to back.
private struct PayloadReader {
  private let bytes: [UInt8]
  private let end: Int
  private var position = 0

  init(bytes: [UInt8], end: Int) {
    self.bytes = bytes
    self.end = end
  }

  /// Bytes that were not read yet.
  var left: Int { end - position }

  mutating func next<Integer: FixedWidthInteger>(
    _ type: Integer.Type
  ) -> Integer? {
    let size = MemoryLayout<Integer>.size
    guard size <= left else { return nil }
    defer { position += size }
    return bytes.littleEndian(type, at: position)
  }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= left else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }
}
