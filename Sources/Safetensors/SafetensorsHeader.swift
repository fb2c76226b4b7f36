import ByteIO
import Diagnostics
import JSONCore
import TensorCore

/// A tensor of a safetensors file: little-endian, rows one after the other.
public struct TensorEntry: Equatable, Sendable {
  /// The tensor's name in the file.
  public let name: String
  /// The type of its elements.
  public let type: ElementType
  /// The number of elements along each axis; empty for a scalar.
  public let shape: [Int]
  /// Its bytes, counted from the start of the file; not necessarily aligned to anything.
  public let byteRange: Range<Int>
  /// The product of the shape.
  public let elementCount: Int
}

/// The header of a safetensors file, checked against every rule of the format.
public struct SafetensorsHeader: Sendable {
  /// The tensors in the order of their bytes, which cover the rest of the file without gaps.
  public let tensors: [TensorEntry]
  /// The strings under `__metadata__`, in the order of the file.
  public let metadata: [(key: String, value: String)]

  /// The key of the header that holds metadata and no tensor.
  public static let metadataKey = "__metadata__"

  /// Limits of what is accepted; the first two are the format's.
  enum Limit {
    static let headerLength = Limits.safetensorsHeader
    static let size = Limits.safetensorsSize
    static let nameLength = Limits.safetensorsName
    static let tensorCount = Limits.safetensorsTensors
  }

  /// Reads the header of a whole file.
  ///
  /// - Parameters:
  ///   - bytes: the file; only its first `8 + header length` bytes are touched.
  ///   - path: the file's path, for errors.
  /// - Returns: the header.
  /// - Throws: the first rule that the file breaks.
  public static func parse(
    _ bytes: RawSpan, path: String
  ) throws(SafetensorsError) -> SafetensorsHeader {
    let size = bytes.byteCount
    guard let length = bytes.littleEndian(UInt64.self, at: 0) else {
      throw .fileTooSmall(path: path, size: size)
    }
    guard length <= Limit.headerLength else {
      throw .headerTooLong(path: path, length: length, limit: Limit.headerLength)
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= size else {
      throw .headerBeyondFile(path: path, length: length, size: size)
    }
    let text = bytes.extracting(8..<dataStart)
    // White space around the object is JSON's.
    var start = 0
    while let byte = text.littleEndian(UInt8.self, at: start), JSONScanner.isWhitespace(byte) {
      start += 1
    }
    let first = text.littleEndian(UInt8.self, at: start)
    guard first == UInt8(ascii: "{") else { throw .headerNotObject(path: path, found: first) }

    var parser = HeaderParser(path: path, dataStart: dataStart, dataSize: size - dataStart)
    try parser.parse(text)
    try parser.checkTiling()
    return SafetensorsHeader(tensors: parser.tensors, metadata: parser.metadata)
  }
}
