import ByteIO
import Diagnostics
import JSONCore
import ToolSupport

/// A file of JSON objects, one in each line.
struct JSONLines {
  /// Calls `body` with each line's object; empty lines are passed over.
  ///
  /// - Parameters:
  ///   - path: the file; `-` is stdin.
  ///   - body: takes an object.
  /// - Throws: what is wrong with the file, or what `body` throws, with the line's number.
  static func forEach(_ path: String, _ body: (JSONObject) throws -> Void) throws {
    let bytes =
      path == "-"
      ? try StandardInput().readAll() : try FileSystem.read(path, limit: Limits.textFile)
    var number = 0
    var rest = bytes[...]
    while !rest.isEmpty {
      // One by one: a list of the lines may be larger than the file.
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      rest = rest[line.endIndex...].dropFirst()
      number += 1
      guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { continue }
      do {
        guard let object = try JSON.parse(Array(line), dialect: .python).objectValue else {
          throw JSONLineError.notAnObject
        }
        try body(object)
      } catch let error as any Diagnosable where !(error is Interruption || error is OutputError) {
        throw JSONLineError.inLine(number, path: path, error.diagnostic)
      }
    }
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
        path: path, tensor: diagnostic.tensor, hint: diagnostic.hint)
    }
  }
}
