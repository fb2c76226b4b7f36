import ByteIO
import Diagnostics
import Kernels
import KibbleFormat
import Parallel
import TensorCore

/// Packs `.kibble` files.
public struct Packer: Sendable {
  private let pool: ThreadPool

  /// A packer on those threads, which decide how fast it goes and nothing else.
  public init(_ pool: ThreadPool) { self.pool = pool }

  /// A packed file, ready to be written.
  public struct Packed: Sendable {
    private let header: [UInt8]
    private let pieces: [Piece]
    /// The bytes of the file.
    public let length: Int
    /// Those that stand for tensors.
    public let tensorBytes: Int

    fileprivate enum Piece: Sendable {
      case bytes([UInt8])
      case plane(Range<Int>, of: KibbleFile)

      var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .plane(let range, _): range.count
        }
      }
    }

    fileprivate init(header: [UInt8], pieces: [Piece], tensorBytes: Int) {
      self.header = header
      self.pieces = pieces
      self.tensorBytes = tensorBytes
      length = pieces.reduce(header.count) { $0 + $1.count }
    }

    /// Writes the whole file.
    public func write(to sink: some ByteSink) throws(FileError) {
      try sink.write(header, at: 0)
      var offset = header.count
      for piece in pieces {
        switch piece {
        case .bytes(let bytes): try sink.write(bytes, at: offset)
        case .plane(let range, let file):
          try file.region.withBytes { (bytes) throws(FileError) in
            try sink.write(bytes.extracting(range), at: offset)
          }
        }
        offset += piece.count
      }
    }
  }

  /// Packs a file.
  ///
  /// - Parameters:
  ///   - file: a whole file (`KibbleFile.check`): only then unpacking gives its bytes.
  ///   - progress: hears of the bytes that are done.
  /// - Returns: the packed file; the same for any number of threads.
  /// - Throws: `Interruption`, `PackedFormatError.tooUniform`, or `FileError.outOfMemory`.
  public func pack(
    _ file: KibbleFile, progress: any ProgressSink = NoProgress()
  ) throws -> Packed {
    let coded = file.tensors.filter { $0.type.isQuantized }
    let work = coded.reduce(0) { $0 + 2 * $1.byteCount }
    return try progress.phase("packing", total: work, unit: .bytes) {
      let models = try pool.mapThrowing(coded.count) { index in
        try progress.checkCancellation()
        defer { progress.report(.advanced(by: coded[index].byteCount)) }
        return TensorModel(StoredBand(coded[index], in: file))
      }
      let tables = ModelTables(models)
      let intervals = tables.tables.map(\.intervals)
      let parts = models.map { tables.parts(of: $0) }
      let chunks = zip(models.indices, models).flatMap { index, model in
        TensorParts.chunkRows(model.geometry).map { (tensor: index, rows: $0) }
      }
      let bytes = try pool.mapThrowing(chunks.count) { number in
        try progress.checkCancellation()
        let (tensor, rows) = chunks[number]
        defer {
          progress.report(
            .advanced(by: coded[tensor].byteCount * rows.count / models[tensor].geometry.rows))
        }
        return models[tensor].encode(rows, parts[tensor], intervals)
      }
      return try assemble(file, tables, parts, Array(zip(chunks.map(\.tensor), bytes)))
    }
  }

  private func assemble(
    _ file: KibbleFile, _ tables: ModelTables, _ parts: [TensorParts],
    _ chunks: [(tensor: Int, bytes: [UInt8])]
  ) throws -> Packed {
    let frame = file.region.bytes(0..<(file.blobs.last?.range.upperBound ?? 0))
    var writer = ByteWriter()
    tables.write(to: &writer)
    var sizes = [[Int]](repeating: [], count: parts.count)
    for chunk in chunks { sizes[chunk.tensor].append(chunk.bytes.count) }
    for (parts, chunks) in zip(parts, sizes) {
      var parts = parts
      parts.chunks = chunks
      parts.write(to: &writer)
    }
    guard let shortFrame = Deflation.zlib(frame), let shortParts = Deflation.zlib(writer.bytes)
    else { throw FileError.outOfMemory(bytes: frame.count + writer.bytes.count) }
    var pieces: [Packed.Piece] = [.bytes(shortFrame), .bytes(shortParts)]
    var next = 0
    var number = 0
    for tensor in file.tensors {
      guard tensor.type.isQuantized else {
        pieces += tensor.planes.map { .plane($0, of: file) }
        continue
      }
      while next < chunks.count, chunks[next].tensor == number {
        pieces.append(.bytes(chunks[next].bytes))
        next += 1
      }
      number += 1
    }
    var header = ByteWriter()
    header.append(PackedFormat.magic)
    header.append(PackedFormat.majorVersion)
    header.append(UInt16(0))
    header.append(UInt32(0))
    let length = pieces.reduce(PackedFormat.headerBytes) { $0 + $1.count }
    guard file.region.count <= length * Limits.packedGrowth else {
      throw PackedFormatError.tooUniform(
        path: file.path, bytes: file.region.count, packed: length)
    }
    let lengths = [
      length, file.region.count, frame.count, shortFrame.count, writer.bytes.count,
      shortParts.count,
    ]
    for length in lengths { header.append(UInt64(length)) }
    header.append([UInt8](repeating: 0, count: PackedFormat.checksumOffset - header.bytes.count))
    header.append(CRC32.checksum(header.bytes + shortFrame + shortParts))
    return Packed(
      header: header.bytes, pieces: pieces,
      tensorBytes: length - PackedFormat.headerBytes - shortFrame.count)
  }
}

extension StoredBand {
  fileprivate init(_ tensor: TensorRecord, in file: KibbleFile) {
    self.init(
      tensor.geometry, planes: tensor.planes, exponent: tensor.exponent, in: file.region)
  }
}
