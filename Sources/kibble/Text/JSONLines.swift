import ByteIO
import Diagnostics
import JSONCore
import ToolSupport

/// JSON objects, one in each line of a file, or of stdin as they come; empty lines are passed over.
final class JSONLines {
  private let path: String
  private let input: StandardInput?
  private var rest: ArraySlice<UInt8> = []
  private var number = 0

  /// Opens a file; `-` is stdin.
  init(_ path: String) throws {
    self.path = path
    guard path != "-" else {
      input = StandardInput()
      expectedCount = nil
      return
    }
    input = nil
    rest = try FileSystem.read(path, limit: Limits.textFile)[...]
    expectedCount = rest.count { $0 == UInt8(ascii: "\n") }
  }

  /// About how many objects there are, where that is known before they have come.
  let expectedCount: Int?

  /// Whether a further line, or the end, is there without waiting for it.
  var isReady: Bool { input?.isReady ?? true }

  /// What `body` makes of the next line's object; nil at the end.
  ///
  /// - Throws: what is wrong with the line, or what `body` throws, with the line's number.
  func next<Value>(_ body: (JSONObject) throws -> Value) throws -> Value? {
    while let line = try nextLine() {
      number += 1
      guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { continue }
      do {
        guard let object = try JSON.parse(line, dialect: .python).objectValue else {
          throw JSONLineError.notAnObject
        }
        return try body(object)
      } catch let error as any Diagnosable where !(error is Interruption || error is OutputError) {
        throw JSONLineError.inLine(number, path: path, error.diagnostic)
      }
    }
    return nil
  }

  /// Calls `body` with each line's object.
  static func forEach(_ path: String, _ body: (JSONObject) throws -> Void) throws {
    let lines = try JSONLines(path)
    while try lines.next(body) != nil {}
  }

  private func nextLine() throws -> [UInt8]? {
    if let input {
      switch try input.readLine(limit: Limits.standardInput) {
      case .text(let line): return line
      case .end: return nil
      case .interrupted: throw Interruption()
      }
    }
    guard !rest.isEmpty else { return nil }
    let line = rest.prefix { $0 != UInt8(ascii: "\n") }
    rest = rest[line.endIndex...].dropFirst()
    return Array(line)
  }
}

/// What is wrong with a line.
enum JSONLineError: Error, Diagnosable {
  case notAnObject
  case missing(String, expected: String)
  case inLine(Int, path: String, Diagnostic)

  var diagnostic: Diagnostic {
    switch self {
    case .notAnObject:
      Diagnostic(.badData, code: "jsonl.not-an-object", "the line is not a JSON object")
    case .missing(let key, let expected):
      Diagnostic(.badData, code: "jsonl.missing-key", "the line has no \"\(key)\", \(expected)")
    case .inLine(let number, let path, let diagnostic):
      Diagnostic(
        diagnostic.kind, code: diagnostic.code, "line \(number): \(diagnostic.message)",
        path: path, tensor: diagnostic.tensor,
        hint: diagnostic.hint ?? "Give one JSON object in each line.")
    }
  }
}
