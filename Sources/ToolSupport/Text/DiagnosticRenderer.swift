import Diagnostics
import JSONCore

/// Diagnostics as stderr shows them: a few lines for people, or one line of JSON.
package struct DiagnosticRenderer: Equatable, Sendable {
  let json: Bool
  let colors: Bool

  package init(json: Bool = false, colors: Bool = false) {
    self.json = json
    self.colors = colors
  }

  /// An error that ends the run.
  package func error(_ diagnostic: Diagnostic) -> String {
    text("error", .red, Warning(diagnostic))
  }

  /// Something that the user should know and that doesn't end the run.
  package func warning(_ warning: Warning) -> String { text("warning", .yellow, warning) }

  /// What a line of a message shows at most; a file may hold megabytes in one string.
  private static let longestLine = 1500

  private func text(_ label: String, _ color: Color, _ content: Warning) -> String {
    var content = content
    let lines = content.message.split(separator: "\n", omittingEmptySubsequences: false)
    content.message = lines.map { line in
      let start = line.prefix(Self.longestLine)
      return start.endIndex == line.endIndex ? String(line) : start + "..."
    }.joined(separator: "\n")
    return json ? line([label: Self.object(content)]) : self.lines(label, color, content)
  }

  private func line(_ object: JSON) -> String { object.serialized() + "\n" }

  static func object(_ content: Warning) -> JSON {
    [
      "code": .string(content.code),
      "message": .string(content.message),
      "path": content.path.map(JSON.string) ?? .null,
      "tensor": content.tensor.map(JSON.string) ?? .null,
      "hint": content.hint.map(JSON.string) ?? .null,
    ]
  }

  private func lines(_ label: String, _ color: Color, _ content: Warning) -> String {
    // Messages are lists where several things are wrong; what comes from input is escaped already.
    let message = content.message.split(separator: "\n").map { escaped(String($0)) }
    var text = "kibble: \(styled(label + ":", color)) \(message.joined(separator: "\n"))\n"
    if let path = content.path { text += "  \(styled("-->", .blue)) \(escaped(path))\n" }
    if let tensor = content.tensor {
      text += "  \(styled("tensor:", .blue)) \(escaped(tensor))\n"
    }
    if let hint = content.hint { text += "  \(styled("help:", .blue)) \(escaped(hint))\n" }
    return text
  }

  private func styled(_ text: String, _ color: Color) -> String {
    colors ? "\u{1B}[1;\(color.rawValue)m\(text)\u{1B}[0m" : text
  }

  private enum Color: Int {
    case red = 31
    case yellow = 33
    case blue = 34
  }
}
