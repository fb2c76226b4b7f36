import DogeModel
import Kernels
import Parallel
import TestSupport
import Testing
import Verification

@Suite struct SelfTestTests {
  /// Every layout passes all tests that apply to it, in both modes.
  @Test(arguments: Fixtures.checkpoints.filter { !$0.contains("head-") && !$0.contains("weights") })
  func soundModelsPass(_ name: String) throws {
    let model = try model(name)
    let compute = try Compute(threads: 2)
    let tokens = (0..<24).map { ($0 * 7 + 3) % model.config.vocabularySize }
    let results = try SelfTester(tokens: tokens, routing: .hf, compute: compute).run([model])
    #expect(results.map(\.kind) == SelfTest.Kind.allCases)
    for result in results {
      #expect(result.passed != false, "\(result)")
      #expect((result.value == nil) == (result.passed == nil))
      if result.passed == nil { #expect(result.note != nil) }
    }
    let floor = results.first { $0.kind == .noiseFloor }?.value
    #expect((floor ?? 1) >= -1e-15 && (floor ?? 1) < 1e-8)
  }

  /// Experts chosen token by token do not look at others, so all tests apply.
  @Test func routingPerToken() throws {
    let results = try SelfTester(
      tokens: [5, 3, 8, 1], routing: .perToken, compute: Compute(threads: 1)
    ).run([model("reference/e6-moe")])
    let applicable = results.filter { $0.kind != .checksums }
    #expect(applicable.allSatisfy { $0.passed == true })
  }

  /// Float32 and float64 send tokens to the same experts.
  @Test func routingOfOldCode() throws {
    let results = try SelfTester(
      tokens: [5, 3, 8, 1], routing: .published120m, compute: Compute(threads: 1)
    ).run([model("reference/e6-moe")])
    #expect(results.first { $0.kind == .noiseFloor }?.passed == true)
    #expect(results.first { $0.kind == .causality }?.note?.hasPrefix("published-120m") == true)
  }

  @Test func whatDoesNotApply() throws {
    let tester = SelfTester(tokens: [5], routing: .hf, compute: try Compute(threads: 1))
    let one = try tester.run([model("doge-nano")])
    #expect(one.first { $0.kind == .causality }?.passed == nil)
    let fast = try tester.run([model("doge-nano", type: "int8", mode: .fast)])
    #expect(fast.first { $0.kind == .noiseFloor }?.passed == nil)
  }
}

@Suite struct AblationTests {
  private func ablate(_ unit: Ablation.Unit, _ type: String) throws -> Ablation {
    try Ablator(
      reference: model("doge-nano"), candidate: model("doge-nano", type: type),
      compute: Compute(threads: 1), routing: .hf
    ).run(unit, on: [[3, 1, 4, 1, 5, 9], [2, 6, 5]], progress: Counter())
  }

  /// A part that is the whole costs what the whole costs, bit for bit.
  @Test func kindsOfOneTensor() throws {
    let kinds = try ablate(.kind, "int8")
    #expect(kinds.parts.map(\.tensors).reduce(0, +) == 29)
    #expect(kinds.parts.allSatisfy { $0.kld.value > 0 && $0.kld.standardError > 0 })
    // Small errors add up.
    #expect((0.8...1.2).contains(kinds.sum / kinds.whole))
  }

  @Test func nothingDiffers() throws {
    let none = try ablate(.tensor, "f32")
    #expect(none.parts.isEmpty && none.whole == 0 && none.sum == 0)
  }

  @Test func otherTensors() throws {
    #expect(throws: VerificationError.self) {
      try Ablator(
        reference: model("reference/e6-gqa-tied-bf16"), candidate: model("reference/e6-moe"),
        compute: Compute(threads: 1), routing: .hf)
    }
  }
}
