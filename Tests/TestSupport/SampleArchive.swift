/// The bytes of a `.npy` file.
public func npy(
  _ type: String, _ shape: [Int], _ data: [UInt8], fortran: Bool = false
) -> [UInt8] {
  let shape = "(" + shape.map { "\($0), " }.joined() + ")"
  let order = fortran ? "True" : "False"
  return npy(header: "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n", data)
}

/// The bytes of a `.npy` file with any header.
public func npy(header: String, _ data: [UInt8], version: (UInt8, UInt8) = (1, 0)) -> [UInt8] {
  let length = Array(header.utf8).count
  return [0x93] + Array("NUMPY".utf8) + [version.0, version.1]
    + littleEndian(length, version.0 == 1 ? 2 : 4) + Array(header.utf8) + data
}

/// The bytes of a number, the lowest first.
public func littleEndian(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A zip archive, and where its parts lie.
public struct SampleArchive: Sendable {
  /// The archive.
  public private(set) var bytes: [UInt8] = []
  /// Where each entry's own header begins.
  public private(set) var headers: [Int] = []
  /// Where each record of the directory begins.
  public private(set) var records: [Int] = []
  /// Where the record begins that ends the archive, and where its longer form, if there is one.
  public private(set) var (end, longEnd) = (0, 0)

  /// How an entry is written.
  public enum Form: Sendable {
    /// Sizes of 32 bits.
    case stored
    /// The same, with all sizes and offsets in fields of 64 bits.
    case long
    /// Deflate, by blocks that are not compressed.
    case deflated
  }

  /// Writes entries as NumPy does; `name` has no ".npy" added.
  public init(_ entries: [(name: String, bytes: [UInt8])], _ form: Form = .stored) {
    var directory: [UInt8] = []
    for entry in entries {
      let data = form == .deflated ? Self.deflated(entry.bytes) : entry.bytes
      let name = Array(entry.name.utf8)
      let (size, packed) = (entry.bytes.count, data.count)
      let common =
        littleEndian(form == .deflated ? 8 : 0, 2) + [0, 0, 33, 0]
        + littleEndian(Int(crc32(entry.bytes)), 4)
      let long = form == .long
      let sizes = long ? littleEndian(-1, 8) : littleEndian(packed, 4) + littleEndian(size, 4)
      let longSizes = littleEndian(size, 8) + littleEndian(packed, 8)
      headers.append(bytes.count)
      bytes += Array("PK".utf8) + [3, 4, 45, 0, 0, 0] + common + sizes
      bytes += littleEndian(name.count, 2) + littleEndian(long ? 20 : 0, 2) + name
      if long { bytes += [1, 0, 16, 0] + longSizes }
      bytes += data
      records.append(directory.count)
      directory += Array("PK".utf8) + [1, 2, 45, 3, 45, 0, 0, 0] + common + sizes
      directory +=
        littleEndian(name.count, 2) + littleEndian(long ? 28 : 0, 2)
        + [UInt8](
          repeating: 0, count: 10)
      directory += littleEndian(long ? -1 : headers[headers.count - 1], 4) + name
      if long {
        directory += [1, 0, 24, 0] + longSizes + littleEndian(headers[headers.count - 1], 8)
      }
    }
    let start = bytes.count
    records = records.map { $0 + start }
    bytes += directory
    if form == .long {
      longEnd = bytes.count
      bytes +=
        Array("PK".utf8) + [6, 6] + littleEndian(44, 8) + [45, 3, 45, 0] + littleEndian(0, 8)
      for value in [entries.count, entries.count, directory.count, start] {
        bytes += littleEndian(value, 8)
      }
      bytes +=
        Array("PK".utf8) + [6, 7] + littleEndian(0, 4) + littleEndian(longEnd, 8) + [1, 0, 0, 0]
    }
    end = bytes.count
    bytes += Array("PK".utf8) + [5, 6, 0, 0, 0, 0]
    for _ in 0..<2 { bytes += littleEndian(form == .long ? -1 : entries.count, 2) }
    bytes += littleEndian(form == .long ? -1 : directory.count, 4)
    bytes += littleEndian(form == .long ? -1 : start, 4) + [0, 0]
  }

  /// Overwrites a number.
  public mutating func put(_ value: Int, _ count: Int, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + count, with: littleEndian(value, count))
  }

  /// A deflate stream of blocks that are not compressed.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = []
    for start in stride(from: 0, through: bytes.count, by: 65535) {
      let block = bytes[start..<min(start + 65535, bytes.count)]
      stream.append(block.endIndex == bytes.count ? 1 : 0)
      stream += littleEndian(block.count, 2) + littleEndian(~block.count, 2) + block
      if block.endIndex == bytes.count { break }
    }
    return stream
  }
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { value, byte in
    (0..<8).reduce(value ^ UInt32(byte)) { value, _ in
      value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
    }
  }
}
