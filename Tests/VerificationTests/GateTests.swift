import Diagnostics
import DogeModel
import Kernels
import Parallel
import Testing
import Verification

@Suite struct GateTests {
  /// Two positions of which one agrees on the likeliest token.
  private func statistics(_ value: Float = 1.5) throws -> ComparisonStatistics {
    try ComparisonStatistics(
      reference: FloatMatrix([[0, 1], [0, 1]]), candidate: FloatMatrix([[0, 1], [value, 1]]),
      next: [nil, nil], compute: Compute(threads: 1))
  }

  @Test(arguments: Gate.Measure.allCases) func limits(_ measure: Gate.Measure) {
    let isLeast = measure == .minTop1
    let gate = Gate(measure, limit: 0.5)
    #expect(gate.isLeast == isLeast)
    #expect(gate.passes(0.5))
    #expect(gate.passes(0.5.nextUp) == isLeast)
    #expect(gate.passes(0.5.nextDown) == !isLeast)
    // What was not measured, or is no number, passes nothing.
    #expect(!gate.passes(nil) && !gate.passes(.nan))
  }

  @Test func eachMeasuresItsOwn() throws {
    let s = try statistics()
    func value(_ measure: Gate.Measure) -> Double? {
      Gate(measure, limit: 0).value(s, layers: nil)
    }
    #expect(value(.maxMeanKLD) == s.kld.mean.value)
    #expect(value(.maxKLD) == s.kld.max)
    #expect(value(.minTop1) == 0.5)
    #expect(value(.maxAbsDifference) == 1.5)
    #expect(value(.maxNMSE) == s.nmse.value)
    #expect(value(.maxLayerError) == nil)
  }

  @Test func whatIsNoNumberFails() throws {
    for measure in Gate.Measure.allCases {
      let limit = measure == .minTop1 ? 0.9 : Double.greatestFiniteMagnitude
      let gate = Gate(measure, limit: limit)
      #expect(!gate.passes(gate.value(try statistics(.nan), layers: nil)))
    }
  }

  /// The column that is furthest from keeping the limit is told, and decides.
  @Test func severalColumns() {
    func judge(_ measure: Gate.Measure, _ exact: Double?, _ fast: Double?) -> GateResult {
      GateResult(Gate(measure, limit: 0.5), of: [(.exact, exact), (.fast, fast)])
    }
    let worse = judge(.maxMeanKLD, 0.4, 0.6)
    #expect(worse.mode == .fast && worse.value == 0.6 && !worse.passed)
    let kept = judge(.maxMeanKLD, 0.5, 0.4)
    #expect(kept.mode == .exact && kept.value == 0.5 && kept.passed)
    let least = judge(.minTop1, 0.6, 0.4)
    #expect(least.mode == .fast && least.value == 0.4 && !least.passed)
    let missing = judge(.maxMeanKLD, 0.1, nil)
    #expect(missing.mode == .fast && missing.value == nil && !missing.passed)
    #expect(!judge(.maxMeanKLD, .nan, 0.1).passed)
  }

  @Test func presets() throws {
    let presets = Gate.presetNames.map { Gate.preset($0) ?? [] }
    for gates in presets { #expect(gates.map(\.measure) == [.maxMeanKLD, .minTop1]) }
    for (strict, loose) in zip(presets, presets.dropFirst()) {
      #expect(strict[0].limit < loose[0].limit && strict[1].limit > loose[1].limit)
    }
    #expect(Gate.preset("f32") == nil && Gate.preset("INT8") == nil)
  }

  @Test func files() throws {
    let text = #"{"max_kld": 0.5, "min_top1": 1, "max_abs_diff": 2e-4}"#
    let gates = try Gate.parse(Array(text.utf8), path: "g.json")
    #expect(
      gates == [
        Gate(.maxKLD, limit: 0.5), Gate(.minTop1, limit: 1), Gate(.maxAbsDifference, limit: 2e-4),
      ])
  }

  @Test(arguments: [
    ("", "value"), ("[]", "no object"), ("3", "no object"), ("{}", "no object"),
    (#"{"max_kdl": 1}"#, "max_kdl"), (#"{"max_\u001bkld": 1}"#, #"max_\u{1b}kld"#),
    (#"{"max_kld": "1"}"#, "max_kld"), (#"{"max_kld": null}"#, "max_kld"),
    (#"{"max_kld": 1e999}"#, "max_kld"), (#"{"max_kld": 1, "max_kld": 2}"#, "max_kld"),
    (#"{"max_kld": 1,}"#, "key"),
  ])
  func badFiles(_ text: String, _ mentioned: String) throws {
    do {
      _ = try Gate.parse(Array(text.utf8), path: "g.json")
      Issue.record("no error")
    } catch let error as VerificationError {
      #expect(error.diagnostic.path == "g.json" && error.diagnostic.kind == .badData)
      #expect(error.diagnostic.message.contains(mentioned), "\(error.diagnostic.message)")
      #expect(!error.diagnostic.message.contains("\u{1B}"))
    }
  }
}
