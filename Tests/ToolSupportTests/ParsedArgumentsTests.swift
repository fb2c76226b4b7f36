import Testing
import ToolSupport

@Suite struct ParsedArgumentsTests {
  @Test func argumentsByPlace() throws {
    let arguments = try parse("inspect", "m", "n", "1", "2")
    #expect(try arguments.argument(.model) == "m")
    #expect(arguments.optionalArgument(.name) == "n")
    #expect(arguments.rest(.ids) == ["1", "2"])
    let few = try parse("inspect", "m")
    #expect(few.optionalArgument(.name) == nil)
    #expect(few.rest(.ids).isEmpty)
    #expect(throws: UsageError.missingArgument("NAME", command: "inspect")) {
      try few.argument(.name)
    }
  }

  @Test func defaultsStandIn() throws {
    let arguments = try parse("convert", "c", "-o", "f")
    #expect(!arguments.has(.groupSize))
    #expect(try arguments.integer(.groupSize) == 32)
    #expect(try arguments.number(.limit) == nil)
    #expect(throws: UsageError.missingOption("--max-mean-kld X", command: "convert")) {
      try arguments.required(.limit)
    }
  }

  @Test(arguments: ["", "3.0", "1e2", "0x10", "12 ", "99999999999999999999", "two", "129", "0"])
  func notAWholeNumberOfTheRange(_ text: String) throws {
    let arguments = try parse("convert", "c", "-o", "f", "--group-size=" + text)
    #expect(
      throws: UsageError.invalidValue(
        option: "--group-size", value: text, expected: "a whole number from 1 to 128",
        command: "convert")
    ) {
      try arguments.integer(.groupSize, in: 1...128)
    }
  }

  @Test(arguments: ["", "nan", "inf", "-infinity", "0x1p3", "1e999", "1,5", "-0.1"])
  func notANumberOfTheRange(_ text: String) throws {
    let arguments = try parse("convert", "c", "-o", "f", "--max-mean-kld=" + text)
    #expect(
      throws: UsageError.invalidValue(
        option: "--max-mean-kld", value: text, expected: "a number of at least 0",
        command: "convert")
    ) {
      try arguments.number(.limit, in: 0...Double.infinity)
    }
  }

  @Test func numbersAreRead() throws {
    let arguments = try parse("convert", "c", "-o", "f", "--max-mean-kld", "1.45e-2")
    #expect(try arguments.number(.limit, in: 0...1) == 0.0145)
  }

  @Test func optionsThatExcludeEachOther() throws {
    let arguments = try parse("convert", "c", "-o", "f", "--max-mean-kld", "1", "--type", "int8")
    #expect(
      throws: UsageError.conflictingOptions("--max-mean-kld", "--type", command: "convert")
    ) {
      try arguments.refuse(.limit, with: .type)
    }
    try arguments.refuse(.limit, with: .groupSize)
  }
}
