import ByteIO
import Diagnostics
import TensorCore

/// What an array says of itself in front of its elements (NEP 1, versions 1.0 to 3.0).
struct NumPyHeader: Equatable, Sendable {
  let type: ElementType
  let shape: [Int]
  /// The bytes of all elements.
  let byteCount: Int
  /// Where the first element begins.
  let dataStart: Int

  /// The most bytes in front of the elements.
  static let longest = 12 + Limits.numpyHeader

  private static let types: [String: ElementType] = [
    "<f2": .f16, "<f4": .f32, "<f8": .f64, "<i4": .i32, "<i8": .i64,
  ]

  /// Reads the header of an array's bytes, of which there need not be more than `longest`.
  static func parse(
    _ bytes: RawSpan, path: String, array: String?
  ) throws(NumPyError) -> NumPyHeader {
    guard bytes.bytes(0..<6) == magic, let major = bytes.littleEndian(UInt8.self, at: 6),
      let minor = bytes.littleEndian(UInt8.self, at: 7)
    else { throw .notAnArray(path: path, array: array) }
    guard (1...3).contains(major), minor == 0 else {
      throw .unknownVersion(path: path, array: array, major: major, minor: minor)
    }
    let textStart = major == 1 ? 10 : 12
    guard
      let length = major == 1
        ? bytes.littleEndian(UInt16.self, at: 8).map(Int.init)
        : bytes.littleEndian(UInt32.self, at: 8).map(Int.init)
    else { throw .notAnArray(path: path, array: array) }
    guard length <= Limits.numpyHeader else {
      throw .headerTooLong(
        path: path, array: array, bytes: length, limit: Limits.numpyHeader)
    }
    guard let text = bytes.bytes(textStart..<textStart + length) else {
      throw .notAnArray(path: path, array: array)
    }
    var scanner = HeaderScanner(text, path: path, array: array)
    let found = try scanner.dictionary()
    guard let type = types[found.type] else {
      throw .unsupportedType(path: path, array: array, type: found.type)
    }
    guard !found.isFortran else { throw .fortranOrder(path: path, array: array) }
    var size = type.bits / 8
    for dimension in found.shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw .tooLarge(path: path, array: array, shape: abridged("\(found.shape)", limit: 80))
      }
      size = product
    }
    return NumPyHeader(
      type: type, shape: found.shape, byteCount: size, dataStart: textStart + length)
  }

  /// What every array begins with.
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
}
