/// Text from a file for a message, cut behind so many Unicode scalars; dots say that it was.
package func abridged(_ text: String, limit: Int) -> String {
  let start = text.unicodeScalars.prefix(limit)
  let isWhole = start.endIndex == text.unicodeScalars.endIndex
  return escaped(String(start)) + (isWhole ? "" : "...")
}

/// Makes text from a file fit to stand in a message.
///
/// Names and paths of an untrusted file may hold terminal control sequences, line breaks or
/// marks that reorder what is displayed. Those characters are spelled out (`\n`, `\u{1b}`);
/// everything else stays as it is.
///
/// - Parameter text: text of any origin.
/// - Returns: the text without control characters, line separators and bidirectional controls.
public func escaped(_ text: String) -> String {
  if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x09: result += "\\t"
    case 0x0A: result += "\\n"
    case 0x0D: result += "\\r"
    case 0x00...0x1F, 0x7F...0x9F,  // C0 and C1 controls
      0x061C, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069,  // bidirectional controls
      0x2028...0x2029:  // line and paragraph separators
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
