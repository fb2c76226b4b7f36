import ByteIO
import Diagnostics
import Kernels
import KibbleFormat
import Parallel
import TensorCore

/// A packed file: a `.kibble` file whose codes are entropy-coded, for transport.
///
/// formats/packed-v1.md has its rules.
public struct PackedFile {
  private let region: any ByteRegion
  private let path: String
  /// The length of the `.kibble` file.
  private let unpackedLength: Int
  /// The beginning of the `.kibble` file: header, directory and blobs.
  private let frame: MemoryBuffer
  /// What is said of the tensors.
  private let parts: MemoryBuffer
  /// Where the compressed parts begin, which is where the compressed frame ends.
  private let partsStart: Int
  /// Where the data begin.
  private let dataStart: Int

  /// Whether a file begins like a packed one.
  public static func isPacked(_ firstBytes: [UInt8]) -> Bool {
    firstBytes.starts(with: PackedFormat.magic)
  }

  /// Reads what comes before the data.
  ///
  /// - Parameters:
  ///   - region: the file, which begins like a packed one.
  ///   - path: its path, for messages.
  /// - Throws: `PackedFormatError`, or `FileError.outOfMemory`.
  public init(region: any ByteRegion, path: String) throws {
    let count = region.count
    guard count >= PackedFormat.headerBytes else {
      throw PackedFormatError.wrongLength(
        path: path, expected: UInt64(PackedFormat.headerBytes), found: count)
    }
    var header = ByteReader(region.bytes(0..<PackedFormat.headerBytes), from: 8)
    let major = header.integer(UInt16.self) ?? 0
    _ = header.integer(UInt16.self)
    let features = header.integer(UInt32.self) ?? 0
    guard major <= PackedFormat.majorVersion, features == 0 else {
      throw PackedFormatError.newer(path: path, version: Int(major), features: features)
    }
    let length = header.integer(UInt64.self) ?? 0
    guard length == UInt64(count) else {
      throw PackedFormatError.wrongLength(path: path, expected: length, found: count)
    }
    func size(
      _ field: String, _ range: ClosedRange<Int>
    ) throws(PackedFormatError) -> Int {
      let value = header.integer(UInt64.self) ?? 0
      guard let size = Int(exactly: value), range.contains(size) else {
        throw .badHeader(
          path: path, field: field, found: value,
          expected: "\(range.lowerBound) ... \(range.upperBound)")
      }
      return size
    }
    // What a file grows to is bounded by what it has, since it may come from anybody.
    let growth = count.multipliedReportingOverflow(by: Limits.packedGrowth)
    let most = growth.overflow ? Int.max : growth.partialValue
    guard major > 0 else {
      throw PackedFormatError.badHeader(
        path: path, field: "major version", found: 0, expected: "1")
    }
    unpackedLength = try size("length of the .kibble file", 0...most)
    let frameLength = try size("length of the frame", 0...unpackedLength)
    partsStart =
      PackedFormat.headerBytes
      + (try size("length of the compressed frame", 0...count - PackedFormat.headerBytes))
    let partsLength = try size("length of the parts", 0...most)
    dataStart =
      partsStart + (try size("length of the compressed parts", 0...count - partsStart))
    for offset in header.offset..<PackedFormat.checksumOffset {
      let found = header.integer(UInt8.self) ?? 0
      guard found == 0 else {
        throw PackedFormatError.badHeader(
          path: path, field: "reserved byte \(offset)", found: UInt64(found), expected: "0")
      }
    }
    let expected = header.integer(UInt32.self) ?? 0
    let found = Self.checksum(region, dataStart: dataStart)
    guard expected == found else {
      throw PackedFormatError.checksum(path: path, expected: expected, found: found)
    }
    func inflated(_ source: Range<Int>, _ length: Int) throws -> MemoryBuffer {
      let target = try MemoryBuffer(count: length)
      let inflation = region.withBytes {
        Inflation.run($0.extracting(source), into: target, wrapper: .zlib)
      }
      guard inflation == Inflation(written: length, read: source.count, isComplete: true) else {
        throw PackedFormatError.badCompression(path: path)
      }
      return target
    }
    frame = try inflated(PackedFormat.headerBytes..<partsStart, frameLength)
    parts = try inflated(partsStart..<dataStart, partsLength)
    self.region = region
    self.path = path
  }

  /// The CRC-32 of what comes before the data, without the four bytes that hold it.
  private static func checksum(_ region: any ByteRegion, dataStart: Int) -> UInt32 {
    region.withBytes { bytes in
      var checksum = CRC32()
      checksum.update(bytes.extracting(0..<PackedFormat.checksumOffset))
      checksum.update(bytes.extracting(PackedFormat.headerBytes..<dataStart))
      return checksum.value
    }
  }

  /// Decodes the file in memory; the checksums of all tensors are verified.
  ///
  /// - Parameter pool: the threads.
  /// - Returns: the `.kibble` file, whose region has this file's identity.
  /// - Throws: `PackedFormatError`, `KibbleFormatError` or `FileError.outOfMemory`.
  public func unpack(_ pool: ThreadPool) throws -> KibbleFile {
    let memory = try MemoryBuffer(count: unpackedLength)
    try frame.withBytes { (bytes) throws(FileError) in try memory.write(bytes, at: 0) }
    let file = try KibbleFile(
      region: UnpackedRegion(memory, packed: region), path: path,
      packed: PackedSize(fileBytes: region.count, tensorBytes: region.count - partsStart))
    let expected = file.blobs.last?.range.upperBound ?? 0
    guard expected == frame.count else {
      throw PackedFormatError.badHeader(
        path: path, field: "length of the frame", found: UInt64(frame.count),
        expected: "\(expected)")
    }
    let contents = try self.contents(of: file)
    try pool.runThrowing(contents.work.count) { part in
      let (tensor, piece) = contents.work[part]
      try decode(piece, of: file.tensors[tensor], contents, tensor, to: memory)
    }
    let tensors = file.tensors
    try pool.runThrowing(tensors.count) { try file.checkSum(of: tensors[$0]) }
    return file
  }

  // MARK: What the parts say

  private struct Contents {
    let tables: EntropyTables
    /// The parts of each quantized tensor, and its scales.
    var parts: [Int: (parts: TensorParts, coded: CodedRows)] = [:]
    /// What can be done side by side.
    var work: [(tensor: Int, piece: Piece)] = []
  }

  /// A part of the data.
  private enum Piece {
    /// A plane as it is.
    case plane(Range<Int>, from: Range<Int>)
    /// Some rows' codes.
    case rows(Range<Int>, from: Range<Int>)
  }

  private func contents(of file: KibbleFile) throws -> Contents {
    var reader = ByteReader(parts.bytes(0..<parts.count))
    let tables = try self.tables(&reader)
    var contents = Contents(tables: EntropyTables(tables))
    var end = dataStart
    func take(_ length: Int, _ entry: String) throws(PackedFormatError) -> Range<Int> {
      guard length <= region.count - end else {
        throw .badPart(
          path: path, entry: entry, field: "length of the data", found: length,
          expected: "at most the \(region.count - end) bytes that are left")
      }
      defer { end += length }
      return end..<end + length
    }
    for (index, tensor) in file.tensors.enumerated() {
      guard tensor.type.isQuantized else {
        for plane in tensor.planes {
          contents.work.append((index, .plane(plane, from: try take(plane.count, tensor.name))))
        }
        continue
      }
      let parts: TensorParts
      do throws(TensorParts.Fault) {
        parts = try TensorParts(&reader, tensor.geometry, tableCount: tables.count)
      } catch {
        throw PackedFormatError.badPart(
          path: path, entry: tensor.name, field: error.field, found: error.found,
          expected: error.expected)
      }
      let coded = CodedRows(
        tensor.geometry, tables: parts.tables,
        columnTables: parts.sizes?.columns
          ?? [UInt8](repeating: 0, count: tensor.geometry.columns),
        multipliers: parts.multipliers)
      contents.parts[index] = (parts, coded)
      for (rows, length) in zip(TensorParts.chunkRows(tensor.geometry), parts.chunks) {
        contents.work.append((index, .rows(rows, from: try take(length, tensor.name))))
      }
    }
    guard reader.isAtEnd else {
      throw PackedFormatError.badHeader(
        path: path, field: "length of the parts", found: UInt64(parts.count),
        expected: "\(reader.offset)")
    }
    guard end == region.count else {
      throw PackedFormatError.wrongLength(path: path, expected: UInt64(end), found: region.count)
    }
    return contents
  }

  private func tables(_ reader: inout ByteReader) throws(PackedFormatError) -> [FrequencyTable] {
    let count = reader.integer(UInt16.self).map { Int($0) }
    guard let count, count <= PackedFormat.maximumTables else {
      throw .badPart(
        path: path, entry: "the tables", field: "number", found: count ?? 0,
        expected: "at most \(PackedFormat.maximumTables)")
    }
    var tables: [FrequencyTable] = []
    for number in 0..<count {
      let lowest = Int(reader.integer(Int8.self) ?? 0)
      let symbols = Int(reader.integer(UInt8.self) ?? 0)
      let frequencies = (0..<symbols).compactMap { _ in reader.integer(UInt16.self) }
      guard frequencies.count == symbols,
        let table = FrequencyTable(lowest: lowest, frequencies: frequencies)
      else {
        throw .badPart(
          path: path, entry: "the tables", field: "sum of table \(number)",
          found: frequencies.reduce(0) { $0 + Int($1) }, expected: "\(FrequencyTable.total)")
      }
      tables.append(table)
    }
    return tables
  }

  private func decode(
    _ piece: Piece, of tensor: TensorRecord, _ contents: Contents, _ index: Int,
    to memory: MemoryBuffer
  ) throws {
    switch piece {
    case .plane(let plane, let source):
      try region.withBytes { (bytes) throws(FileError) in
        try memory.write(bytes.extracting(source), at: plane.lowerBound)
      }
    case .rows(let rows, let source):
      guard let (parts, coded) = contents.parts[index] else {
        preconditionFailure("codes without their parts")
      }
      let groups = tensor.geometry.groupsPerRow
      let isWhole = contents.tables.decode(
        rows, of: coded, chunk: source, in: region,
        groupTables: parts.groupTables(rows, groups: groups), to: tensor.planes[0], of: memory)
      guard isWhole else {
        throw PackedFormatError.badChunk(path: path, tensor: tensor.name, rows: rows)
      }
      // The tensor's scales go with its first rows.
      guard rows.lowerBound == 0 else { return }
      try memory.write(try scales(of: tensor, parts.scales), at: tensor.planes[1].lowerBound)
    }
  }

  /// The plane of scales.
  private func scales(
    of tensor: TensorRecord, _ scales: TensorParts.Scales
  ) throws(PackedFormatError) -> [UInt8] {
    let geometry = tensor.geometry
    let bits: [UInt16]
    switch scales {
    case .bytes(let bytes): bits = bytes.map { UInt16($0) }
    case .halves(let halves): bits = halves
    case .grid(let grid):
      guard let halves = grid.halves else {
        throw .badPart(
          path: path, entry: tensor.name, field: "place of a scale", found: 240,
          expected: "0 ... 239")
      }
      bits = halves
    }
    var plane = [UInt8](repeating: 0, count: geometry.scaleBytes)
    let (groups, size) = (geometry.groupsPerRow, geometry.type.bytesPerScale)
    for row in 0..<geometry.rows {
      for group in 0..<groups {
        let place = size * geometry.scalePlace(row: row, group: group)
        plane[place] = UInt8(truncatingIfNeeded: bits[row * groups + group])
        if size > 1 { plane[place + 1] = UInt8(bits[row * groups + group] >> 8) }
      }
    }
    return plane
  }
}
