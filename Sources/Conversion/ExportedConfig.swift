import JSONCore
import TensorCore

/// The config.json of an export: the checkpoint's, with the type that the weights now have.
package enum ExportedConfig {
  /// The keys under which configs name the type; newer ones use the second.
  private static let keys = ["torch_dtype", "dtype"]

  /// The text with the type's name as the value of those keys; all other bytes stay.
  package static func bytes(_ config: [UInt8], type: ElementType) throws(JSONError) -> [UInt8] {
    var result = config
    let replacement = Array("\"\(name(of: type))\"".utf8)
    for range in try config.withRawSpan(typeValues).reversed() {
      result.replaceSubrange(range, with: replacement)
    }
    return result
  }

  /// Where the types stand, in the order of the text.
  private static func typeValues(in bytes: RawSpan) throws(JSONError) -> [Range<Int>] {
    var scanner = JSONScanner(dialect: .python)
    var ranges: [Range<Int>] = []
    while true {
      switch try scanner.next(in: bytes) {
      case .end:
        return ranges
      case .key(let token) where scanner.depth == 1:
        guard keys.contains(try scanner.text(of: token, in: bytes)) else { continue }
        var ahead = scanner
        switch try ahead.next(in: bytes) {
        // The range of a string token lies between the quotation marks.
        case .string(let value): ranges.append(value.range.lowerBound - 1..<ahead.offset)
        case .null: ranges.append(ahead.offset - 4..<ahead.offset)
        default: break
        }
      default:
        break
      }
    }
  }

  private static func name(of type: ElementType) -> String {
    switch type {
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: "float32"
    }
  }
}
