import KibbleTool
import TestSupport
import Testing
import ToolSupport

/// The manual page, as those see it who read it.
@Suite struct ManTests {
  private static let hasGroff = Shell.has("groff")
  private static let hasMan = Shell.has("man")

  private let folder: TemporaryFolder
  private let page: String

  init() throws {
    let run = try kibble("man")
    try #require(run.code == 0 && run.errors == "")
    page = run.output
    folder = try TemporaryFolder()
    try folder.write("kibble.1", page)
  }

  private func rendered() throws -> String {
    let arguments = ["-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=78n"]
    let run = try Child(arguments + [folder.path("kibble.1")], program: "groff").wait()
    #expect(run.code == 0)
    #expect(run.errors == "")
    return run.output
  }

  @Test(.enabled(if: hasGroff)) func groffHasNoWarnings() throws {
    let text = try rendered()
    let headings = [
      "NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT",
      "EXAMPLES",
    ]
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.filter(headings.contains) == headings)
    #expect(text.contains("kibble - Doge language models"))
  }

  /// What can be copied from it stands there letter for letter.
  @Test(.enabled(if: hasGroff)) func nothingIsLost() throws {
    func flat(_ text: String) -> String {
      text.replacing("`", with: "").replacing("…", with: "...")
        .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    let page = flat(try rendered())
    var missing: [String] = []
    func look(for text: String) {
      if !page.contains(flat(text)) { missing.append(text) }
    }
    for command in Kibble.tool.specs {
      look(for: "kibble \(command.name) \(command.summary).")
      for option in command.options {
        look(for: option.spelling + (option.placeholder.map { " " + $0 } ?? ""))
        look(for: option.summary)
      }
      command.discussion.forEach(look)
      for example in command.examples {
        look(for: "\(example.summary): kibble \(example.arguments)")
      }
    }
    #expect(missing == [])
  }

  @Test(.enabled(if: hasMan)) func manReadsIt() throws {
    let run = try Child(
      ["--warnings=w", "-P", "cat", "-l", folder.path("kibble.1")], program: "man"
    )
    .wait()
    #expect(run.code == 0 && run.errors == "")
    #expect(run.output.contains("quantize"))
  }

  @Test func theSameEverywhere() throws {
    #expect(page.utf8.allSatisfy { $0 == 0x0A || (0x20...0x7E).contains($0) })
    // Only lines of roff's own begin with a dot or a quote.
    let requests: Set = [
      ".\\\"", ".TH", ".nh", ".ad", ".SH", ".SS", ".PP", ".TP", ".br", ".RS", ".RE", ".nf", ".fi",
    ]
    for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
      #expect(requests.contains(String(line.prefix { $0 != " " })))
    }
    #expect(try kibble("man", "--json").json["page"]?.stringValue == page)
  }
}
