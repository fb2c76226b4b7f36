import Testing
import ToolSupport

@Suite struct ArgumentScannerTests {
  @Test(arguments: [
    ["convert", "doge", "-o", "out", "--type", "int8"],
    ["convert", "-o", "out", "--type=int8", "doge"],
    ["convert", "--output=out", "doge", "--type", "INT8"],
    ["--json", "convert", "--type", "int8", "--output", "out", "--", "doge"],
    ["--threads", "2", "convert", "doge", "-o=out", "--type", "int8"],
  ])
  func optionsStandAnywhere(_ line: [String]) throws {
    guard case .run(let arguments) = try ArgumentScanner(commands: tool.specs).scan(line) else {
      Issue.record("no command found")
      return
    }
    #expect(arguments.command.name == "convert")
    #expect(arguments.positionals == ["doge"])
    #expect(arguments.value(.output) == "out")
    #expect(arguments.value(.type) == "int8")
  }

  @Test func doubleDashEndsOptions() throws {
    let arguments = try parse("inspect", "--stats", "--", "--stats", "--", "-h")
    #expect(arguments.positionals == ["--stats", "--", "-h"])
    #expect(arguments.has(.stats))
  }

  @Test func dashAndNegativeNumbersAreArguments() throws {
    #expect(try parse("inspect", "-", "-1", "-.5").positionals == ["-", "-1", "-.5"])
    #expect(
      try parse("convert", "c", "-o", "-", "--max-mean-kld", "-1e-3").value(.limit) == "-1e-3")
  }

  @Test func equalsSignKeepsTheRest() throws {
    let arguments = try parse("convert", "c", "-o", "a=b", "--tensor=*.q=int8", "--tensor", "x=f32")
    #expect(arguments.value(.output) == "a=b")
    #expect(arguments.values(.tensor) == ["*.q=int8", "x=f32"])
    #expect(try parse("convert", "c", "--output=").value(.output) == "")
  }

  @Test(arguments: [
    (["--help"], nil), (["-h"], nil), (["help"], "help"), (["convert", "--help"], "convert"),
    (["inspect", "-h", "--nonsense"], "inspect"),
  ])
  func helpIsFoundBeforeMistakes(_ line: [String], _ name: String?) throws {
    switch try ArgumentScanner(commands: tool.specs).scan(line) {
    case .help(let command): #expect(command?.name == name)
    case .run(let arguments): #expect(arguments.command.name == name)
    default: Issue.record("no help")
    }
  }

  @Test func nothingIsNothing() throws {
    for line in [[], ["--json"], ["--"]] {
      guard case .nothing = try ArgumentScanner(commands: tool.specs).scan(line) else {
        Issue.record("something in \(line)")
        continue
      }
    }
  }

  @Test(arguments: mistakes)
  func mistakesAreNamed(_ line: [String], _ error: UsageError) {
    #expect(throws: error) { try ArgumentScanner(commands: tool.specs).scan(line) }
  }

  private static let mistakes: [([String], UsageError)] = [
    (["covnert"], .unknownCommand("covnert", nearest: "convert")),
    (["insp"], .unknownCommand("insp", nearest: "inspect")),
    (["zzz"], .unknownCommand("zzz", nearest: nil)),
    (["--jsno"], .unknownOption("--jsno", nearest: "--json", command: nil)),
    (
      ["inspect", "m", "--statz"],
      .unknownOption("--statz", nearest: "--stats", command: "inspect")
    ),
    (
      ["convert", "c", "-output", "f"],
      .unknownOption("-output", nearest: "--output", command: "convert")
    ),
    (
      ["inspect", "m", "--type", "int8"],
      .unknownOption("--type", nearest: nil, command: "inspect")
    ),
    (["inspect", "-x"], .unknownOption("-x", nearest: nil, command: "inspect")),
    (["--type", "int8", "convert", "c"], .optionBeforeCommand("--type")),
    (
      ["convert", "c", "-o"],
      .missingValue(option: "-o", placeholder: "FILE", next: nil, command: "convert")
    ),
    (
      ["convert", "c", "--type", "--force"],
      .missingValue(option: "--type", placeholder: "T", next: "--force", command: "convert")
    ),
    (
      ["convert", "c", "--type", "--", "int8"],
      .missingValue(option: "--type", placeholder: "T", next: "--", command: "convert")
    ),
    (
      ["inspect", "m", "--stats=yes"],
      .unexpectedValue(option: "--stats", value: "yes", command: "inspect")
    ),
    (
      ["convert", "c", "-o", "a", "--output", "b"],
      .repeatedOption("--output", command: "convert")
    ),
    (
      ["convert", "c", "-o", "a", "--type", "int9"],
      .invalidChoice(
        option: "--type", value: "int9", choices: ["source", "int8", "int4"], nearest: "int8",
        command: "convert")
    ),
    (["convert", "-o", "a"], .missingArgument("CHECKPOINT", command: "convert")),
    (["convert", "c"], .missingOption("-o FILE", command: "convert")),
    (["convert", "c", "d", "-o", "a"], .unexpectedArgument("d", command: "convert")),
  ]

  @Test func jsonIsSeenInABrokenLine() {
    #expect(ArgumentScanner.requestsJSON(["zzz", "--bogus", "--json"]))
    #expect(!ArgumentScanner.requestsJSON(["inspect", "--", "--json"]))
  }
}
