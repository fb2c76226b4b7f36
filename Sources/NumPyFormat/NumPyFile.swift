import ByteIO
import Synchronization
import TensorCore

/// An array of a NumPy file: little-endian elements, the last axis running fastest.
public struct NumPyArray: Equatable, Sendable {
  /// The name in an archive, without `.npy`; nil in a lone `.npy` file.
  public let name: String?
  /// The type of its elements.
  public let type: ElementType
  /// The number of elements along each axis; empty for a scalar.
  public let shape: [Int]
  /// The bytes of its elements, counted from the start of its header.
  let elements: Range<Int>
}

/// A NumPy file, mapped: a lone array (`.npy`) or an archive of arrays (`.npz`).
///
/// An archive's directory is checked when it is opened. An array's elements are touched when they
/// are asked for: then its checksum is verified, and compressed ones are inflated to memory, where
/// they stay as long as the file is open.
public final class NumPyFile: Sendable {
  /// The whole file.
  public let file: MappedFile
  /// The entries by name, without `.npy`; nil for a lone array.
  private let entries: [[UInt8]: ZipEntry]?
  private let opened = Mutex<[[UInt8]: any ByteRegion]>([:])

  /// Whether a file begins as one of NumPy's does.
  public static func recognizes(_ bytes: RawSpan) -> Bool {
    bytes.bytes(0..<6) == NumPyHeader.magic || isArchive(bytes)
  }

  private static func isArchive(_ bytes: RawSpan) -> Bool {
    // An entry, or the end of an archive without any.
    [0x0403_4B50, 0x0605_4B50].contains(bytes.littleEndian(UInt32.self, at: 0))
  }

  /// Takes a mapped file and checks its directory.
  ///
  /// - Parameter file: the file.
  /// - Throws: the first rule that the file breaks.
  public init(_ file: MappedFile) throws(NumPyError) {
    self.file = file
    guard file.withBytes(Self.isArchive) else {
      entries = nil
      return
    }
    let arrays = try ZipDirectory.entries(of: file).filter {
      $0.name.suffix(4).elementsEqual(".npy".utf8)
    }
    guard !arrays.isEmpty else { throw .noArrays(path: file.path) }
    entries = Dictionary(uniqueKeysWithValues: arrays.map { ($0.name.dropLast(4), $0) })
  }

  /// Maps a file and checks its directory.
  ///
  /// - Parameter path: the file.
  /// - Throws: why it cannot be read, or the first rule that it breaks.
  public convenience init(path: String) throws(NumPyError) {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw .file(error)
    }
    try self.init(file)
  }

  /// Whether this is an archive, whose arrays have names.
  public var isArchive: Bool { entries != nil }

  /// An array by its header; of a compressed one only that is inflated.
  ///
  /// - Parameter name: the name in an archive, compared byte for byte; a lone array has none.
  /// - Returns: the array, or nil where there is none of that name.
  /// - Throws: the first rule of the format that it breaks.
  public func array(_ name: String?) throws(NumPyError) -> NumPyArray? {
    let path = file.path
    guard let entries else {
      guard name == nil else { return nil }
      return try file.withBytes { (bytes) throws(NumPyError) in
        try array(nil, header: bytes, size: bytes.byteCount)
      }
    }
    guard let name, let entry = entries[Array(name.utf8)] else { return nil }
    return try file.withBytes { (bytes) throws(NumPyError) in
      let data = bytes.extracting(entry.data)
      guard entry.isDeflated else { return try array(name, header: data, size: entry.size) }
      let start = try memory(min(entry.size, NumPyHeader.longest))
      guard let inflation = Inflation.run(data, into: start), inflation.written == start.count
      else {
        throw .notInflated(path: path, array: name, expected: entry.size, found: nil)
      }
      return try start.withBytes { (bytes) throws(NumPyError) in
        try array(name, header: bytes, size: entry.size)
      }
    }
  }

  /// Where the elements of an array of this file lie.
  ///
  /// - Parameter array: the array.
  /// - Returns: a region, which keeps them, and their place in it, aligned to nothing.
  /// - Throws: `NumPyError.checksum` or `notInflated` where they are damaged.
  public func elements(
    of array: NumPyArray
  ) throws(NumPyError) -> (region: any ByteRegion, bytes: Range<Int>) {
    guard let name = array.name, let entry = entries?[Array(name.utf8)] else {
      return (file, array.elements)
    }
    let region = try opened.withLock { (opened) throws(NumPyError) -> any ByteRegion in
      if let region = opened[Array(name.utf8)] { return region }
      let region = try open(entry, name)
      opened[Array(name.utf8)] = region
      return region
    }
    let start = entry.isDeflated ? 0 : entry.data.lowerBound
    return (region, start + array.elements.lowerBound..<start + array.elements.upperBound)
  }

  /// An entry's bytes as they are, in the file or in memory, with the right checksum.
  private func open(_ entry: ZipEntry, _ name: String) throws(NumPyError) -> any ByteRegion {
    var region: any ByteRegion = file
    var place = entry.data
    if entry.isDeflated {
      let memory = try memory(entry.size)
      let inflation = file.withBytes { Inflation.run($0.extracting(entry.data), into: memory) }
      guard let inflation, inflation.isComplete, inflation.written == entry.size,
        inflation.read == entry.data.count
      else {
        throw .notInflated(
          path: file.path, array: name, expected: entry.size,
          found: inflation.flatMap { $0.isComplete ? $0.written : nil })
      }
      (region, place) = (memory, 0..<entry.size)
    }
    let checksum = region.withBytes { CRC32.checksum($0.extracting(place)) }
    guard checksum == entry.checksum else {
      throw .checksum(path: file.path, array: name, expected: entry.checksum, found: checksum)
    }
    return region
  }

  /// An array from its first bytes; `size` is that of all.
  private func array(
    _ name: String?, header bytes: RawSpan, size: Int
  ) throws(NumPyError) -> NumPyArray {
    let header = try NumPyHeader.parse(bytes, path: file.path, array: name)
    guard header.byteCount == size - header.dataStart else {
      throw .sizeMismatch(
        path: file.path, array: name, type: header.type, shape: header.shape,
        expected: header.byteCount, found: size - header.dataStart)
    }
    return NumPyArray(
      name: name, type: header.type, shape: header.shape, elements: header.dataStart..<size)
  }

  private func memory(_ count: Int) throws(NumPyError) -> MemoryBuffer {
    do throws(FileError) {
      return try MemoryBuffer(count: count)
    } catch {
      throw .file(error)
    }
  }
}
