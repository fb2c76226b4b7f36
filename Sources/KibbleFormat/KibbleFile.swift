import ByteIO
import JSONCore
import TensorCore

/// An opened `.kibble` file, or the same bytes in memory.
///
/// Opening checks the header, the directory and every offset, so that all planes lie where they
/// should, and reads kibble.json and config.json, with their checksums; other payloads are neither
/// read nor copied. `check()` reads them.
public final class KibbleFile: Sendable {
  /// The file's path, or the checkpoint's that the bytes were made from; for messages.
  public let path: String
  /// The tensors, in file order.
  public let tensors: [TensorRecord]
  /// The blobs, in file order.
  public let blobs: [BlobRecord]
  /// The whole file, into which the records' ranges point.
  public let region: any ByteRegion
  /// The object in the blob kibble.json: layout, recipe, source, tool.
  public let metadata: JSON
  /// The bytes of the blob config.json, where there is one.
  public let config: [UInt8]?
  /// What the file takes where it is packed and `region` holds it decoded.
  public let packed: PackedSize?
  private let tensorIndex: [String: Int]

  /// Maps a file and reads its header and directory.
  public convenience init(path: String) throws {
    try self.init(region: MappedFile(path: path), path: path)
  }

  /// Reads the directory of bytes that are already there.
  ///
  /// - Throws: `KibbleFormatError` with the first rule of formats/kibble-v1.md that is broken, or
  ///   `JSONError` where the metadata are damaged.
  public init(region: any ByteRegion, path: String, packed: PackedSize? = nil) throws {
    self.region = region
    self.packed = packed
    self.path = path
    let directory = try region.withBytes { (bytes) throws(KibbleFormatError) in
      try DirectoryReader(bytes: bytes, path: path).read()
    }
    tensors = directory.tensors
    blobs = directory.blobs
    tensorIndex = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    guard let blob = blobs.first(where: { $0.name == KibbleFormat.metadataName }) else {
      throw KibbleFormatError.missingBlob(path: path, name: KibbleFormat.metadataName)
    }
    metadata = try JSON.parse(region.checkedBytes(of: blob, path: path))
    // All numbers depend on the config, so nobody gets to see a damaged one.
    config = try blobs.first { $0.name == KibbleFormat.configName }
      .map { try region.checkedBytes(of: $0, path: path) }
  }

  /// The bytes of the file on the disk.
  public var fileBytes: Int { packed?.fileBytes ?? region.count }

  /// The bytes of its tensors there.
  public var tensorBytes: Int {
    packed?.tensorBytes ?? tensors.reduce(0) { $0 + $1.byteCount }
  }

  /// The checksum of header and directory, which hold those of all payloads.
  public var checksum: UInt32 {
    region.withBytes { $0.littleEndian(at: KibbleFormat.checksumOffset) ?? 0 }
  }

  /// The tensor of that name.
  public func tensor(named name: String) -> TensorRecord? {
    tensorIndex[name].map { tensors[$0] }
  }

  /// The bytes of a blob, if they have its checksum.
  ///
  /// - Throws: `KibbleFormatError`, or `FileError.outOfMemory`.
  public func checkedBytes(of blob: BlobRecord) throws -> [UInt8] {
    try region.checkedBytes(of: blob, path: path)
  }

  /// Whether a file begins like a `.kibble` file.
  public static func isKibble(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.starts(with: KibbleFormat.magic)
  }
}

/// What a packed file (formats/packed-v1.md) takes.
public struct PackedSize: Equatable, Sendable {
  /// Bytes of the whole file.
  public let fileBytes: Int
  /// Those that stand for tensors.
  public let tensorBytes: Int

  /// A size.
  public init(fileBytes: Int, tensorBytes: Int) {
    (self.fileBytes, self.tensorBytes) = (fileBytes, tensorBytes)
  }
}

extension ByteRegion {
  fileprivate func checkedBytes(
    of blob: BlobRecord, path: String
  ) throws -> [UInt8] {
    let bytes: [UInt8]
    if let whole = blob.inflatedBytes {
      let target = try MemoryBuffer(count: whole)
      let inflation = withBytes {
        Inflation.run($0.extracting(blob.range), into: target, wrapper: .zlib)
      }
      guard inflation == Inflation(written: whole, read: blob.range.count, isComplete: true) else {
        throw KibbleFormatError.badCompression(path: path, entry: blob.name)
      }
      bytes = target.bytes(0..<whole)
    } else {
      bytes = self.bytes(blob.range)
    }
    let found = CRC32.checksum(bytes)
    guard found == blob.crc32 else {
      throw KibbleFormatError.payloadChecksum(
        path: path, entry: blob.name, expected: blob.crc32, found: found)
    }
    return bytes
  }
}
