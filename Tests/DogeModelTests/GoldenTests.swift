import Conversion
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Quantization
import TestSupport
import Testing

/// Against the outputs of the published code, and of a float64 forward pass.
@Suite struct GoldenTests {
  static let tolerance: Float = 2e-4

  @Test func nothingIsLeftOut() {
    #expect(GoldenCase.all.filter { $0.name.hasPrefix("reference/") }.count >= 19)
    #expect(GoldenCase.all.filter { $0.name.hasPrefix("cases/") }.count >= 22)
  }

  @Test(arguments: GoldenCase.all) func oneCall(_ golden: GoldenCase) throws {
    let expected = try golden.golden()
    let found = try run(model(golden.folder), expected.tokens)
    #expect(largestDifference(found.logits, expected.logits) <= Self.tolerance)
    guard let hidden = expected.hidden else { return }
    #expect(found.hidden.count == hidden.count)
    for (index, (a, b)) in zip(found.hidden, hidden).enumerated() {
      #expect(largestDifference(a, b) <= Self.tolerance, "hidden state \(index)")
    }
  }

  /// The forward pass in binary64 is another one, and the same function.
  @Test(arguments: GoldenCase.all) func binary64(_ golden: GoldenCase) throws {
    let expected = try golden.golden()
    let compute = try Compute(threads: 2)
    let logits = Binary64Model(try model(golden.folder).stored, compute: compute)
      .logits(of: expected.tokens, routing: .hf)
    let difference = largestDifference(logits.map { $0.map { Float($0) } }, expected.logits)
    #expect(difference <= Self.tolerance)
  }

  @Test(arguments: GoldenCase.all) func stepwise(_ golden: GoldenCase) throws {
    let expected = try golden.golden()
    let found = try runStepwise(model(golden.folder), expected.tokens)
    let difference = largestDifference(found.logits, expected.stepwise ?? expected.logits)
    #expect(difference <= Self.tolerance)
  }

  @Test(arguments: GoldenCase.all)
  func aFileRunsAsItsCheckpointDoes(_ golden: GoldenCase) throws {
    let folder = try TemporaryFolder()
    let converter = Converter(
      compute: try Compute(threads: 1))
    let plan = try ConversionPlan(
      source: .open(path: golden.folder), recipe: EncodingRecipe(target: .source),
      toolVersion: "1.2.3")
    _ = try converter.write(plan, to: folder.path("model.kibble"))
    let tokens = try golden.golden().tokens
    let fromFile = try model(folder.path("model.kibble"))
    let fromFolder = try model(golden.folder)
    let expected = (try run(fromFolder, tokens).bits, try runStepwise(fromFolder, tokens).bits)
    #expect(try run(fromFile, tokens).bits == expected.0)
    #expect(try runStepwise(fromFile, tokens).bits == expected.1)
  }

  /// Every kernel set and number of threads gives the bits of plain C on one thread.
  @Test(arguments: GoldenCase.all) func machinesDoNotMatter(_ golden: GoldenCase) throws {
    let tokens = try golden.golden().tokens
    let plain = try model(golden.folder, on: .plain)
    let expected = (try run(plain, tokens).bits, try runStepwise(plain, tokens))
    for machine in Machine.others {
      let other = try model(golden.folder, on: machine)
      #expect(try run(other, tokens).bits == expected.0, "\(machine)")
      // Threads beyond the processors wait for each other at every one of many small steps.
      let steps = machine.threads == 1 ? tokens.count : 5
      let stepwise = try runStepwise(other, Array(tokens.prefix(steps))).logits
      #expect(bits(stepwise) == bits(Array(expected.1.logits.prefix(steps))), "\(machine)")
    }
  }
}
