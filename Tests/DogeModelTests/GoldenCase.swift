import Foundation
import Safetensors
import TestSupport
import Testing

/// A checkpoint of the fixtures with outputs that were made elsewhere.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  /// Its folder below `fixtures`.
  let name: String

  var testDescription: String { name }
  var folder: String { Fixtures.folder(name) }
  private var file: String { folder + "/golden.safetensors" }

  /// All of `reference/` and `cases/`.
  static let all = Fixtures.checkpoints.map { GoldenCase(name: $0) }
    .filter { FileManager.default.fileExists(atPath: $0.file) }

  func golden() throws -> Golden { try Golden(path: file) }
}

/// The contents of a golden file.
struct Golden {
  let tokens: [Int]
  let logits: [[Float]]
  /// Logits token by token, where they differ from those of one call by intention.
  let stepwise: [[Float]]?
  /// The embedding and each block's output, where they are there.
  let hidden: [[[Float]]]?

  init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    func values<Value>(_ name: String, as type: Value.Type) -> (values: [Value], shape: [Int])? {
      file[name].map { entry in
        let values = bytes[entry.byteRange].withUnsafeBytes { raw in
          (0..<entry.elementCount).map {
            raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: type)
          }
        }
        return (values, entry.shape)
      }
    }
    func rows(_ name: String) -> [[Float]]? {
      values(name, as: Float.self).map { values, shape in
        let columns = shape[shape.count - 1]
        return stride(from: 0, to: values.count, by: columns).map {
          Array(values[$0..<$0 + columns])
        }
      }
    }
    tokens = try #require(values("input_ids", as: Int64.self)).values.map { Int($0) }
    logits = try #require(rows("logits"))
    stepwise = rows("logits_stepwise")
    let count = tokens.count
    hidden = rows("hidden").map { rows in
      stride(from: 0, to: rows.count, by: count).map { Array(rows[$0..<$0 + count]) }
    }
  }
}
