import Diagnostics
import KibbleFormat
import PackedFormat
import TensorCore
import TestSupport
import Testing

/// A packed file in which one rule is broken.
@Suite struct RejectionTests {
  /// Two tables; a tensor with grid, sizes and multipliers, and one with neither.
  private let packed: PackedBytes

  init() throws {
    packed = try PackedBytes(
      pack(
        kibbleFile([
          SampleTensor(
            name: "grid", .int8, shape: [20, 72], scale: { gridScale(100 + $0 % 3 + $1) },
            code: { row, column in column % 4 == 0 ? 3 * (row - 10) : row % 3 - 1 }),
          SampleTensor(name: "norm", .f32, .rows, shape: [8]) { _, column in column << 23 },
          SampleTensor(
            name: "plain", .int4, shape: [20, 72], scale: { _, _ in 0x3C01 },
            code: { row, column in row % 3 - column % 5 }),
        ])))
    try #require(packed.flags == 7)
    try unpack(packed.bytes)
  }

  private func error(_ change: (inout PackedBytes) -> Void) throws -> (any Error)? {
    var changed = packed
    change(&changed)
    let bytes = try changed.bytes
    do {
      try unpack(bytes)
      return nil
    } catch {
      return error
    }
  }

  /// The field of the header that is refused.
  private func badField(_ change: (inout PackedBytes) -> Void) throws -> String? {
    guard case .badHeader(_, let field, _, _)? = try error(change) as? PackedFormatError else {
      return nil
    }
    return field
  }

  /// The part that is refused.
  private func badPart(_ change: (inout PackedBytes) -> Void) throws -> String? {
    guard case .badPart(_, let entry, let field, _, _)? = try error(change) as? PackedFormatError
    else { return nil }
    return entry + ": " + field
  }

  /// The first row of the chunk that is refused.
  private func badChunk(_ change: (inout PackedBytes) -> Void) throws -> String? {
    guard case .badChunk(_, let tensor, _)? = try error(change) as? PackedFormatError
    else { return nil }
    return tensor
  }

  // MARK: Header

  @Test func versions() throws {
    for (place, value) in [(8, 2), (9, 1), (12, 1), (15, 128)] as [(Int, UInt8)] {
      let error = try error { $0.header[place] = value }
      guard case PackedFormatError.newer? = error else {
        Issue.record("byte \(place): \(String(describing: error))")
        continue
      }
      #expect((error as? PackedFormatError)?.diagnostic.kind == .unsupported)
    }
    #expect(try badField { $0.header[8] = 0 } == "major version")
    // The minor version is the reader's to ignore.
    #expect(try error { $0.header.replaceSubrange(10..<12, with: [255, 255]) } == nil)
  }

  @Test func lengths() throws {
    let whole = packed.header.number(at: 24, 8)
    func length(_ value: Int) throws -> (any Error)? {
      try error { $0.header.replaceSubrange(24..<32, with: littleEndian(value, 8)) }
    }
    // Shorter than its frame, and longer than anything that such a file stands for.
    let most = try 4096 * packed.bytes.count
    for value in [packed.frame.count - 1, 0, most + 1, .max, -1] {
      guard case PackedFormatError.badHeader? = try length(value) else {
        Issue.record("accepted as \(value) bytes")
        continue
      }
    }
    // The frame says how long the file is.
    for value in [whole - 1, whole + 1, most] {
      #expect(try length(value) is KibbleFormatError, "\(value)")
    }
    #expect(try error { $0.data += [0] } is PackedFormatError)
    #expect(try error { $0.data.removeLast() } is PackedFormatError)
    #expect(try badField { $0.parts += [0] } == "length of the parts")
    // The frame ends with the last blob.
    #expect(try badField { $0.frame += [0] } == "length of the frame")
    #expect(try error { $0.frame.removeLast() } != nil)
  }

  @Test func reserved() throws {
    for place in 0..<12 {
      #expect(try badField { $0.reserved[place] = 1 } == "reserved byte \(64 + place)")
    }
  }

  // MARK: Frame

  @Test func frames() throws {
    #expect(try error { $0.frame[0] ^= 1 } is KibbleFormatError)
    // A tensor's checksum, with that of the directory made right: the codes are others.
    let wrong = try error {
      $0.frame[128 + 20] ^= 1
      let end = $0.frame.number(at: 40, 8)
      let checksum = crc32(Array($0.frame[..<124]) + $0.frame[128..<end])
      $0.frame.replaceSubrange(124..<128, with: littleEndian(Int(checksum), 4))
    }
    guard case KibbleFormatError.payloadChecksum(_, "grid", _, _)? = wrong else {
      Issue.record("\(String(describing: wrong))")
      return
    }
  }

  @Test func streams() throws {
    let bytes = try packed.bytes
    // Lengths that are not those of the streams.
    for place in [32, 40, 48, 56] {
      for change in [-1, 1] {
        var changed = bytes
        let number = littleEndian(bytes.number(at: place, 8) + change, 8)
        changed.replaceSubrange(place..<place + 8, with: number)
        let end = 80 + changed.number(at: 40, 8) + changed.number(at: 56, 8)
        let checksum = littleEndian(Int(crc32(Array(changed[..<76] + changed[80..<end]))), 4)
        changed.replaceSubrange(76..<80, with: checksum)
        #expect(
          throws: PackedFormatError.badCompression(path: samplePath), "byte \(place), \(change)"
        ) { try unpack(changed) }
      }
    }
  }

  // MARK: Parts

  @Test func tables() throws {
    let none = "the tables: sum of table 0"
    #expect(try badPart { $0.parts[1] = 2 } == "the tables: number")
    // One slot more or less.
    #expect(try badPart { $0.parts[4] ^= 1 } == none)
    // One symbol less than there are.
    #expect(try badPart { $0.parts[3] -= 1 } == none)
    // Symbols up to 128.
    #expect(try badPart { $0.parts = [1, 0, 127, 2, 1, 0, 255, 15] } == none)
    #expect(try badPart { $0.parts.replaceSubrange(0..<4, with: [1, 0, 0, 0]) } == none)
    #expect(try badPart { $0.parts = [1, 0, 0, 1, 0] } == none)
    // Fewer frequencies than symbols, whose sum is right.
    #expect(try badPart { $0.parts = [1, 0, 0, 2, 0, 16] } == none)
    #expect(try badPart { $0.parts = [] } == "the tables: number")
  }

  @Test func shortScalesAreOnNoGrid() throws {
    var changed = try PackedBytes(
      pack(kibbleFile([SampleTensor(.int4s, shape: [20, 72], code: { $0 % 3 - $1 % 5 })])))
    try #require(changed.flags == 0)
    changed.parts[changed.tensorStart] = 1
    let error = #expect(throws: PackedFormatError.self) { try unpack(changed.bytes) }
    guard case .badPart(_, "t", "flags", 1, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func tensors() throws {
    let start = packed.tensorStart
    let tables = packed.parts[0]
    for bit in 3..<8 {
      #expect(try badPart { $0.parts[start] |= 1 << UInt8(bit) } == "grid: flags")
    }
    #expect(try badPart { $0.parts[start + 2] = tables } == "grid: last table")
    #expect(try badPart { $0.parts[start + 1] = tables } == "grid: last table")
    // A base without sizes.
    #expect(
      try badPart {
        $0.parts[start] = 5
        $0.parts[start + 3] = 1
      } == "grid: base size")
    // The parts of the rows come after the chunk's length.
    let rows = start + 8
    #expect(try badPart { $0.parts[rows] = 0 } == "grid: place of a scale")
    // That of the first group.
    #expect(try badPart { $0.parts[rows + 20] = 255 } == "grid: place of a scale")
    // Another place on the grid: the scales are not those of the checksum.
    #expect(try error { $0.parts[rows] += 1 } is KibbleFormatError)
    for length in 0..<packed.parts.count {
      #expect(try error { $0.parts.removeSubrange(length...) } != nil, "\(length) bytes")
    }
  }

  @Test func chunkLengths() throws {
    let place = packed.tensorStart + 4
    let length = packed.parts.number(at: place, 4)
    func change(to value: Int) -> (inout PackedBytes) -> Void {
      { $0.parts.replaceSubrange(place..<place + 4, with: littleEndian(value, 4)) }
    }
    #expect(try badPart(change(to: 1 << 31)) == "grid: length of the data")
    for value in [0, 31, 32, length - 2, length - 1, length + 1] {
      let error = try error(change(to: value))
      guard error is PackedFormatError else {
        Issue.record("\(value) bytes: \(String(describing: error))")
        continue
      }
    }
  }

  // MARK: Data

  @Test func codes() throws {
    for state in 0..<8 {
      #expect(
        try badChunk { $0.data.replaceSubrange(4 * state + 2..<4 * state + 4, with: [0, 0]) }
          == "grid")
    }
    // A multiplier that leads beyond 127.
    let multipliers = packed.tensorStart + 8 + 20 + 3 + 60 + 20 + 72
    #expect(packed.parts[multipliers] == 3)
    #expect(try badChunk { $0.parts[multipliers] = 255 } == "grid")
    // One that does not.
    #expect(try error { $0.parts[multipliers] = 2 } is KibbleFormatError)
    for place in packed.data.indices {
      #expect(try error { $0.data[place] ^= 1 } != nil, "byte \(place)")
    }
  }
}
