import ByteIO
import TensorCore

/// Reads and checks header and directory; formats/kibble-v1.md has the rules.
struct DirectoryReader {
  let path: String
  let fileLength: Int
  /// Header and directory, up to the first payload byte.
  let bytes: [UInt8]
  let tensorCount: Int
  let blobCount: Int
  let strings: Range<Int>
  /// Whether blobs may be compressed.
  let allowsCompression: Bool
  /// Whether tensors may be in bands.
  let allowsBands: Bool
  /// Whether their rows are in an order of their own.
  let hasRowOrder: Bool

  init(bytes span: RawSpan, path: String) throws(KibbleFormatError) {
    guard let magic = span.bytes(0..<KibbleFormat.magic.count), magic == KibbleFormat.magic else {
      throw .notKibble(path: path)
    }
    guard let header = span.bytes(0..<KibbleFormat.headerBytes) else {
      throw .wrongLength(
        path: path, expected: UInt64(KibbleFormat.headerBytes), found: span.byteCount)
    }
    let fields = Fields(bytes: header)
    let major = fields.integer(UInt16.self, at: 8)
    guard major <= KibbleFormat.majorVersion else {
      throw .newerVersion(
        path: path, found: Int(major), supported: Int(KibbleFormat.majorVersion))
    }
    guard major > 0 else {
      throw .badHeader(
        path: path, field: "major version", found: 0, expected: "\(KibbleFormat.majorVersion)")
    }
    let features = fields.integer(UInt32.self, at: 12)
    let known = KibbleFormat.compressedBlobs | KibbleFormat.bands | KibbleFormat.rowOrder
    guard features & ~known == 0 else {
      throw .unknownFeatures(path: path, bits: features & ~known)
    }
    allowsCompression = features & KibbleFormat.compressedBlobs != 0
    allowsBands = features & KibbleFormat.bands != 0
    hasRowOrder = features & KibbleFormat.rowOrder != 0
    guard allowsBands || !hasRowOrder else {
      throw .badHeader(
        path: path, field: "required features", found: UInt64(features),
        expected: "bit 1 beside bit 2")
    }
    let length = fields.integer(UInt64.self, at: 16)
    guard length == UInt64(span.byteCount) else {
      throw .wrongLength(path: path, expected: length, found: span.byteCount)
    }
    func field(_ name: String, _ value: UInt64, atMost limit: Int) throws(KibbleFormatError) -> Int
    {
      guard value <= UInt64(limit) else {
        throw .badHeader(path: path, field: name, found: value, expected: "at most \(limit)")
      }
      return Int(value)
    }
    tensorCount = try field(
      "tensor count", UInt64(fields.integer(UInt32.self, at: 24)),
      atMost: KibbleFormat.maximumTensors)
    blobCount = try field(
      "blob count", UInt64(fields.integer(UInt32.self, at: 28)), atMost: KibbleFormat.maximumBlobs)
    let stringBytes = try field(
      "string table length", fields.integer(UInt64.self, at: 32), atMost: span.byteCount)
    let payload = try field(
      "payload offset", fields.integer(UInt64.self, at: 40), atMost: span.byteCount)
    let stringStart =
      KibbleFormat.headerBytes + tensorCount * KibbleFormat.tensorRecordBytes
      + blobCount * KibbleFormat.blobRecordBytes
    let expected = (stringStart + stringBytes).roundedUp(to: KibbleFormat.alignment)
    guard payload == expected, let frame = span.bytes(0..<payload) else {
      throw .badHeader(
        path: path, field: "payload offset", found: UInt64(payload), expected: "\(expected)")
    }
    strings = stringStart..<stringStart + stringBytes
    bytes = frame
    fileLength = span.byteCount
    self.path = path
  }

  func read() throws(KibbleFormatError) -> (tensors: [TensorRecord], blobs: [BlobRecord]) {
    try checkFrame()
    // Blobs come first in the payload, then planes; each begins where the one before it ended.
    var end = KibbleFormat.alignment * (bytes.count / KibbleFormat.alignment)
    var names: Set<String> = []
    var blobs: [BlobRecord] = []
    var tensors: [TensorRecord] = []
    let blobStart = KibbleFormat.headerBytes + tensorCount * KibbleFormat.tensorRecordBytes
    var inflated = 0
    for index in 0..<blobCount {
      let start = blobStart + index * KibbleFormat.blobRecordBytes
      let entry = try Entry(reader: self, start: start, number: "blob \(index)")
      blobs.append(try entry.blob(&end, &inflated))
    }
    for index in 0..<tensorCount {
      let start = KibbleFormat.headerBytes + index * KibbleFormat.tensorRecordBytes
      let entry = try Entry(reader: self, start: start, number: "tensor \(index)")
      tensors.append(try entry.tensor(&end))
    }
    for name in tensors.map(\.name) + blobs.map(\.name) where !names.insert(name).inserted {
      throw .duplicateName(path: path, name: name)
    }
    try checkBands(tensors)
    let rows = blobs.first { $0.name == KibbleFormat.rowsName }
    guard hasRowOrder == (rows != nil) else {
      throw rows == nil
        ? .missingBlob(path: path, name: KibbleFormat.rowsName)
        : .badHeader(
          path: path, field: "required features", found: 0,
          expected: "bit 2, as there is a blob \(KibbleFormat.rowsName)")
    }
    guard end == fileLength else {
      throw .badHeader(
        path: path, field: "file length", found: UInt64(fileLength), expected: "\(end)")
    }
    return (tensors, blobs)
  }

  /// Checks that the bands of a tensor follow each other without a gap.
  private func checkBands(_ tensors: [TensorRecord]) throws(KibbleFormatError) {
    func bad(_ tensor: TensorRecord, _ expected: String) -> KibbleFormatError {
      .badRecord(
        path: path, entry: tensor.name, field: "name", found: tensor.name, expected: expected)
    }
    let whole = Set(tensors.filter { !$0.isBand }.map(\.name))
    for (index, tensor) in tensors.enumerated() where tensor.isBand {
      guard allowsBands else { throw bad(tensor, "no band, which the header does not announce") }
      guard tensor.type.isQuantized else { throw bad(tensor, "no band, as the type is a float's") }
      let next = index + 1 < tensors.count ? tensors[index + 1] : nil
      let before = index > 0 ? tensors[index - 1] : nil
      guard tensor.firstRow != nil, !tensor.tensorName.isEmpty else {
        throw bad(tensor, "a tensor's name, @ and a row")
      }
      guard !whole.contains(tensor.tensorName) else {
        throw bad(tensor, "no band, as \(tensor.tensorName) is there in one piece")
      }
      let follows = before.map { tensor.isBand(after: $0) } ?? false
      let isFollowed = next.map { $0.isBand(after: tensor) } ?? false
      guard follows || tensor.firstRow == 0 && isFollowed else {
        throw bad(tensor, "a band from row 0 on, or from the row behind the last of another one")
      }
    }
  }

  private func checkFrame() throws(KibbleFormatError) {
    let fields = Fields(bytes: bytes)
    let expected = fields.integer(UInt32.self, at: KibbleFormat.checksumOffset)
    let covered =
      Array(bytes[..<KibbleFormat.checksumOffset]) + bytes[KibbleFormat.headerBytes...]
    let found = CRC32.checksum(covered)
    guard expected == found else {
      throw .directoryChecksum(path: path, expected: expected, found: found)
    }
    for offset in 48..<KibbleFormat.checksumOffset where bytes[offset] != 0 {
      throw .paddingNotZero(path: path, entry: "the header", offset: offset)
    }
    for offset in strings.upperBound..<bytes.count where bytes[offset] != 0 {
      throw .paddingNotZero(path: path, entry: "the directory", offset: offset)
    }
  }
}

/// Little-endian integers at known offsets.
private struct Fields {
  let bytes: [UInt8]

  func integer<Integer: FixedWidthInteger>(_ type: Integer.Type, at offset: Int) -> Integer {
    var value: Integer = 0
    for index in (0..<MemoryLayout<Integer>.size).reversed() {
      value = value << 8 | Integer(truncatingIfNeeded: bytes[offset + index])
    }
    return value
  }
}

/// One record of the directory.
private struct Entry {
  let reader: DirectoryReader
  let start: Int
  /// The name, which every record begins with.
  let name: String
  var path: String { reader.path }

  /// Reads the name; `number` stands for it in errors until it is known.
  init(reader: DirectoryReader, start: Int, number: String) throws(KibbleFormatError) {
    func bad(_ field: String, _ found: String, _ expected: String) -> KibbleFormatError {
      .badRecord(
        path: reader.path, entry: number, field: field, found: found, expected: expected)
    }
    let fields = Fields(bytes: reader.bytes)
    let offset = Int(fields.integer(UInt32.self, at: start))
    let length = Int(fields.integer(UInt32.self, at: start + 4))
    guard (1...KibbleFormat.maximumNameBytes).contains(length) else {
      throw bad("name length", "\(length)", "1 ... \(KibbleFormat.maximumNameBytes)")
    }
    let available = reader.strings.count
    guard offset <= available, length <= available - offset else {
      throw bad("name offset", "\(offset)", "a place in the string table of \(available) bytes")
    }
    let first = reader.strings.lowerBound + offset
    let bytes = reader.bytes[first..<first + length]
    name = String(decoding: bytes, as: UTF8.self)
    // Plain ASCII: equal names are equal bytes, and a name does nothing to a terminal.
    guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw bad("name", name, "printable ASCII without spaces")
    }
    self.reader = reader
    self.start = start
  }

  func integer<Integer: FixedWidthInteger>(_ type: Integer.Type, at offset: Int) -> Integer {
    Fields(bytes: reader.bytes).integer(type, at: start + offset)
  }

  func bad(_ field: String, _ found: some CustomStringConvertible, _ expected: String)
    -> KibbleFormatError
  {
    .badRecord(path: path, entry: name, field: field, found: "\(found)", expected: expected)
  }

  func range(
    at offset: Int, _ field: String, length expected: Int?, _ end: inout Int
  ) throws(KibbleFormatError) -> Range<Int> {
    let first = integer(UInt64.self, at: offset)
    let length = integer(UInt64.self, at: offset + 8)
    if let expected, length != UInt64(expected) {
      throw bad("length of \(field)", length, "\(expected)")
    }
    let place = end.roundedUp(to: KibbleFormat.alignment)
    guard first == UInt64(place) else { throw bad("offset of \(field)", first, "\(place)") }
    guard place <= reader.fileLength, length <= UInt64(reader.fileLength - place) else {
      throw bad("length of \(field)", length, "at most what the file holds")
    }
    end = place + Int(length)
    return place..<end
  }

  func checkReserved(_ range: Range<Int>) throws(KibbleFormatError) {
    for offset in range where reader.bytes[start + offset] != 0 {
      throw .paddingNotZero(path: path, entry: name, offset: start + offset)
    }
  }

  /// Reads a blob's record; `inflated` counts the bytes of all compressed ones.
  func blob(_ end: inout Int, _ inflated: inout Int) throws(KibbleFormatError) -> BlobRecord {
    // Blobs become files again, so their names must not lead out of a folder.
    guard !name.hasPrefix("."), !name.contains("/"), !name.contains("\\") else {
      throw bad("name", name, "a plain file name")
    }
    let length = integer(UInt64.self, at: 16)
    guard length <= UInt64(KibbleFormat.maximumBlobBytes) else {
      throw bad("length of blob", length, "at most \(KibbleFormat.maximumBlobBytes)")
    }
    let range = try range(at: 8, "blob", length: nil, &end)
    let whole = Int(integer(UInt32.self, at: 28))
    if !reader.allowsCompression { try checkReserved(28..<32) }
    if whole > 0 {
      guard range.count < whole, whole <= KibbleFormat.maximumBlobBytes else {
        throw bad(
          "length of the decompressed blob", whole,
          "\(range.count + 1) ... \(KibbleFormat.maximumBlobBytes)")
      }
      inflated += whole
      guard inflated <= KibbleFormat.maximumInflatedBytes else {
        throw bad(
          "length of the decompressed blobs so far", inflated,
          "at most \(KibbleFormat.maximumInflatedBytes)")
      }
    }
    return BlobRecord(
      name: name, range: range, crc32: integer(UInt32.self, at: 24),
      inflatedBytes: whole > 0 ? whole : nil)
  }

  func tensor(_ end: inout Int) throws(KibbleFormatError) -> TensorRecord {
    let code = integer(UInt8.self, at: 8)
    guard let type = WeightType(rawValue: code) else {
      throw .unknownCode(path: path, entry: name, field: "type", found: Int(code))
    }
    let arrangementCode = integer(UInt8.self, at: 9)
    guard let arrangement = Arrangement(rawValue: arrangementCode) else {
      throw .unknownCode(path: path, entry: name, field: "arrangement", found: Int(arrangementCode))
    }
    let rank = Int(integer(UInt8.self, at: 10))
    guard (1...2).contains(rank) else { throw bad("rank", rank, "1 or 2") }
    var shape: [Int] = []
    for axis in 0..<4 {
      let size = integer(UInt64.self, at: 24 + 8 * axis)
      guard axis < rank ? (1...1 << 31).contains(size) : size == 0 else {
        throw bad("dimension \(axis)", size, axis < rank ? "1 ... 2^31" : "0")
      }
      if axis < rank { shape.append(Int(size)) }
    }
    let group = Int(integer(UInt32.self, at: 16))
    guard type.isQuantized ? [32, 64, 128].contains(group) : group == 0 else {
      throw bad("group size", group, type.isQuantized ? "32, 64 or 128" : "0")
    }
    let exponent = Int(integer(Int32.self, at: 12))
    guard type.isQuantized ? (-110...113).contains(exponent) : exponent == 0 else {
      throw bad("exponent", exponent, type.isQuantized ? "-110 ... 113" : "0")
    }
    guard
      let geometry = TensorGeometry(
        type: type, arrangement: arrangement, shape: shape, groupSize: group)
    else { throw bad("shape", shape, "fewer elements") }
    let lengths = geometry.planeBytes
    let planeCount = Int(integer(UInt8.self, at: 11))
    guard planeCount == lengths.count else {
      throw bad("plane count", planeCount, "\(lengths.count)")
    }
    var planes: [Range<Int>] = []
    for (index, length) in lengths.enumerated() {
      planes.append(try range(at: 56 + 16 * index, "plane \(index)", length: length, &end))
    }
    try checkReserved(56 + 16 * lengths.count..<KibbleFormat.tensorRecordBytes)
    return TensorRecord(
      name: name, shape: shape, geometry: geometry, exponent: exponent, planes: planes,
      crc32: integer(UInt32.self, at: 20))
  }
}
