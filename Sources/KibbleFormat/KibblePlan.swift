import ByteIO
import TensorCore

/// The layout of a `.kibble` file before its tensors are written.
///
/// All sizes follow from shapes and types, so payloads can be written in any order, by several
/// threads; checksums and exponents are filled in at the end, with the header.
public struct KibblePlan: Sendable {
  /// The tensors in file order; checksum and exponent are the writer's to set.
  public var tensors: [TensorRecord]
  /// The blobs in file order.
  public let blobs: [BlobRecord]
  /// The length of the whole file.
  public let fileLength: Int
  private let contents: [BlobContent]
  let payloadOffset: Int

  /// Lays out a file of these tensors and blobs.
  ///
  /// Names must be distinct and such as the format allows, and one blob must be kibble.json; a
  /// file where they are not is refused when it is opened.
  public init(
    tensors specs: [(name: String, shape: [Int], geometry: TensorGeometry)],
    blobs contents: [BlobContent]
  ) {
    let names = (specs.map(\.name) + contents.map(\.name)).reduce(0) { $0 + $1.utf8.count }
    let directory =
      specs.count * KibbleFormat.tensorRecordBytes + contents.count * KibbleFormat.blobRecordBytes
    payloadOffset = (KibbleFormat.headerBytes + directory + names)
      .roundedUp(to: KibbleFormat.alignment)
    var end = payloadOffset
    func place(_ length: Int) -> Range<Int> {
      let start = end.roundedUp(to: KibbleFormat.alignment)
      end = start + length
      return start..<end
    }
    blobs = contents.map {
      BlobRecord(
        name: $0.name, range: place($0.stored.count), crc32: $0.crc32,
        inflatedBytes: $0.inflatedBytes)
    }
    self.contents = contents
    tensors = specs.map { name, shape, geometry in
      TensorRecord(
        name: name, shape: shape, geometry: geometry, exponent: 0,
        planes: geometry.planeBytes.map(place), crc32: 0)
    }
    fileLength = end
  }

  /// Writes everything but the tensors' planes: header, directory and blobs.
  public func writeFrame(to sink: some ByteSink) throws(FileError) {
    try sink.write(frame(), at: 0)
    for (record, content) in zip(blobs, contents) {
      try sink.write(content.stored, at: record.range.lowerBound)
    }
  }

  /// The least minor version that has such types, bands and blobs.
  package static func minorVersion(
    types: [WeightType], hasBands: Bool, blobs: [BlobContent]
  ) -> UInt16 {
    let isCompressed = blobs.contains { $0.inflatedBytes != nil }
    return isCompressed || hasBands
      ? KibbleFormat.minorVersion : types.map(\.minorVersion).max() ?? 0
  }

  /// Header and directory, up to the first payload byte.
  package func frame() -> [UInt8] {
    var strings: [UInt8] = []
    var directory = LittleEndianBytes()
    for tensor in tensors {
      directory.append(tensor, nameOffset: strings.count)
      strings += Array(tensor.name.utf8)
    }
    for blob in blobs {
      directory.append(blob, nameOffset: strings.count)
      strings += Array(blob.name.utf8)
    }
    var header = LittleEndianBytes()
    header.bytes += KibbleFormat.magic
    header.append(KibbleFormat.majorVersion)
    let isCompressed = contents.contains { $0.inflatedBytes != nil }
    let hasBands = tensors.contains(where: \.isBand)
    header.append(
      Self.minorVersion(types: tensors.map(\.type), hasBands: hasBands, blobs: contents))
    let hasRowOrder = blobs.contains { $0.name == KibbleFormat.rowsName }
    header.append(
      (isCompressed ? KibbleFormat.compressedBlobs : 0) | (hasBands ? KibbleFormat.bands : 0)
        | (hasRowOrder ? KibbleFormat.rowOrder : 0))
    header.append(UInt64(fileLength))
    header.append(UInt32(tensors.count))
    header.append(UInt32(blobs.count))
    header.append(UInt64(strings.count))
    header.append(UInt64(payloadOffset))
    header.pad(to: KibbleFormat.checksumOffset)
    directory.bytes += strings
    directory.pad(to: payloadOffset - KibbleFormat.headerBytes)
    header.append(CRC32.checksum(header.bytes + directory.bytes))
    return header.bytes + directory.bytes
  }
}

/// A blob as it goes into a file.
public struct BlobContent: Sendable {
  /// Its name.
  public let name: String
  let stored: [UInt8]
  /// CRC-32 of its bytes, not compressed.
  package let crc32: UInt32
  /// The number of its bytes where `stored` are compressed.
  let inflatedBytes: Int?

  /// A blob.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - bytes: its bytes.
  ///   - compressed: whether it is compressed, if that makes it shorter.
  public init(name: String, bytes: [UInt8], compressed: Bool) {
    let short =
      compressed ? Deflation.zlib(bytes).flatMap { $0.count < bytes.count ? $0 : nil } : nil
    self.name = name
    stored = short ?? bytes
    crc32 = CRC32.checksum(bytes)
    inflatedBytes = short == nil ? nil : bytes.count
  }
}

/// Bytes being assembled, little-endian.
private struct LittleEndianBytes {
  var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func pad(to length: Int) {
    bytes += [UInt8](repeating: 0, count: length - bytes.count)
  }

  mutating func append(_ tensor: TensorRecord, nameOffset: Int) {
    let end = bytes.count + KibbleFormat.tensorRecordBytes
    append(UInt32(nameOffset))
    append(UInt32(tensor.name.utf8.count))
    bytes += [
      tensor.type.rawValue, tensor.geometry.arrangement.rawValue, UInt8(tensor.shape.count),
      UInt8(tensor.planes.count),
    ]
    append(Int32(tensor.exponent))
    append(UInt32(tensor.geometry.groupSize))
    append(tensor.crc32)
    for axis in 0..<4 { append(UInt64(axis < tensor.shape.count ? tensor.shape[axis] : 0)) }
    for plane in tensor.planes {
      append(UInt64(plane.lowerBound))
      append(UInt64(plane.count))
    }
    pad(to: end)
  }

  mutating func append(_ blob: BlobRecord, nameOffset: Int) {
    append(UInt32(nameOffset))
    append(UInt32(blob.name.utf8.count))
    append(UInt64(blob.range.lowerBound))
    append(UInt64(blob.range.count))
    append(blob.crc32)
    append(UInt32(blob.inflatedBytes ?? 0))
  }
}
