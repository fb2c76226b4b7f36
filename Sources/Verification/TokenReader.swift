import Diagnostics
import JSONCore

/// Reads a file of token ids number by number: a tree would take ten times the file's memory.
struct TokenReader {
  let path: String
  private(set) var sequences: [[Int]] = []
  private var scanner = JSONScanner()

  init(path: String) { self.path = path }

  mutating func read(_ bytes: RawSpan) throws {
    do {
      let first = try scanner.next(in: bytes)
      guard first == .beginArray else {
        throw bad("the file holds \(Self.kind(first)), not an array")
      }
      let start = scanner.offset
      var token = try scanner.next(in: bytes)
      if token == .beginArray {
        while token == .beginArray {
          guard sequences.count < Limits.tokenSequences else {
            throw bad("the file holds more than \(Limits.tokenSequences) sequences")
          }
          sequences.append(try ids(in: bytes, first: scanner.next(in: bytes), from: scanner.offset))
          token = try scanner.next(in: bytes)
        }
        guard token == .endArray else {
          throw bad("element \(sequences.count) is \(Self.kind(token)), not an array")
        }
      } else {
        sequences.append(try ids(in: bytes, first: token, from: start))
      }
      _ = try scanner.next(in: bytes)
    } catch let error as JSONError {
      throw bad(error.summary)
    }
  }

  /// The ids up to the end of an array whose first token was read.
  private mutating func ids(
    in bytes: RawSpan, first: JSONToken, from start: Int
  ) throws -> [Int] {
    guard first != .endArray else { throw bad("a sequence is empty") }
    var ids: [Int] = []
    ids.reserveCapacity(Self.count(in: bytes, from: start))
    var token = first
    while token != .endArray {
      if token == .beginArray, scanner.depth == 2 {
        throw bad("element 0 is \(Self.kind(first)), not an array")
      }
      guard case .number(let range) = token,
        let id = scanner.number(of: range, in: bytes).integer, id >= 0
      else { throw bad("element \(ids.count) of sequence \(sequences.count) is no token id") }
      ids.append(id)
      token = try scanner.next(in: bytes)
    }
    return ids
  }

  /// The elements that an array of numbers has at most.
  private static func count(in bytes: RawSpan, from start: Int) -> Int {
    var count = 1
    for offset in start..<bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      if byte == UInt8(ascii: "]") { break }
      if byte == UInt8(ascii: ",") { count += 1 }
    }
    return count
  }

  private static func kind(_ token: JSONToken) -> String {
    switch token {
    case .beginObject, .endObject: "an object"
    case .beginArray, .endArray, .end: "an array"
    case .key, .string: "a string"
    case .number: "a number"
    case .bool: "a boolean"
    case .null: "null"
    }
  }

  private func bad(_ detail: String) -> VerificationError {
    .badTokens(path: path, detail: detail)
  }
}
