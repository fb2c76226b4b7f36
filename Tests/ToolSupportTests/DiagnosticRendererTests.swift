import Diagnostics
import JSONCore
import Testing
import ToolSupport

@Suite struct DiagnosticRendererTests {
  private let full = Diagnostic(
    .badData, code: "safetensors.gap", "there is a gap", path: "a/b.safetensors", tensor: "w.q",
    hint: "download it again")

  @Test func peopleGetLines() {
    #expect(
      DiagnosticRenderer().error(full) == """
        kibble: error: there is a gap
          --> a/b.safetensors
          tensor: w.q
          help: download it again

        """)
    #expect(
      DiagnosticRenderer().warning(Warning(code: "x", "odd"))
        == "kibble: warning: odd\n")
  }

  @Test func scriptsGetOneLineOfJSON() throws {
    let text = DiagnosticRenderer(json: true).error(full)
    #expect(text.hasSuffix("\n") && text.dropLast().allSatisfy { !$0.isNewline })
    #expect(
      try JSON.parse(Array(text.utf8)) == [
        "error": [
          "code": "safetensors.gap", "message": "there is a gap", "path": "a/b.safetensors",
          "tensor": "w.q", "hint": "download it again",
        ]
      ])
  }

  /// A file may hold megabytes in one string, which nobody wants to see.
  @Test func longLinesAreCut() throws {
    let long = Diagnostic(
      .badData, code: "x", String(repeating: "é", count: 60_000) + "\nshort", path: "p")
    for json in [false, true] {
      let text = DiagnosticRenderer(json: json).error(long)
      #expect(text.utf8.count < 3200 && text.contains("é...") && text.contains("short"))
    }
  }

  @Test func missingPartsAreNull() throws {
    let text = DiagnosticRenderer(json: true).warning(Warning(code: "x", "a\nb\u{1B}"))
    #expect(
      try JSON.parse(Array(text.utf8)) == [
        "warning": [
          "code": "x", "message": "a\nb\u{1B}", "path": nil, "tensor": nil, "hint": nil,
        ]
      ])
  }

  @Test func namesCannotReachTheTerminal() {
    let evil = "x\u{1B}]0;owned\u{7}\r\n\u{202E}"
    let text = DiagnosticRenderer().error(
      Diagnostic(.badData, code: "x", evil, path: evil, tensor: evil, hint: evil))
    #expect(text.split(separator: "\n").count == 4)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || (0x20..<0x7F).contains($0.value) })
  }

  @Test func onlyColorsAddEscapes() {
    let text = DiagnosticRenderer(colors: true).error(full)
    #expect(text.hasPrefix("kibble: \u{1B}[1;31merror:\u{1B}[0m there is a gap\n"))
    #expect(!DiagnosticRenderer(json: true, colors: true).error(full).contains("\u{1B}"))
  }

  @Test(arguments: [
    (Terminal(errorIsTerminal: true), true), (Terminal(outputIsTerminal: true), false),
    (Terminal(errorIsTerminal: true, isCapable: false), false),
    (Terminal(errorIsTerminal: true, colorIsUnwanted: true), false), (Terminal(), false),
  ])
  func colorsByTerminal(_ terminal: Terminal, _ isColored: Bool) {
    #expect(terminal.colorsMessages(.auto) == isColored)
    #expect(terminal.colorsMessages(.always))
    #expect(!terminal.colorsMessages(.never))
  }
}
