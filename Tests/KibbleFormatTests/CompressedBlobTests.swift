import ByteIO
import Diagnostics
import KibbleFormat
import Testing

/// Blobs that are compressed in the file: format 1.1.
@Suite struct CompressedBlobTests {
  private let text = Array(String(repeating: "the same again, ", count: 500).utf8)
  /// Which no compression makes shorter.
  private let noise = (0..<400).map { UInt8(truncatingIfNeeded: $0 * $0 * 167 + $0 / 3 * 29) }

  private func sample() throws -> SampleFile {
    var sample = try SampleFile.example()
    sample.blobs += [("tokenizer.json", text), ("noise", noise), ("empty", [])]
    sample.compressesBlobs = true
    return sample
  }

  /// The sample's file after a change, its checksums of header and directory right.
  private func patched(_ change: (inout PatchedFile) -> Void) throws -> [UInt8] {
    var file = try PatchedFile(sample())
    change(&file)
    file.sealFrame()
    return file.bytes
  }

  @Test func roundTrip() throws {
    let sample = try sample()
    let bytes = try sample.bytes()
    let file = try open(bytes)
    try file.check()
    try file.checkSums()
    for (blob, record) in zip(sample.blobs, file.blobs) {
      #expect(try file.checkedBytes(of: record) == blob.bytes)
      #expect(record.crc32 == crc32(blob.bytes))
    }
    #expect(file.blobs[2].inflatedBytes == text.count && file.blobs[2].range.count < 100)
    #expect(file.blobs[3].inflatedBytes == nil && file.blobs[4].inflatedBytes == nil)
    let patched = PatchedFile(bytes)
    #expect(patched.read(UInt16.self, at: 10) == 1 && patched.read(UInt32.self, at: 12) == 1)
    #expect(patched.read(UInt32.self, at: patched.blobRecord(2) + 28) == text.count)
  }

  /// Nothing about a file changes where nothing is compressed.
  @Test func othersStayAsTheyAre() throws {
    var raw = try sample()
    raw.compressesBlobs = false
    let patched = try PatchedFile(raw)
    #expect(patched.read(UInt16.self, at: 10) == 0 && patched.read(UInt32.self, at: 12) == 0)
    try check(patched.bytes)
  }

  @Test func lengths() throws {
    let stored = try open(sample().bytes()).blobs[2].range.count
    func expect(_ whole: Int, _ expected: String) throws {
      let bytes = try patched { $0.set(UInt32(whole), at: $0.blobRecord(2) + 28) }
      #expect(
        throws: KibbleFormatError.badRecord(
          path: samplePath, entry: "tokenizer.json",
          field: "length of the decompressed blob", found: "\(whole)", expected: expected)
      ) { try open(bytes) }
    }
    for whole in [1, stored, 64 << 20 + 1, 1 << 32 - 1] {
      try expect(whole, "\(stored + 1) ... 67108864")
    }
    let unannounced = try patched { $0.set(UInt32(0), at: 12) }
    let place = try PatchedFile(sample()).blobRecord(2) + 28
    let offset: Int = try #require((0..<4).first { unannounced[place + $0] != 0 })
    #expect(
      throws: KibbleFormatError.paddingNotZero(
        path: samplePath, entry: "tokenizer.json", offset: place + offset)
    ) { try open(unannounced) }
  }

  /// Small files that claim to hold much are refused before memory is asked for.
  @Test func allTogether() throws {
    var sample = try SampleFile.example()
    sample.blobs += (0..<5).map { ("blob\($0)", text) }
    sample.compressesBlobs = true
    var file = try PatchedFile(sample)
    for blob in 2..<7 { file.set(UInt32(64 << 20), at: file.blobRecord(blob) + 28) }
    file.sealFrame()
    #expect(
      throws: KibbleFormatError.badRecord(
        path: samplePath, entry: "blob4", field: "length of the decompressed blobs so far",
        found: "335544320", expected: "at most 268435456")
    ) { try open(file.bytes) }
  }

  @Test func streamsThatAreNone() throws {
    let range = try open(sample().bytes()).blobs[2].range
    let broken: [(String, (inout PatchedFile) -> Void)] = [
      ("the header", { $0.bytes[range.lowerBound] ^= 0xFF }),
      ("the checksum", { $0.bytes[range.upperBound - 1] ^= 1 }),
      ("the middle", { $0.bytes[range.lowerBound + range.count / 2] ^= 0x55 }),
      ("one byte more", { $0.set(UInt32(self.text.count + 1), at: $0.blobRecord(2) + 28) }),
      ("one byte less", { $0.set(UInt32(self.text.count - 1), at: $0.blobRecord(2) + 28) }),
    ]
    for (name, change) in broken {
      let file = try open(patched(change))
      let error = KibbleFormatError.badCompression(path: samplePath, entry: "tokenizer.json")
      #expect(throws: error, "\(name)") { try file.checkedBytes(of: file.blobs[2]) }
      #expect(throws: error, "\(name)") { try file.check() }
      #expect(throws: error, "\(name)") { try file.checkSums() }
    }
  }

  /// The checksum is that of the bytes, not of what the file has of them.
  @Test func checksum() throws {
    let bytes = try patched { $0.set(UInt32(7), at: $0.blobRecord(2) + 24) }
    let file = try open(bytes)
    #expect(
      throws: KibbleFormatError.payloadChecksum(
        path: samplePath, entry: "tokenizer.json", expected: 7, found: crc32(text))
    ) { try file.check() }
  }
}
