import ByteIO
import Quantization

extension CalibrationSummary {
  /// What identifies some sequences of tokens.
  public init(_ sequences: [[Int]]) {
    var bytes: [UInt8] = []
    for sequence in sequences {
      for word in [sequence.count] + sequence {
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: word))
      }
    }
    self.init(
      sequences: sequences.count, tokens: sequences.reduce(0) { $0 + $1.count },
      crc32: CRC32.checksum(bytes))
  }
}
