import ByteIO
import KibbleFormat
import PackedFormat
import Parallel
import TestSupport
import Testing

/// The path that errors have.
let samplePath = "m.kibble"

extension MemoryBuffer {
  convenience init(_ bytes: [UInt8]) throws {
    try self.init(count: bytes.count)
    try write(bytes, at: 0)
  }

  var bytes: [UInt8] { bytes(0..<count) }
}

extension KibbleFile {
  var bytes: [UInt8] { region.bytes(0..<region.count) }
}

/// The packed form of a `.kibble` file.
func pack(_ bytes: [UInt8], threads: Int = 1) throws -> [UInt8] {
  let file = try KibbleFile(region: MemoryBuffer(bytes), path: samplePath)
  try file.check()
  let packed = try Packer(ThreadPool(threads: threads)).pack(file)
  let target = try MemoryBuffer(count: packed.length)
  try packed.write(to: target)
  return target.bytes
}

/// The `.kibble` file of a packed one.
@discardableResult
func unpack(_ bytes: [UInt8], threads: Int = 1) throws -> KibbleFile {
  try PackedFile(region: MemoryBuffer(bytes), path: samplePath).unpack(ThreadPool(threads: threads))
}

/// Checks that packing loses nothing; returns the packed file.
@discardableResult
func expectRoundTrip(
  _ tensors: SampleTensor..., location: SourceLocation = #_sourceLocation
) throws -> PackedBytes {
  try expectRoundTrip(tensors, location: location)
}

@discardableResult
func expectRoundTrip(
  _ tensors: [SampleTensor], location: SourceLocation = #_sourceLocation
) throws -> PackedBytes {
  let bytes = try kibbleFile(tensors)
  let packed = try pack(bytes)
  let file = try unpack(packed)
  #expect(file.bytes == bytes, sourceLocation: location)
  #expect(file.fileBytes == packed.count, sourceLocation: location)
  return try PackedBytes(packed)
}

/// A packed file taken apart; where the fields lie is spelled out here, not taken from the code
/// under test.
struct PackedBytes {
  /// Its first 24 bytes and the length of the `.kibble` file.
  var header: [UInt8]
  var frame: [UInt8]
  var parts: [UInt8]
  var data: [UInt8]
  /// The reserved bytes.
  var reserved: [UInt8]

  init(_ bytes: [UInt8]) throws {
    func inflated(_ range: Range<Int>, _ count: Int) throws -> [UInt8] {
      let (source, target) = (try MemoryBuffer(bytes), try MemoryBuffer(count: count))
      let inflation = source.withBytes {
        Inflation.run($0.extracting(range), into: target, wrapper: .zlib)
      }
      #expect(inflation == Inflation(written: count, read: range.count, isComplete: true))
      return target.bytes
    }
    let middle = 80 + bytes.number(at: 40, 8)
    let end = middle + bytes.number(at: 56, 8)
    header = Array(bytes[..<32])
    frame = try inflated(80..<middle, bytes.number(at: 32, 8))
    parts = try inflated(middle..<end, bytes.number(at: 48, 8))
    reserved = Array(bytes[64..<76])
    data = Array(bytes[end...])
  }

  /// The file, with its lengths and its checksum made right.
  var bytes: [UInt8] {
    get throws {
      let shortFrame = try #require(Deflation.zlib(frame))
      let shortParts = try #require(Deflation.zlib(parts))
      let length = 80 + shortFrame.count + shortParts.count + data.count
      var head = Array(header[..<16]) + littleEndian(length, 8) + header[24..<32]
      for number in [frame.count, shortFrame.count, parts.count, shortParts.count] {
        head += littleEndian(number, 8)
      }
      head += reserved
      let checksum = CRC32.checksum(head + shortFrame + shortParts)
      return head + littleEndian(Int(checksum), 4) + shortFrame + shortParts + data
    }
  }

  /// Where what is said of the first quantized tensor begins in the parts.
  var tensorStart: Int {
    var place = 2
    for _ in 0..<parts.number(at: 0, 2) { place += 2 + 2 * Int(parts[place + 1]) }
    return place
  }

  /// Its flags.
  var flags: UInt8 { parts[tensorStart] }
}

extension [UInt8] {
  /// The little-endian number at a place.
  func number(at offset: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(self[offset + $1]) << (8 * $1) }
  }
}

/// The CRC-32 (zlib) of bytes.
func crc32(_ bytes: [UInt8]) -> UInt32 { CRC32.checksum(bytes) }
