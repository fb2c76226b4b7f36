import ByteIO
import Quantization

extension CalibrationSummary {
  /// What identifies some sequences of tokens.
  public init(_ sequences: [[Int]]) {
    var bytes: [UInt8] = []
    for sequence in sequences {
      for number in [sequence.count] + sequence {
        let word = UInt32(truncatingIfNeeded: number)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
      }
    }
    self.init(
      sequences: sequences.count, tokens: sequences.reduce(0) { $0 + $1.count },
      crc32: CRC32.checksum(bytes))
  }
}
