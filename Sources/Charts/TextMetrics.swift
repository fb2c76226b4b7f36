import Diagnostics

/// How wide texts are, nearly: no renderer is at hand, and each has fonts of its own.
package enum TextMetrics {
  /// The fonts that are asked for; the widths are those of the first three.
  static let family = "Helvetica, Arial, 'Liberation Sans', sans-serif"

  /// Thousandths of the font size, for the characters from space to tilde.
  private static let widths: [Int] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,  // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,  // 0 to ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,  // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,  // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,  // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,  // p to ~
  ]

  /// The width of a text in pixels; characters that the table lacks count as wide ones.
  package static func width(_ text: String, size: Double, bold: Bool = false) -> Double {
    let thousandths = text.unicodeScalars.reduce(0) { sum, scalar in
      let index = Int(scalar.value) - 0x20
      return sum + (widths.indices.contains(index) ? widths[index] : scalar.isASCII ? 0 : 1000)
    }
    return Double(thousandths) / 1000 * size * (bold ? 1.08 : 1.02)
  }

  /// The text as it is written, or its beginning and dots where it is wider than that.
  static func fitted(_ text: String, size: Double, width limit: Double) -> String {
    let text = escaped(text)
    guard width(text, size: size) > limit else { return text }
    var rest = limit - width("…", size: size)
    let start = text.prefix { character in
      rest -= width(String(character), size: size)
      return rest >= 0
    }
    return start + "…"
  }

  /// The text in lines of at most that width, broken at spaces where there are any.
  static func lines(_ text: String, size: Double, bold: Bool, width limit: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      let longer = lines.last.map { $0 + " " + word } ?? String(word)
      if lines.isEmpty || width(longer, size: size, bold: bold) > limit {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = longer
      }
    }
    return lines
  }
}
