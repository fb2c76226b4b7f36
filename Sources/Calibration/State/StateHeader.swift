import ByteIO
import Conversion
import Quantization

/// How a state file begins: what it is, and which run it belongs to.
///
/// The format is private to one version of the program, which is part of the header: it may change
/// without notice, since the file is only kept until its run is done.
struct StateHeader: Equatable {
  static let length = 32
  static let formatVersion: UInt32 = 2
  private static let magic = Array("KBLSTATE".utf8)

  private let identity: ConversionIdentity
  private let tokens: UInt32

  init(_ identity: ConversionIdentity, sequences: [[Int]]) {
    self.identity = identity
    tokens = CalibrationSummary(sequences).crc32
  }

  /// magic, format version, four checksums, CRC-32 of what is before it.
  var bytes: [UInt8] {
    var bytes = Self.magic
    for word in [Self.formatVersion, identity.model, identity.recipe, identity.version, tokens] {
      bytes.append(littleEndian: word)
    }
    bytes.append(littleEndian: CRC32.checksum(bytes))
    return bytes
  }

  /// Reads the first bytes of a file.
  ///
  /// - Returns: the header; nil where a crash may have left only its start.
  static func read(
    _ bytes: [UInt8], path: String
  ) throws(CalibrationError) -> StateHeader? {
    guard bytes.starts(with: magic) else {
      guard magic.starts(with: bytes) else { throw .notState(path: path) }
      return nil
    }
    let words = (0..<6).compactMap { bytes.littleEndian(UInt32.self, at: magic.count + 4 * $0) }
    if let version = words.first, version != formatVersion {
      throw .stateVersion(path: path, expected: Int(formatVersion), found: Int(version))
    }
    guard words.count == 6 else { return nil }
    guard words[5] == CRC32.checksum(Array(bytes[..<(length - 4)])) else {
      throw .notState(path: path)
    }
    return StateHeader(
      identity: ConversionIdentity(model: words[1], recipe: words[2], version: words[3]),
      tokens: words[4])
  }

  private init(identity: ConversionIdentity, tokens: UInt32) {
    self.identity = identity
    self.tokens = tokens
  }

  /// What the run of another header had else, in words.
  func differences(of other: StateHeader) -> [String] {
    var differences: [String] = []
    if other.identity.model != identity.model { differences.append("another model") }
    if other.identity.recipe != identity.recipe { differences.append("another recipe") }
    if other.tokens != tokens { differences.append("other tokens") }
    if other.identity.version != identity.version {
      differences.append("another version of the program")
    }
    return differences
  }
}

extension [UInt8] {
  /// Appends an integer, its lowest byte first.
  mutating func append(littleEndian value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// The integer at an offset; nil where it does not lie in the array as a whole.
  func littleEndian<Integer: FixedWidthInteger>(
    _ type: Integer.Type, at offset: Int
  ) -> Integer? {
    let size = MemoryLayout<Integer>.size
    guard offset >= 0, size <= count - offset else { return nil }
    return (0..<size).reduce(0) { $0 | Integer(truncatingIfNeeded: self[offset + $1]) << (8 * $1) }
  }
}
