import ByteIO
import Testing

@Suite struct ChecksumTests {
  private let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 5) }

  @Test func matchesTheKnownCheckValue() {
    #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.checksum([UInt8]()) == 0)
  }

  @Test func doesNotDependOnTheParts() {
    var checksum = CRC32()
    for start in stride(from: 0, to: 1000, by: 7) {
      checksum.update(Array(bytes[start..<min(start + 7, 1000)]).span.bytes)
    }
    #expect(checksum.value == CRC32.checksum(bytes))
    var continued = CRC32(continuing: CRC32.checksum(Array(bytes[..<400])))
    continued.update(Array(bytes[400...]).span.bytes)
    #expect(continued == checksum)
  }

  @Test(arguments: [0, 1, 500, 1000])
  func combinesTwoParts(split: Int) {
    let first = CRC32.checksum(Array(bytes[..<split]))
    let second = CRC32.checksum(Array(bytes[split...]))
    #expect(
      CRC32.combine(first, second, secondCount: 1000 - split) == CRC32.checksum(bytes))
  }

  /// 5 GiB of zeros, put together by doubling: the length must not be cut to 32 bits.
  @Test func combinesLongParts() {
    var zeros = CRC32.checksum([UInt8](repeating: 0, count: 1 << 20))
    var count = 1 << 20
    var parts: [Int: UInt32] = [:]
    while count < 4 << 30 {
      zeros = CRC32.combine(zeros, zeros, secondCount: count)
      count *= 2
      parts[count] = zeros
    }
    let gibibyte = parts[1 << 30] ?? 0
    let oneWay = CRC32.combine(gibibyte, zeros, secondCount: 4 << 30)
    let otherWay = CRC32.combine(zeros, gibibyte, secondCount: 1 << 30)
    #expect(oneWay == otherWay)
    #expect(oneWay != CRC32.combine(gibibyte, zeros, secondCount: 0))
  }
}

@Suite struct SHA256Tests {
  private func digest(_ bytes: [UInt8], parts: Int = .max) -> String {
    var digest = SHA256()
    for start in stride(from: 0, to: bytes.count, by: min(parts, max(1, bytes.count))) {
      digest.update(
        Array(bytes[start..<min(start + min(parts, bytes.count), bytes.count)]).span.bytes)
    }
    return digest.hexadecimal()
  }

  /// The examples of FIPS 180-2, appendix B.
  @Test func matchesTheStandardsExamples() {
    #expect(
      digest(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      digest(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(
      digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// Each length around that of a block, in parts that end anywhere.
  @Test func doesNotDependOnTheParts() {
    for count in 0...200 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 5) }
      let expected = digest(bytes)
      for parts in [1, 7, 63, 64, 65] { #expect(digest(bytes, parts: parts) == expected) }
    }
  }
}
