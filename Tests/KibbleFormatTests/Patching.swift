import ByteIO

/// The bytes of a file in which a test breaks a rule; where the fields lie is spelled out here, not
/// taken from the code under test.
struct PatchedFile {
  var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init(_ sample: SampleFile) throws { bytes = try sample.bytes() }

  var tensorCount: Int { read(UInt32.self, at: 24) }
  var payloadOffset: Int { read(UInt64.self, at: 40) }

  func tensorRecord(_ index: Int) -> Int { 128 + 128 * index }

  func blobRecord(_ index: Int) -> Int { 128 + 128 * tensorCount + 32 * index }

  /// Where a name's first byte is.
  func nameOffset(ofRecord record: Int) -> Int {
    let blobCount = read(UInt32.self, at: 28)
    return 128 + 128 * tensorCount + 32 * blobCount + read(UInt32.self, at: record)
  }

  /// Where a plane of a tensor begins.
  func plane(_ plane: Int, ofTensor index: Int) -> Int {
    read(UInt64.self, at: tensorRecord(index) + 56 + 16 * plane)
  }

  func read<Integer: FixedWidthInteger>(_ type: Integer.Type, at offset: Int) -> Int {
    var value: UInt64 = 0
    for index in (0..<MemoryLayout<Integer>.size).reversed() {
      value = value << 8 | UInt64(bytes[offset + index])
    }
    return Int(truncatingIfNeeded: value)
  }

  mutating func set<Integer: FixedWidthInteger>(_ value: Integer, at offset: Int) {
    for index in 0..<MemoryLayout<Integer>.size {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Integer(8 * index))
    }
  }

  /// The CRC-32 that header and directory have now.
  var frameChecksum: UInt32 {
    CRC32.checksum(Array(bytes[0..<124]) + bytes[128..<payloadOffset])
  }

  /// Enters the CRC-32 of header and directory.
  mutating func sealFrame() { set(frameChecksum, at: 124) }

  /// Enters all checksums anew, so that only other rules can be broken.
  mutating func sealAll() {
    for index in 0..<tensorCount {
      let record = tensorRecord(index)
      var covered: [UInt8] = []
      for plane in 0..<Int(bytes[record + 11]) {
        covered += range(at: record + 56 + 16 * plane)
      }
      set(CRC32.checksum(covered), at: record + 20)
    }
    for index in 0..<read(UInt32.self, at: 28) {
      let record = blobRecord(index)
      set(CRC32.checksum(Array(range(at: record + 8))), at: record + 24)
    }
    sealFrame()
  }

  private func range(at offset: Int) -> ArraySlice<UInt8> {
    let start = read(UInt64.self, at: offset)
    return bytes[start..<start + read(UInt64.self, at: offset + 8)]
  }
}

/// The CRC-32 (zlib) of bytes.
func crc32(_ bytes: [UInt8]) -> UInt32 { CRC32.checksum(bytes) }
