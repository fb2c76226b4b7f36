import JSONCore
import KibbleFormat
import Testing

/// Rules of the records, broken one at a time behind a right checksum.
///
/// The example has the tensors 0 (int4, rows, [2, 10]), 1 (f32, [3]) and 2 (int8, tiles, [2, 6]),
/// and the blobs 0 (kibble.json) and 1 (config.json).
@Suite struct RecordRejectionTests {
  private static let names = ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]

  /// Expects an error of the example after a change to it.
  private func expect(_ error: KibbleFormatError, _ change: (inout PatchedFile) -> Void) throws {
    var file = try PatchedFile(.example())
    change(&file)
    file.sealFrame()
    #expect(throws: error) { try open(file.bytes) }
  }

  private func bad(
    _ entry: String, _ field: String, _ found: String, _ expected: String
  ) -> KibbleFormatError {
    .badRecord(path: samplePath, entry: entry, field: field, found: found, expected: expected)
  }

  // Names.

  @Test(arguments: [(UInt32(0), "0"), (256, "256"), (.max, "4294967295")])
  func nameLength(length: UInt32, found: String) throws {
    try expect(bad("tensor 1", "name length", found, "1 ... 255")) {
      $0.set(length, at: $0.tensorRecord(1) + 4)
    }
    try expect(bad("blob 1", "name length", found, "1 ... 255")) {
      $0.set(length, at: $0.blobRecord(1) + 4)
    }
  }

  @Test(arguments: [UInt32(62), 78, 79, .max])
  func namePlace(offset: UInt32) throws {
    // The name of tensor 1 has 17 bytes, the table 78.
    try expect(
      bad("tensor 1", "name offset", "\(offset)", "a place in the string table of 78 bytes")
    ) {
      $0.set(offset, at: $0.tensorRecord(1))
    }
  }

  @Test(arguments: [UInt8(0), 0x0A, 0x1B, 0x20, 0x7F])
  func nameOfOtherThanPrintableASCII(byte: UInt8) throws {
    let name = "model" + String(UnicodeScalar(byte)) + "norm.weight"
    try expect(bad("tensor 1", "name", name, "printable ASCII without spaces")) {
      $0.bytes[$0.nameOffset(ofRecord: $0.tensorRecord(1)) + 5] = byte
    }
  }

  @Test func nameOfOtherThanASCII() throws {
    try expect(bad("tensor 1", "name", "mödel.norm.weigt", "printable ASCII without spaces")) {
      let start = $0.nameOffset(ofRecord: $0.tensorRecord(1))
      $0.bytes.replaceSubrange(start..<start + 17, with: "mödel.norm.weigt".utf8)
    }
    try expect(bad("blob 1", "name", "conf\u{FFFD}g.json", "printable ASCII without spaces")) {
      $0.bytes[$0.nameOffset(ofRecord: $0.blobRecord(1)) + 4] = 0xFF
    }
  }

  @Test(arguments: ["../ig.json", ".onfig.json", "conf/g.json", "/onfig.json", "conf\\g.json"])
  func blobNameThatIsNoFileName(name: String) throws {
    let name = name.count == 11 ? name : "." + name
    try expect(bad(name, "name", name, "a plain file name")) {
      let start = $0.nameOffset(ofRecord: $0.blobRecord(1))
      $0.bytes.replaceSubrange(start..<start + 11, with: name.utf8)
    }
  }

  @Test(arguments: [UInt64(67_108_865), 1 << 32, .max])
  func blobThatIsTooLong(length: UInt64) throws {
    try expect(bad("config.json", "length of blob", "\(length)", "at most 67108864")) {
      $0.set(length, at: $0.blobRecord(1) + 16)
    }
  }

  @Test func twoTensorsOfOneName() throws {
    try expect(.duplicateName(path: samplePath, name: Self.names[0])) {
      for offset in 0..<8 { $0.bytes[$0.tensorRecord(2) + offset] = $0.bytes[128 + offset] }
    }
  }

  @Test func twoBlobsOfOneName() throws {
    try expect(.duplicateName(path: samplePath, name: "kibble.json")) {
      for offset in 0..<8 {
        $0.bytes[$0.blobRecord(1) + offset] = $0.bytes[$0.blobRecord(0) + offset]
      }
    }
  }

  @Test func aTensorAndABlobOfOneName() throws {
    try expect(.duplicateName(path: samplePath, name: "config.json")) {
      for offset in 0..<8 {
        $0.bytes[$0.tensorRecord(1) + offset] = $0.bytes[$0.blobRecord(1) + offset]
      }
    }
  }

  // Types and sizes.

  @Test(arguments: 0...255)
  func types(code: Int) throws {
    if [1, 2, 3, 4, 5, 6, 8, 18, 19, 36, 37, 38, 40, 50, 51].contains(code) { return }
    try expect(
      .unknownCode(path: samplePath, entry: Self.names[2], field: "type", found: code)
    ) { $0.bytes[$0.tensorRecord(2) + 8] = UInt8(code) }
  }

  @Test(arguments: [2, 3, 128, 255])
  func arrangements(code: Int) throws {
    try expect(
      .unknownCode(path: samplePath, entry: Self.names[1], field: "arrangement", found: code)
    ) { $0.bytes[$0.tensorRecord(1) + 9] = UInt8(code) }
  }

  @Test(arguments: [0, 3, 4, 255])
  func ranks(rank: Int) throws {
    try expect(bad(Self.names[0], "rank", "\(rank)", "1 or 2")) {
      $0.bytes[$0.tensorRecord(0) + 10] = UInt8(rank)
    }
  }

  @Test(arguments: [UInt64(0), 1 << 31 + 1, 1 << 63, .max])
  func dimensions(size: UInt64) throws {
    for axis in 0..<2 {
      try expect(bad(Self.names[2], "dimension \(axis)", "\(size)", "1 ... 2^31")) {
        $0.set(size, at: $0.tensorRecord(2) + 24 + 8 * axis)
      }
    }
  }

  @Test(arguments: [UInt64(1), .max])
  func unusedDimensions(size: UInt64) throws {
    for (tensor, axes) in [(0, 2..<4), (1, 1..<4)] {
      for axis in axes {
        try expect(bad(Self.names[tensor], "dimension \(axis)", "\(size)", "0")) {
          $0.set(size, at: $0.tensorRecord(tensor) + 24 + 8 * axis)
        }
      }
    }
  }

  @Test func tooManyElements() throws {
    let sizes = [1 << 31, 1 << 26]
    try expect(bad(Self.names[2], "shape", "\(sizes)", "fewer elements")) {
      for axis in 0..<2 { $0.set(UInt64(sizes[axis]), at: $0.tensorRecord(2) + 24 + 8 * axis) }
    }
  }

  @Test(arguments: [UInt32(0), 1, 16, 31, 33, 96, 256, .max])
  func groupSizes(size: UInt32) throws {
    for tensor in [0, 2] {
      try expect(bad(Self.names[tensor], "group size", "\(size)", "32, 64 or 128")) {
        $0.set(size, at: $0.tensorRecord(tensor) + 16)
      }
    }
  }

  @Test(arguments: [UInt32(1), 32, .max])
  func groupSizeOfFloats(size: UInt32) throws {
    try expect(bad(Self.names[1], "group size", "\(size)", "0")) {
      $0.set(size, at: $0.tensorRecord(1) + 16)
    }
  }

  @Test(arguments: [Int32(-111), 114, .min, .max])
  func exponents(exponent: Int32) throws {
    for tensor in [0, 2] {
      try expect(bad(Self.names[tensor], "exponent", "\(exponent)", "-110 ... 113")) {
        $0.set(UInt32(bitPattern: exponent), at: $0.tensorRecord(tensor) + 12)
      }
    }
  }

  @Test(arguments: [Int32(-1), 1, .max])
  func exponentOfFloats(exponent: Int32) throws {
    try expect(bad(Self.names[1], "exponent", "\(exponent)", "0")) {
      $0.set(UInt32(bitPattern: exponent), at: $0.tensorRecord(1) + 12)
    }
  }

  @Test(arguments: [Int32(-110), 0, 113])
  func exponentsAtTheLimits(exponent: Int32) throws {
    var file = try PatchedFile(.example())
    file.set(UInt32(bitPattern: exponent), at: file.tensorRecord(0) + 12)
    file.sealFrame()
    #expect(try open(file.bytes).tensors[0].exponent == Int(exponent))
  }

  @Test(arguments: [(0, 2), (1, 1), (2, 2)])
  func planeCounts(tensor: Int, right: UInt8) throws {
    for count: UInt8 in [0, 1, 2, 3, 255] where count != right {
      try expect(bad(Self.names[tensor], "plane count", "\(count)", "\(right)")) {
        $0.bytes[$0.tensorRecord(tensor) + 11] = count
      }
    }
  }

  // Places.

  @Test(arguments: [(0, 0, 832), (0, 1, 896), (1, 0, 960), (2, 0, 1024), (2, 1, 1152)])
  func planeOffsets(tensor: Int, plane: Int, right: Int) throws {
    for offset in [0, right - 64, right - 1, right + 1, right + 64, 1184, 1 << 40] {
      try expect(bad(Self.names[tensor], "offset of plane \(plane)", "\(offset)", "\(right)")) {
        $0.set(UInt64(offset), at: $0.tensorRecord(tensor) + 56 + 16 * plane)
      }
    }
  }

  @Test(arguments: [(0, 0, 16), (0, 1, 4), (1, 0, 16), (2, 0, 128), (2, 1, 32)])
  func planeLengths(tensor: Int, plane: Int, right: UInt64) throws {
    for length in [0, right - 1, right + 1, right + 64, .max] {
      try expect(bad(Self.names[tensor], "length of plane \(plane)", "\(length)", "\(right)")) {
        $0.set(length, at: $0.tensorRecord(tensor) + 64 + 16 * plane)
      }
    }
  }

  @Test(arguments: [(0, "kibble.json", 704), (1, "config.json", 768)])
  func blobOffsets(blob: Int, name: String, right: UInt64) throws {
    for offset in [0, right - 64, right - 1, right + 1, right + 64, .max] {
      try expect(bad(name, "offset of blob", "\(offset)", "\(right)")) {
        $0.set(offset, at: $0.blobRecord(blob) + 8)
      }
    }
  }

  @Test(arguments: [UInt64(1184 - 768 + 1), 1 << 26])
  func blobLengths(length: UInt64) throws {
    try expect(bad("config.json", "length of blob", "\(length)", "at most what the file holds")) {
      $0.set(length, at: $0.blobRecord(1) + 16)
    }
  }

  @Test func aPlaneThatTheFileDoesNotHold() throws {
    // Right by its shape, but the file ends before it.
    var file = try PatchedFile(.example())
    file.set(UInt64(1 << 20), at: file.tensorRecord(2) + 24)
    file.set(UInt64(8 << 20), at: file.tensorRecord(2) + 64)
    file.sealFrame()
    #expect(
      throws: bad(Self.names[2], "length of plane 0", "8388608", "at most what the file holds")
    ) { try open(file.bytes) }
  }

  @Test func blobsMovePlanes() throws {
    // A blob that is 64 bytes longer moves the planes that follow.
    try expect(bad(Self.names[0], "offset of plane 0", "832", "896")) {
      $0.set(UInt64(21 + 64), at: $0.blobRecord(1) + 16)
      let bytes = $0.bytes[768..<768 + 85]
      $0.set(crc32(Array(bytes)), at: $0.blobRecord(1) + 24)
    }
  }

  // Reserved bytes.

  @Test(arguments: [(0, 88), (1, 72), (2, 88)])
  func unusedPlanesAndReservedBytes(tensor: Int, first: Int) throws {
    for offset in first..<128 {
      let place = 128 + 128 * tensor + offset
      try expect(.paddingNotZero(path: samplePath, entry: Self.names[tensor], offset: place)) {
        $0.bytes[place] = 1
      }
    }
  }

  @Test(arguments: 28..<32)
  func reservedBytesOfBlobs(offset: Int) throws {
    let place = 128 + 3 * 128 + 32 + offset
    try expect(.paddingNotZero(path: samplePath, entry: "config.json", offset: place)) {
      $0.bytes[place] = 1
    }
  }

  // Metadata.

  @Test func theMetadataMustBeThere() throws {
    var sample = try SampleFile.example()
    sample.blobs.removeFirst()
    let bytes = try sample.bytes()
    #expect(throws: KibbleFormatError.missingBlob(path: samplePath, name: "kibble.json")) {
      try open(bytes)
    }
  }

  @Test(arguments: ["", "{", "{}{}", #"{"a":1,"a":2}"#])
  func theMetadataMustBeJSON(text: String) throws {
    var sample = try SampleFile.example()
    sample.blobs[0].bytes = Array(text.utf8)
    let bytes = try sample.bytes()
    #expect(throws: JSONError.self) { try open(bytes) }
  }
}
