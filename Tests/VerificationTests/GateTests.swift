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

  @Test(arguments: Gate.Measure.allCases) func limits(_ measure: Gate.Measure) throws {
    let statistics = try statistics()
    let value = Gate(measure, limit: 0).value(in: statistics)
    #expect(value > 0)
    let isLeast = measure == .minTop1
    #expect(Gate(measure, limit: value).passes(statistics))
    #expect(Gate(measure, limit: value.nextUp).passes(statistics) == !isLeast)
    #expect(Gate(measure, limit: value.nextDown).passes(statistics) == isLeast)
  }

  @Test func eachMeasuresItsOwn() throws {
    let s = try statistics()
    #expect(Gate(.maxMeanKLD, limit: 0).value(in: s) == s.kld.mean)
    #expect(Gate(.maxKLD, limit: 0).value(in: s) == s.kld.max)
    #expect(Gate(.minTop1, limit: 0).value(in: s) == 0.5)
    #expect(Gate(.maxAbsDifference, limit: 0).value(in: s) == 1.5)
    #expect(Gate(.maxNMSE, limit: 0).value(in: s) == s.nmse)
  }

  @Test(arguments: Gate.Measure.allCases) func whatIsNoNumberFails(_ measure: Gate.Measure) throws {
    let limit = measure == .minTop1 ? 0.9 : Double.greatestFiniteMagnitude
    #expect(!Gate(measure, limit: limit).passes(try statistics(.nan)))
  }

  @Test func presets() throws {
    let presets = ["int8", "int6", "int5", "int4"].map { Gate.preset($0) ?? [] }
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
