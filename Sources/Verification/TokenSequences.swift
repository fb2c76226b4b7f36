import JSONCore
import TensorCore

/// Token sequences to run models on.
public enum TokenSequences {
  /// Reads a JSON array of ids, or an array of such arrays.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: its path, for errors.
  /// - Returns: the sequences, none of them empty.
  /// - Throws: `JSONError` or `VerificationError`.
  public static func parse(_ bytes: [UInt8], path: String) throws -> [[Int]] {
    var reader = TokenReader(path: path)
    try bytes.withRawSpan { (bytes) throws in try reader.read(bytes) }
    return reader.sequences
  }

  /// `count` random ids in sequences of at most `window`, by SplitMix64 from a seed.
  public static func random(
    _ count: Int, seed: UInt64, vocabulary: Int, window: Int = 512
  ) -> [[Int]] {
    var generator = SplitMix64(state: seed)
    return stride(from: 0, to: count, by: window).map { start in
      (start..<min(start + window, count)).map { _ in
        // The high half of a 64 x 64-bit product: uniform but for 2^-64 of vocabulary.
        Int(generator.next().multipliedFullWidth(by: UInt64(vocabulary)).high)
      }
    }
  }

  /// What is run when no input is given: four sequences of 128 random ids, seed 0.
  public static func builtIn(vocabulary: Int) -> [[Int]] {
    random(512, seed: 0, vocabulary: vocabulary, window: 128)
  }
}
