import ByteIO
import Diagnostics
import DogeArchitecture
import Generation
import JSONCore
import ToolSupport
import Verification

/// The tokens that models are compared on, and where they come from.
struct VerificationInput {
  /// Where tokens come from; the raw value is the name in reports.
  enum Kind: String {
    case tokens
    case text
    case random
    case builtIn = "built-in"
    case golden
  }

  let kind: Kind
  /// The file, if it is one.
  let name: String?
  let sequences: [[Int]]
  /// Of random tokens.
  let seed: UInt64?
  /// CRC-32 over each sequence's length and ids, as little-endian 32-bit numbers.
  let checksum: UInt32

  init(_ kind: Kind, name: String? = nil, sequences: [[Int]], seed: UInt64? = nil) {
    self.kind = kind
    self.name = name
    self.sequences = sequences
    self.seed = seed
    checksum = Self.checksum(of: sequences)
  }

  /// The tokens of a file.
  static func tokens(file: String) throws -> VerificationInput {
    VerificationInput(
      .tokens, name: file,
      sequences: try TokenSequences.parse(
        FileSystem.read(file, limit: Limits.tokenFile), path: file))
  }

  /// The built-in text in the words of the first model that has a tokenizer, in windows of at most 256
  /// tokens; random tokens where none has.
  static func builtIn(_ paths: [String], config: DogeConfig) throws -> VerificationInput {
    for path in paths {
      do {
        let windows = try TextFiles(path: path).windows(
          VerificationText.bytes, path: VerificationText.name, config: config,
          context: min(256, config.maxPositions))
        return VerificationInput(.builtIn, name: VerificationText.name, sequences: windows)
      } catch let error as TextFileError where error.isMissing {
        continue
      }
    }
    return VerificationInput(
      .random, sequences: TokenSequences.builtIn(vocabulary: config.vocabularySize), seed: 0)
  }

  var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }

  /// Which tokens count for perplexity.
  var scoring: Scoring { kind == .text || kind == .builtIn ? .secondHalf : .all }

  /// Whether a next token means anything.
  var isPredictable: Bool { kind != .random }

  private static func checksum(of sequences: [[Int]]) -> UInt32 {
    sequences.reduce(0) { sum, ids in
      let bytes = ([ids.count] + ids).flatMap { id in
        (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) }
      }
      return CRC32.combine(sum, CRC32.checksum(bytes), secondCount: bytes.count)
    }
  }

  var json: JSON {
    [
      "kind": .string(kind.rawValue), "name": JSON(name), "tokens": JSON(tokenCount),
      "sequences": JSON(sequences.count), "crc32": JSON(checksum: checksum),
      "seed": seed.map { JSON($0) } ?? .null,
    ]
  }

  /// What was run, in words.
  var summary: String {
    let source =
      switch kind {
      case .tokens, .text, .golden: name ?? kind.rawValue
      case .builtIn: VerificationText.name
      case .random: "random tokens, seed \(seed ?? 0)"
      }
    let count = sequences.count
    return "\(source): \(NumberFormat.thousands(tokenCount)) tokens in "
      + "\(NumberFormat.thousands(count)) sequence\(count == 1 ? "" : "s")"
  }
}
