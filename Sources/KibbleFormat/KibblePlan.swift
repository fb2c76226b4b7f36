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
  let blobBytes: [[UInt8]]
  let payloadOffset: Int

  /// Lays out a file of these tensors and blobs.
  ///
  /// Names must be distinct and such as the format allows, and one blob must be kibble.json; a
  /// file where they are not is refused when it is opened.
  public init(
    tensors specs: [(name: String, shape: [Int], geometry: TensorGeometry)],
    blobs contents: [(name: String, bytes: [UInt8])]
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
    blobs = contents.map { name, bytes in
      BlobRecord(name: name, range: place(bytes.count), crc32: CRC32.checksum(bytes))
    }
    blobBytes = contents.map(\.bytes)
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
    for (record, bytes) in zip(blobs, blobBytes) {
      try sink.write(bytes, at: record.range.lowerBound)
    }
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
    header.append(KibbleFormat.minorVersion)
    header.append(UInt32(0))  // features that a reader must know
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
    let end = bytes.count + KibbleFormat.blobRecordBytes
    append(UInt32(nameOffset))
    append(UInt32(blob.name.utf8.count))
    append(UInt64(blob.range.lowerBound))
    append(UInt64(blob.range.count))
    append(blob.crc32)
    pad(to: end)
  }
}
