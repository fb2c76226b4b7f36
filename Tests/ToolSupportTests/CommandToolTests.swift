import Diagnostics
import JSONCore
import Testing
import ToolSupport

@Suite struct CommandToolTests {
  /// What a run leaves behind.
  private struct Run {
    var code: Int32
    var output: String
    var error: String

    init(_ line: [String], terminal: Terminal = Terminal(), failure: OutputError? = nil) {
      let output = Transcript()
      let error = Transcript()
      let standardOutput = StandardOutput { bytes throws(OutputError) in
        if let failure { throw failure }
        output.append(String(decoding: bytes, as: UTF8.self))
      }
      code = tool.run(
        arguments: line,
        in: .init(
          terminal: terminal, output: standardOutput, writeError: { error.append($0) }))
      self.output = output.text
      self.error = error.text
    }
  }

  @Test func resultAndMessagesKeepApart() {
    let run = Run(["convert", "doge", "-o", "f", "--type", "int4"])
    #expect(run.code == 0)
    #expect(run.output == "doge as int4\n")
    let lines = run.error.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.first?.hasPrefix("converting (2) ... ") == true)
    #expect(lines.dropFirst().first == "kibble: warning: \(escaped("odd\u{1B}[2J"))")
    #expect(lines.last == "  --> doge")
  }

  @Test func quietLeavesErrorsOnly() {
    let run = Run(["convert", "doge", "-o", "f", "--quiet"])
    #expect(run.code == 0 && run.error == "")
    #expect(Run(["inspect", "damaged", "--quiet"]).error.contains("it is damaged"))
  }

  @Test func jsonOutputIsOneObject() throws {
    let run = Run(["convert", "doge", "-o", "f", "--json"])
    #expect(
      try JSON.parse(Array(run.output.utf8))
        == ["schema": "test/1", "version": "1.2.3", "type": "source"])
    #expect(run.error.hasPrefix(#"{"warning""#))
    #expect(run.error.split(separator: "\n").count == 1)
  }

  @Test(arguments: [
    ("damaged", 65, "test.damaged"), ("unforeseen", 70, "internal.unexpected-error"),
    ("interrupted", 130, "interrupted"),
  ])
  func errorsBecomeExitCodes(_ model: String, _ code: Int32, _ identifier: String) throws {
    let plain = Run(["inspect", model])
    #expect(plain.code == code)
    #expect(plain.output == "begun\n")
    #expect(plain.error.hasPrefix("kibble: error: "))

    let json = Run(["inspect", model, "--json"])
    #expect(json.code == code)
    #expect(json.output == "")
    let object = try JSON.parse(Array(json.error.utf8))
    #expect(object.objectValue?["error"]?.objectValue?["code"] == .string(identifier))
  }

  @Test func differencesAreNoErrors() {
    let run = Run(["inspect", "different"])
    #expect(run.code == 1 && run.output == "begun\n" && run.error == "")
  }

  @Test func failuresOfStandardOutput() {
    let gone = Run(["inspect", "m"], failure: .readerGone)
    #expect(gone.code == 141 && gone.error == "")
    let full = Run(["inspect", "m"], failure: .writeFailed(reason: "no space"))
    #expect(full.code == 74 && full.error.contains("no space"))
    #expect(Run(["help"], failure: .readerGone).code == 141)
  }

  @Test func usageErrorsAreToldAsAsked() throws {
    #expect(Run(["inspect"]).code == 64)
    let json = Run(["inspect", "m", "--bogus", "--json"])
    #expect(json.code == 64 && json.output == "")
    let object = try JSON.parse(Array(json.error.utf8))
    #expect(
      object.objectValue?["error"]?.objectValue?["code"] == "usage.unknown-option")
    for line in [["zzz", "--color=always"], ["zzz", "--color", "always"]] {
      #expect(Run(line).error.contains("\u{1B}[1;31m"))
    }
    #expect(
      !Run(["zzz", "--color=never"], terminal: .init(errorIsTerminal: true)).error.contains(
        "\u{1B}"))
    #expect(Run(["convert", "c", "-o", "f", "--threads", "0"]).code == 64)
    #expect(Run(["convert", "c", "-o", "f", "--isa", "sse9"]).code == 64)
  }

  @Test func barOnlyOnATerminal() {
    let line = ["convert", "doge", "-o", "f"]
    #expect(Run(line, terminal: .init(errorIsTerminal: true)).error.contains("\r\u{1B}[K"))
    #expect(
      !Run(line, terminal: .init(errorIsTerminal: true, isCapable: false)).error.contains("\r"))
    #expect(!Run(line, terminal: .init(outputIsTerminal: true)).error.contains("\r"))
  }

  @Test func noCommandShowsHelpAsAnError() {
    let run = Run([])
    #expect(run.code == 64 && run.output == "")
    #expect(run.error == Run(["help"]).output)
    #expect(Run(["help", "zzz"]).code == 64)
  }

  @Test func version() throws {
    #expect(Run(["--version"]).output == "kibble 1.2.3\n")
    #expect(Run(["inspect", "--version"]).output == "kibble 1.2.3\n")
    #expect(
      try JSON.parse(Array(Run(["--version", "--json"]).output.utf8))
        == ["schema": "kibble.version/1", "version": "1.2.3"])
  }

  @Test func declarationsAreChecked() {
    #expect(tool.declarationProblems == [])
    #expect(
      CommandTool(
        version: "", summary: "",
        sections: [CommandSection("", [Faulty.self, InspectCommand.self, InspectCommand.self])]
      ).declarationProblems == [
        "there are several commands 'inspect'",
        "faulty: the option '--json' is declared several times",
        "faulty: the option '-h' is declared several times",
        "faulty: --kind doesn't accept its own default 'c'",
        "faulty: B follows A, which takes all that is left",
        "faulty: D is required, but C before it is not",
      ])
  }

  private struct Faulty: Command {
    static let spec = CommandSpec(
      name: "faulty", summary: "",
      positionals: [.rest("A", ""), .required("B", ""), .optional("C", ""), .required("D", "")],
      options: [
        .flag("json", ""), .flag("hot", short: "h", ""),
        .value("kind", "K", "", choices: ["a", "b"], default: "c"),
      ])

    func run(_ arguments: ParsedArguments, _ context: CommandContext) -> ToolSupport.ExitStatus {
      .success
    }
  }
}
