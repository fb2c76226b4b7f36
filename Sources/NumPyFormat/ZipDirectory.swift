import ByteIO
import Diagnostics

/// An entry of a zip archive whose place in the file is checked.
struct ZipEntry: Sendable {
  /// The name's bytes.
  let name: [UInt8]
  /// Whether its data are compressed.
  let isDeflated: Bool
  /// Its header and its data, in the file.
  let place: Range<Int>
  /// Its data, in the file.
  let data: Range<Int>
  /// The number of its bytes when they are inflated.
  let size: Int
  /// The CRC-32 of those.
  let checksum: UInt32

  /// The name as text, for messages.
  var text: String { String(decoding: name, as: UTF8.self) }
}

/// The directory at the end of a zip archive (PKWARE's APPNOTE, 4.3), as far as NumPy writes it:
/// one disk, no comment, no encryption, entries stored or deflated, sizes of 64 bits where needed.
struct ZipDirectory {
  private let file: MappedFile
  private var path: String { file.path }

  /// The entries of an archive, in the directory's order, none of which overlaps another or has
  /// another's name.
  static func entries(of file: MappedFile) throws(NumPyError) -> [ZipEntry] {
    let (directory, path) = (ZipDirectory(file: file), file.path)
    let (records, count) = try directory.find()
    var entries: [ZipEntry] = []
    var names: Set<[UInt8]> = []
    var offset = records.lowerBound
    for index in 0..<count {
      let entry = try directory.entry(at: &offset, index: index, in: records)
      guard names.insert(entry.name).inserted else {
        throw .duplicateName(path: path, name: entry.text)
      }
      entries.append(entry)
    }
    guard offset == records.upperBound else {
      throw .directoryLength(
        path: path, expected: records.count, found: offset - records.lowerBound)
    }
    let sorted = entries.sorted { $0.place.lowerBound < $1.place.lowerBound }
    for (entry, next) in zip(sorted, sorted.dropFirst())
    where next.place.lowerBound < entry.place.upperBound {
      throw .overlap(path: path, array: next.text, other: entry.text)
    }
    return entries
  }

  /// Where the records lie, and how many they are.
  private func find() throws(NumPyError) -> (records: Range<Int>, count: Int) {
    let size = file.count
    var end = size - 22
    guard end >= 0, signature(at: end) == 0x0605_4B50, value(UInt16.self, end + 20) == 0 else {
      throw .noDirectory(path: path, size: size)
    }
    var disks = [UInt64](arrayLiteral: value(UInt16.self, end + 4), value(UInt16.self, end + 6))
    var counts = [UInt64](arrayLiteral: value(UInt16.self, end + 8), value(UInt16.self, end + 10))
    var length = value(UInt32.self, end + 12)
    var offset = value(UInt32.self, end + 16)
    if signature(at: end - 20) == 0x0706_4B50 {
      // The values that do not fit stand in a longer record.
      let long = value(UInt64.self, end - 12)
      guard let place = Int(exactly: long), place <= end - 20 - 56,
        signature(at: place) == 0x0606_4B50
      else {
        throw .directoryOutside(path: path, offset: long, bytes: 56, size: size)
      }
      disks = [value(UInt32.self, place + 16), value(UInt32.self, place + 20)]
      counts = [value(UInt64.self, place + 24), value(UInt64.self, place + 32)]
      length = value(UInt64.self, place + 40)
      offset = value(UInt64.self, place + 48)
      end = place
    }
    guard disks == [0, 0], counts[0] == counts[1] else { throw .severalDisks(path: path) }
    guard counts[0] <= Limits.numpyArrays else {
      throw .tooManyEntries(path: path, found: counts[0], limit: Limits.numpyArrays)
    }
    guard offset <= end, length <= UInt64(end) - offset else {
      throw .directoryOutside(path: path, offset: offset, bytes: length, size: size)
    }
    return (Int(offset)..<Int(offset + length), Int(counts[0]))
  }

  /// Reads a record, and looks at what it says of the entry.
  private func entry(
    at offset: inout Int, index: Int, in records: Range<Int>
  ) throws(NumPyError) -> ZipEntry {
    let start = offset
    guard records.upperBound - start >= 46, signature(at: start) == 0x0201_4B50 else {
      throw .badRecord(path: path, index: index, offset: start)
    }
    let nameEnd = start + 46 + Int(value(UInt16.self, start + 28))
    let extraEnd = nameEnd + Int(value(UInt16.self, start + 30))
    offset = extraEnd + Int(value(UInt16.self, start + 32))
    guard offset <= records.upperBound, let name = bytes(start + 46..<nameEnd) else {
      throw .badRecord(path: path, index: index, offset: start)
    }
    var sizes = [24, 20, 42].map { value(UInt32.self, start + $0) }
    let long = sizes.indices.filter { sizes[$0] == UInt32.max }
    if !long.isEmpty {
      guard let values = longValues(nameEnd..<extraEnd, count: long.count) else {
        throw .badRecord(path: path, index: index, offset: start)
      }
      for (place, value) in zip(long, values) { sizes[place] = value }
    }
    let (size, compressed, header) = (sizes[0], sizes[1], sizes[2])
    let text = String(decoding: name, as: UTF8.self)
    let method = Int(value(UInt16.self, start + 10))
    guard value(UInt16.self, start + 8) & 1 == 0 else { throw .encrypted(path: path, array: text) }
    guard method == 0 || method == 8 else {
      throw .unknownMethod(path: path, array: text, method: method)
    }
    // No symbol of deflate gives more than 258 bytes, and none has less than two bits.
    guard method == 0 ? size == compressed : size / 1032 <= compressed else {
      throw .impossibleSize(path: path, array: text, compressed: compressed, size: size)
    }
    guard header <= UInt64(records.lowerBound), let dataStart = dataStart(Int(header), name, method)
    else { throw .badEntry(path: path, array: text, offset: header) }
    guard dataStart <= records.lowerBound, compressed <= records.lowerBound - dataStart else {
      throw .entryOutside(
        path: path, array: text, offset: dataStart, bytes: compressed, end: records.lowerBound)
    }
    let data = dataStart..<dataStart + Int(compressed)
    return ZipEntry(
      name: name, isDeflated: method == 8, place: Int(header)..<data.upperBound, data: data,
      size: Int(size), checksum: UInt32(truncatingIfNeeded: value(UInt32.self, start + 16)))
  }

  /// The first numbers of the 64-bit field among a record's extra fields.
  private func longValues(_ extra: Range<Int>, count: Int) -> [UInt64]? {
    var offset = extra.lowerBound
    while offset + 4 <= extra.upperBound {
      let end = offset + 4 + Int(value(UInt16.self, offset + 2))
      if value(UInt16.self, offset) == 1 {
        guard end <= extra.upperBound, offset + 4 + 8 * count <= end else { return nil }
        return (0..<count).map { value(UInt64.self, offset + 4 + 8 * $0) }
      }
      offset = end
    }
    return nil
  }

  /// Where the data begin behind an entry's own header; nil where that is of another entry.
  private func dataStart(_ offset: Int, _ name: [UInt8], _ method: Int) -> Int? {
    let nameStart = offset + 30
    guard signature(at: offset) == 0x0403_4B50, value(UInt16.self, offset + 8) == method,
      Int(value(UInt16.self, offset + 26)) == name.count,
      bytes(nameStart..<nameStart + name.count) == name
    else { return nil }
    return nameStart + name.count + Int(value(UInt16.self, offset + 28))
  }

  private func signature(at offset: Int) -> UInt32? {
    file.withBytes { $0.littleEndian(at: offset) }
  }

  private func bytes(_ range: Range<Int>) -> [UInt8]? { file.withBytes { $0.bytes(range) } }

  /// A number that lies in the file, as callers make sure; 0 otherwise.
  private func value<Integer: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ type: Integer.Type, _ offset: Int
  ) -> UInt64 {
    file.withBytes { UInt64($0.littleEndian(type, at: offset) ?? 0) }
  }
}
