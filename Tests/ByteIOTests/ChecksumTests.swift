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
