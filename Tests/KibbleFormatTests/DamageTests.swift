import Diagnostics
import JSONCore
import KibbleFormat
import TensorCore
import TestSupport
import Testing

/// Damage that nobody planned.
@Suite struct DamageTests {
  /// Whether the bytes are refused, with an error that can be told to a user.
  private func isRefused(_ bytes: [UInt8]) throws -> Bool {
    do {
      try check(bytes)
      return false
    } catch is any Diagnosable {
      return true
    }
  }

  @Test(arguments: [UInt8(0x01), 0x80, 0xFF])
  func noByteCanChangeUnseen(mask: UInt8) throws {
    var bytes = try SampleFile.example().bytes()
    for offset in bytes.indices {
      bytes[offset] ^= mask
      // The minor version is the reader's to ignore, but the checksum covers it.
      #expect(try isRefused(bytes), "byte \(offset)")
      bytes[offset] ^= mask
    }
    try check(bytes)
  }

  @Test func noLengthButTheRightOneIsAccepted() throws {
    let bytes = try SampleFile.example().bytes()
    for length in bytes.indices {
      let truncated = Array(bytes.prefix(length))
      #expect(throws: KibbleFormatError.self, "\(length) bytes") { try open(truncated) }
    }
    for more in [1, 63, 64, 4096] {
      let extended = bytes + [UInt8](repeating: 0, count: more)
      #expect(
        throws: KibbleFormatError.wrongLength(
          path: samplePath, expected: 1184, found: 1184 + more)
      ) { try open(extended) }
    }
  }

  @Test func aTruncatedFileWithAMatchingLengthIsRefused() throws {
    // As if the writer had stopped early and the header were written last.
    let bytes = try SampleFile.example().bytes()
    for length in 704..<1184 {
      var file = PatchedFile(Array(bytes.prefix(length)))
      file.set(UInt64(length), at: 16)
      file.sealFrame()
      #expect(throws: KibbleFormatError.self, "\(length) bytes") { try open(file.bytes) }
    }
  }

  @Test(arguments: 0..<8)
  func anyBytesBehindTheMagicAreHarmless(seed: UInt64) throws {
    var random = SplitMix(seed)
    let magic = try SampleFile.example().bytes().prefix(16)
    for _ in 0..<200 {
      let length = Int.random(in: 0...600, using: &random)
      var file = PatchedFile(
        Array(magic) + (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
      if file.bytes.count > 24 { file.set(UInt64(file.bytes.count), at: 16) }
      #expect(try isRefused(file.bytes))
    }
  }

  /// Mutations of header and directory behind a right checksum: what is still accepted must lie in
  /// the file.
  @Test(arguments: 0..<8)
  func mutatedDirectoriesAreHarmless(seed: UInt64) throws {
    var random = SplitMix(100 + seed)
    let original = try PatchedFile(.example())
    for _ in 0..<500 {
      var file = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let offset = Int.random(in: 8..<704, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: file.bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: file.bytes[offset] = UInt8.random(in: 0...255, using: &random)
        case 2: file.set(UInt32.max >> UInt32.random(in: 0..<32, using: &random), at: offset & ~3)
        default:
          // A field moves, as when a record is cut.
          let from = Int.random(in: 8..<696, using: &random)
          for index in 0..<8 where offset + index < 704 {
            file.bytes[offset + index] = file.bytes[from + index]
          }
        }
      }
      file.set(UInt16(1), at: 8)
      file.set(UInt32(0), at: 12)
      if (128...1184).contains(file.payloadOffset) { file.sealFrame() }
      try expectHarmless(file.bytes)
    }
  }

  /// Mutations of payloads with right checksums everywhere.
  @Test(arguments: 0..<8)
  func mutatedPayloadsAreHarmless(seed: UInt64) throws {
    var random = SplitMix(200 + seed)
    let original = try PatchedFile(.example())
    for _ in 0..<200 {
      var file = original
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let offset = Int.random(in: 704..<1184, using: &random)
        file.bytes[offset] = UInt8.random(in: 0...255, using: &random)
      }
      file.sealAll()
      try expectHarmless(file.bytes)
    }
  }

  private func expectHarmless(_ bytes: [UInt8]) throws {
    do {
      let file = try open(bytes)
      let ranges = file.blobs.map(\.range) + file.tensors.flatMap(\.planes)
      for range in ranges { #expect(range.lowerBound >= 128 && range.upperBound <= bytes.count) }
      for tensor in file.tensors {
        #expect(tensor.planes.map(\.count) == tensor.geometry.planeBytes)
      }
      try file.check()
    } catch is any Diagnosable {}
  }
}
