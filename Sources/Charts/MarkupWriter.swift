import Diagnostics

/// Writes SVG and HTML: elements in order, attributes in order, coordinates in tenths of a pixel.
///
/// Names of elements and attributes are literals of the program, everything else is escaped: so no
/// text of a file becomes an element.
package struct MarkupWriter {
  package typealias Attributes = KeyValuePairs<StaticString, any MarkupAttribute>

  package private(set) var text: String
  private var depth = 0
  /// Within how many elements there are no line breaks.
  private var inline = 0

  /// A writer whose text starts with `prologue`, which is not escaped.
  package init(_ prologue: StaticString = "") { text = "\(prologue)" }

  /// An element that has no contents and no end tag.
  package mutating func element(_ name: StaticString, _ attributes: Attributes) {
    write("<\(name)\(Self.spelled(attributes))/>")
  }

  /// An element that holds a text.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], holding content: String
  ) {
    write("<\(name)\(Self.spelled(attributes))>\(Self.escape(content))</\(name)>")
  }

  /// An element that holds a text of several lines.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], holdingLines content: String
  ) {
    let lines = content.split(separator: "\n", omittingEmptySubsequences: false)
    let escaped = lines.map { Self.escape(String($0)) }.joined(separator: "\n")
    write("<\(name)\(Self.spelled(attributes))>\(escaped)</\(name)>")
  }

  /// A style sheet of the program's own, without any of `&<`.
  package mutating func style(_ sheets: StaticString...) {
    write("<style>\(sheets.map { "\($0)" }.joined())</style>")
  }

  /// An element that holds what `body` writes.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], _ body: (inout MarkupWriter) -> Void
  ) {
    write("<\(name)\(Self.spelled(attributes))>")
    depth += 1
    body(&self)
    depth -= 1
    write("</\(name)>")
  }

  /// An element in one line: between the parts that `body` writes there are no spaces.
  package mutating func line(
    _ name: StaticString, _ attributes: Attributes = [:], _ body: (inout MarkupWriter) -> Void
  ) {
    write("<\(name)\(Self.spelled(attributes))>", breaks: false)
    inline += 1
    body(&self)
    inline -= 1
    text += "</\(name)>"
    if inline == 0 { text += "\n" }
  }

  /// Text of any origin between elements.
  package mutating func content(_ content: String) { write(Self.escape(content)) }

  /// Text that XML takes as it is meant, of any origin.
  package static func escape(_ text: String) -> String {
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

  private static func spelled(_ attributes: Attributes) -> String {
    attributes.map { " \($0)=\"\(escape($1.spelled))\"" }.joined()
  }

  private mutating func write(_ piece: String, breaks: Bool = true) {
    if inline == 0 { text += String(repeating: "  ", count: depth) }
    text += piece
    if breaks, inline == 0 { text += "\n" }
  }
}

/// What an attribute of an element may hold.
package protocol MarkupAttribute {
  var spelled: String { get }
}

extension String: MarkupAttribute {
  package var spelled: String { self }
}

extension Int: MarkupAttribute {
  package var spelled: String { String(self) }
}

extension Double: MarkupAttribute {
  /// Rounded to tenths, so that the last bits of a logarithm show nowhere.
  package var spelled: String {
    guard !isNaN else { return "0" }
    let tenths = Int((min(max(self, -1e6), 1e6) * 10).rounded())
    let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
    return (tenths < 0 ? "-" : "") + String(whole) + (rest == 0 ? "" : ".\(rest)")
  }
}

extension Spot {
  /// As in a list of points.
  var spelled: String { x.spelled + "," + y.spelled }
}
