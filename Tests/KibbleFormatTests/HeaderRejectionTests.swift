import KibbleFormat
import Testing

@Suite struct HeaderRejectionTests {
  private func expect(_ error: KibbleFormatError, _ bytes: [UInt8]) {
    #expect(throws: error) { try open(bytes) }
  }

  @Test(arguments: 0..<8)
  func magic(offset: Int) throws {
    var file = try PatchedFile(.example())
    file.bytes[offset] ^= 0x20
    file.sealFrame()
    expect(.notKibble(path: samplePath), file.bytes)
  }

  @Test(arguments: 0..<8)
  func lessThanTheMagic(length: Int) throws {
    let bytes = try SampleFile.example().bytes()
    expect(.notKibble(path: samplePath), Array(bytes.prefix(length)))
  }

  @Test(arguments: [8, 9, 64, 124, 127])
  func lessThanTheHeader(length: Int) throws {
    let bytes = try SampleFile.example().bytes()
    expect(
      .wrongLength(path: samplePath, expected: 128, found: length), Array(bytes.prefix(length)))
  }

  @Test(arguments: [UInt16(2), 3, 256, .max])
  func newerMajorVersion(version: UInt16) throws {
    // A newer file need not have this version's checksum.
    var file = try PatchedFile(.example())
    file.set(version, at: 8)
    let error = KibbleFormatError.newerVersion(
      path: samplePath, found: Int(version), supported: 1)
    expect(error, file.bytes)
    file.sealFrame()
    expect(error, file.bytes)
  }

  @Test func majorVersionZero() throws {
    var file = try PatchedFile(.example())
    file.set(UInt16(0), at: 8)
    file.sealFrame()
    expect(
      .badHeader(path: samplePath, field: "major version", found: 0, expected: "1"), file.bytes)
  }

  @Test(arguments: 3..<32)
  func unknownFeature(bit: UInt32) throws {
    var file = try PatchedFile(.example())
    file.set(UInt32(1) << bit, at: 12)
    file.sealFrame()
    expect(.unknownFeatures(path: samplePath, bits: 1 << bit), file.bytes)
  }

  @Test(arguments: [UInt64(0), 127, 1183, 1185, 1 << 32 + 1184, .max])
  func fileLength(length: UInt64) throws {
    var file = try PatchedFile(.example())
    file.set(length, at: 16)
    file.sealFrame()
    expect(.wrongLength(path: samplePath, expected: length, found: 1184), file.bytes)
  }

  @Test(arguments: [
    (24, UInt64(1 << 20 + 1), "tensor count", "at most 1048576"),
    (28, 1025, "blob count", "at most 1024"),
  ])
  func counts(offset: Int, value: UInt64, field: String, expected: String) throws {
    for value in [value, UInt64(UInt32.max)] {
      var file = try PatchedFile(.example())
      file.set(UInt32(value), at: offset)
      expect(
        .badHeader(path: samplePath, field: field, found: value, expected: expected), file.bytes)
    }
  }

  @Test(arguments: [
    (32, "string table length"), (40, "payload offset"),
  ])
  func largeOffsets(offset: Int, field: String) throws {
    for value in [UInt64(1185), 1 << 32, 1 << 63, .max] {
      var file = try PatchedFile(.example())
      file.set(value, at: offset)
      expect(
        .badHeader(path: samplePath, field: field, found: value, expected: "at most 1184"),
        file.bytes)
    }
  }

  @Test(arguments: [UInt64(0), 640, 703, 705, 768, 1184])
  func payloadOffset(value: UInt64) throws {
    var file = try PatchedFile(.example())
    file.set(value, at: 40)
    expect(
      .badHeader(path: samplePath, field: "payload offset", found: value, expected: "704"),
      file.bytes)
  }

  @Test(arguments: [(24, 4), (28, 4), (32, 78 + 64)])
  func moreEntriesThanThePayloadOffsetAllows(offset: Int, value: UInt32) throws {
    var file = try PatchedFile(.example())
    file.set(value, at: offset)
    #expect {
      try open(file.bytes)
    } throws: { error in
      guard case .badHeader(samplePath, "payload offset", 704, _)? = error as? KibbleFormatError
      else { return false }
      return true
    }
  }

  @Test func theDirectoryMustLieInTheFile() throws {
    var file = PatchedFile(Array(try SampleFile.example().bytes().prefix(640)))
    file.set(UInt64(640), at: 16)
    file.set(UInt64(640), at: 40)
    expect(
      .badHeader(path: samplePath, field: "payload offset", found: 640, expected: "704"),
      file.bytes)
  }

  @Test(arguments: 124..<128)
  func checksum(offset: Int) throws {
    var file = try PatchedFile(.example())
    let right = UInt32(truncatingIfNeeded: file.read(UInt32.self, at: 124))
    #expect(right == file.frameChecksum)
    file.bytes[offset] ^= 1
    let wrong = UInt32(truncatingIfNeeded: file.read(UInt32.self, at: 124))
    expect(.directoryChecksum(path: samplePath, expected: wrong, found: right), file.bytes)
  }

  @Test(arguments: 48..<124)
  func reservedBytes(offset: Int) throws {
    var file = try PatchedFile(.example())
    file.bytes[offset] = 1
    file.sealFrame()
    expect(.paddingNotZero(path: samplePath, entry: "the header", offset: offset), file.bytes)
  }

  @Test(arguments: 654..<704)
  func zerosAfterTheStringTable(offset: Int) throws {
    var file = try PatchedFile(.example())
    file.bytes[offset] = 0x80
    file.sealFrame()
    expect(.paddingNotZero(path: samplePath, entry: "the directory", offset: offset), file.bytes)
  }

  @Test func bytesAfterTheLastPlane() throws {
    var file = PatchedFile(try SampleFile.example().bytes() + [0])
    file.set(UInt64(1185), at: 16)
    file.sealFrame()
    expect(
      .badHeader(path: samplePath, field: "file length", found: 1185, expected: "1184"),
      file.bytes)
  }
}
