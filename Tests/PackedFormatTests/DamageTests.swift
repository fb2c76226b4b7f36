import Diagnostics
import KibbleFormat
import PackedFormat
import TensorCore
import TestSupport
import Testing

/// Damage that nobody planned.
@Suite struct DamageTests {
  /// A small file with all that there is in packed ones.
  private static func sample() throws -> [UInt8] {
    try kibbleFile([
      SampleTensor(
        name: "a", .int8, shape: [3, 9], scale: { row, _ in gridScale(100 + row) },
        code: { row, column in 2 * (row - column % 4) }),
      SampleTensor(name: "b", .int2, .rows, shape: [2, 5], scale: { _, _ in 0x3C01 }) { _, _ in -1
      },
      SampleTensor(name: "c", .f16, .rows, shape: [3]) { _, column in column },
    ])
  }

  /// Whether the bytes are refused, with an error that can be told to a user.
  private func isRefused(_ bytes: [UInt8]) throws -> Bool {
    do {
      try unpack(bytes).check()
      return false
    } catch is any Diagnosable {
      return true
    }
  }

  @Test(arguments: [UInt8(0x01), 0x80, 0xFF])
  func noByteCanChangeUnseen(_ mask: UInt8) throws {
    let whole = try pack(Self.sample())
    var bytes = whole
    for offset in bytes.indices where offset >= 8 {
      bytes[offset] ^= mask
      #expect(try isRefused(bytes), "byte \(offset)")
      bytes[offset] ^= mask
    }
    for offset in 0..<8 {
      bytes[offset] ^= mask
      #expect(!PackedFile.isPacked(bytes))
      bytes[offset] ^= mask
    }
    #expect(try unpack(bytes).bytes == Self.sample())
  }

  @Test func noLengthButTheRightOneIsAccepted() throws {
    let bytes = try pack(Self.sample())
    for length in bytes.indices {
      #expect(throws: PackedFormatError.self, "\(length) bytes") {
        try unpack(Array(bytes.prefix(length)))
      }
    }
    for more in [1, 2, 64, 4096] {
      let extended = bytes + [UInt8](repeating: 0, count: more)
      #expect(
        throws: PackedFormatError.wrongLength(
          path: samplePath, expected: UInt64(bytes.count), found: bytes.count + more)
      ) { try unpack(extended) }
    }
  }

  /// Whatever the right checksums lead to, it is an error or a file.
  @Test(arguments: 0..<8)
  func mutationsAreHarmless(_ seed: UInt64) throws {
    var random = SplitMix(seed)
    let original = try PackedBytes(pack(Self.sample()))
    func mutate(_ bytes: inout [UInt8], _ count: Int) {
      for _ in 0..<count {
        guard let place = bytes.indices.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        }
      }
    }
    for _ in 0..<500 {
      var file = original
      mutate(&file.parts, Int.random(in: 0...3, using: &random))
      mutate(&file.data, Int.random(in: 0...2, using: &random))
      if Bool.random(using: &random) { mutate(&file.frame, 1) }
      do {
        let file = try unpack(file.bytes)
        #expect(file.tensors.map(\.name) == ["a", "b", "c"])
        try file.check()
      } catch is any Diagnosable {}
    }
  }
}
