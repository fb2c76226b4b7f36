import Diagnostics

/// Writes SVG: elements in order, attributes in order, coordinates in tenths of a pixel.
struct SVGWriter {
  private(set) var text = ""
  private var open: [String] = []

  /// An element without contents.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, any SVGAttribute>
  ) {
    indent()
    text += "<\(name)\(Self.spelled(attributes))/>\n"
  }

  /// An element that holds a text.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, any SVGAttribute>, holding content: String
  ) {
    indent()
    text += "<\(name)\(Self.spelled(attributes))>\(Self.escape(content))</\(name)>\n"
  }

  /// An element that holds what `body` writes.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, any SVGAttribute>,
    _ body: (inout SVGWriter) -> Void
  ) {
    indent()
    text += "<\(name)\(Self.spelled(attributes))>\n"
    open.append(name)
    body(&self)
    open.removeLast()
    indent()
    text += "</\(name)>\n"
  }

  /// Text that XML takes as it is meant, of any origin.
  static func escape(_ text: String) -> String {
    var result = ""
    for scalar in escaped(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"  // which XML has no place for
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func spelled(_ attributes: KeyValuePairs<String, any SVGAttribute>) -> String {
    attributes.map { " \($0)=\"\(escape($1.svg))\"" }.joined()
  }

  private mutating func indent() { text += String(repeating: "  ", count: open.count) }
}

/// What an attribute of an element may hold.
protocol SVGAttribute {
  var svg: String { get }
}

extension String: SVGAttribute {
  var svg: String { self }
}

extension Int: SVGAttribute {
  var svg: String { String(self) }
}

extension Double: SVGAttribute {
  /// Rounded to tenths, so that the last bits of a logarithm show nowhere.
  var svg: String {
    guard !isNaN else { return "0" }
    let tenths = Int((min(max(self, -1e6), 1e6) * 10).rounded())
    let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
    return (tenths < 0 ? "-" : "") + String(whole) + (rest == 0 ? "" : ".\(rest)")
  }
}
