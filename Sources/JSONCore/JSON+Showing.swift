import Diagnostics

extension JSON {
  /// The value as a message shows it: on one line, its text in at most `limit` scalars.
  package func shown(limit: Int) -> String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): abridged(number.text, limit: limit)
    case .string(let text): "the text '" + abridged(text, limit: limit) + "'"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
