import Diagnostics
import Testing
import ToolSupport

@Suite struct UsageErrorTests {
  @Test(arguments: [
    (
      UsageError.unknownCommand("covnert", nearest: "convert"), "usage.unknown-command",
      "there is no command 'covnert'", "did you mean 'convert'? Otherwise see 'kibble help'"
    ),
    (
      .unknownOption("--typ", nearest: nil, command: "convert"), "usage.unknown-option",
      "convert has no option '--typ'", "see 'kibble help convert'"
    ),
    (
      .unknownOption("--jsno", nearest: "--json", command: nil), "usage.unknown-option",
      "kibble has no option '--jsno'", "did you mean '--json'? Otherwise see 'kibble help'"
    ),
    (
      .optionBeforeCommand("--type"), "usage.option-before-command",
      "the option '--type' stands before the command",
      "write the command first: kibble COMMAND --type"
    ),
    (
      .missingValue(option: "-o", placeholder: "FILE", next: nil, command: "convert"),
      "usage.missing-value", "-o needs a value (FILE)", "see 'kibble help convert'"
    ),
    (
      .missingValue(option: "--prompt", placeholder: "TEXT", next: "-x", command: "generate"),
      "usage.missing-value", "--prompt needs a value (TEXT), but '-x' follows",
      "a value that begins with a dash is written --prompt=VALUE"
    ),
    (
      .unexpectedValue(option: "--json", value: "1", command: nil), "usage.unexpected-value",
      "--json takes no value, but '1' was given", "see 'kibble help'"
    ),
    (
      .repeatedOption("--type", command: "convert"), "usage.repeated-option",
      "--type is given more than once", "see 'kibble help convert'"
    ),
    (
      .invalidChoice(
        option: "--type", value: "int9", choices: ["int8", "int4"], nearest: "int8",
        command: "convert"),
      "usage.invalid-choice", "--type is one of int8, int4, but 'int9' was given",
      "did you mean 'int8'? Otherwise see 'kibble help convert'"
    ),
    (
      .invalidValue(
        option: "--threads", value: "no", expected: "a whole number", command: "convert"),
      "usage.invalid-value", "--threads is a whole number, but 'no' was given",
      "see 'kibble help convert'"
    ),
    (
      .missingArgument("CHECKPOINT", command: "convert"), "usage.missing-argument",
      "convert needs CHECKPOINT", "see 'kibble help convert'"
    ),
    (
      .missingOption("-o FILE", command: "convert"), "usage.missing-option",
      "convert needs -o FILE", "see 'kibble help convert'"
    ),
    (
      .unexpectedArgument("a\u{1B}[2Jb", command: "convert"), "usage.unexpected-argument",
      "convert has no place for the argument '\(escaped("a\u{1B}[2Jb"))'",
      "see 'kibble help convert'"
    ),
    (
      .conflictingOptions("--text", "--tokens", command: "verify"), "usage.conflicting-options",
      "--text and --tokens can't be given together", "see 'kibble help verify'"
    ),
  ])
  func everyMistakeInWords(_ error: UsageError, _ code: String, _ message: String, _ hint: String) {
    #expect(error.diagnostic == Diagnostic(.usage, code: code, message, hint: hint))
  }
}
