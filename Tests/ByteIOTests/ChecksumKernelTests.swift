import ByteIO
import CZlib
import Testing

/// The folded checksum against zlib's own.
@Suite struct ChecksumKernelTests {
  @Test func equalsZlibForEveryLengthAndStart() {
    var seed: UInt32 = 1
    let bytes = (0..<1200).map { _ -> UInt8 in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: seed >> 24)
    }
    for start in [0, 1, 7, 15] {
      for count in Array(0...300) + [511, 512, 513, 1000, 1184] {
        let part = Array(bytes[start..<start + count])
        let before: UInt32 = count % 3 == 0 ? 0 : 0xDEAD_BEEF
        let expected = UInt32(truncatingIfNeeded: crc32(uLong(before), part, uInt(count)))
        var checksum = CRC32(continuing: before)
        part.withUnsafeBytes { checksum.update($0) }
        #expect(count == 0 || checksum.value == expected, "\(count) bytes from \(start)")
      }
    }
  }
}
