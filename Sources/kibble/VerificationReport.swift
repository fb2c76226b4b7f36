import JSONCore
import Kernels
import ToolSupport
import Verification

/// The result of `verify`, as text and as JSON.
struct VerificationReport {
  let reference: String
  let candidate: String
  let statistics: ComparisonStatistics
  let gates: [Gate]
  let hidden: [(name: String, maxAbsDifference: Double)]

  /// Whether all gates are kept; nil without gates.
  var passed: Bool? { gates.isEmpty ? nil : gates.allSatisfy { $0.passes(statistics) } }

  func json(isa: InstructionSet, threads: Int) -> JSON {
    let s = statistics
    var members: [(String, JSON)] = [
      ("schema", "kibble.verify/1"), ("reference", .string(reference)),
      ("candidate", .string(candidate)), ("tokens", JSON(s.tokens)),
      ("max_abs_diff", JSON(s.maxAbsDifference)), ("rmse", JSON(s.rmse)), ("nmse", JSON(s.nmse)),
      (
        "kld",
        [
          "mean": JSON(s.kld.mean), "se": JSON(s.kld.standardError), "median": JSON(s.kld.median),
          "p90": JSON(s.kld.p90), "p99": JSON(s.kld.p99), "p999": JSON(s.kld.p999),
          "max": JSON(s.kld.max),
        ]
      ),
      ("top1_agreement", JSON(s.top1Agreement)),
      ("top1_disagreements_beyond_margin", JSON(s.top1Disagreements)),
      (
        "ppl",
        [
          "reference": JSON(s.perplexity?.reference), "candidate": JSON(s.perplexity?.candidate),
          "ratio": JSON(s.perplexity?.ratio),
        ]
      ),
      ("delta_p", ["mean": JSON(s.deltaP?.mean), "rms": JSON(s.deltaP?.rms)]),
      ("mode", "exact"), ("isa", .string(isa.rawValue)), ("threads", JSON(threads)),
      ("passed", JSON(passed)),
      (
        "gates",
        .array(
          gates.map {
            [
              "name": .string($0.measure.rawValue), "limit": JSON($0.limit),
              "value": JSON($0.value(in: s)), "passed": .bool($0.passes(s)),
            ]
          })
      ),
    ]
    if !hidden.isEmpty {
      members.append(
        (
          "hidden",
          .array(
            hidden.map { ["name": .string($0.name), "max_abs_diff": JSON($0.maxAbsDifference)] })
        ))
    }
    return .object(JSONObject(members))
  }

  var text: String {
    let s = statistics
    var table = TextTable([.text("measure"), .text("value")])
    func row(_ name: String, _ value: String) { table.append([name, value]) }
    func number(_ value: Double) -> String { NumberFormat.significant(value, 4) }
    row("reference", reference)
    row("candidate", candidate)
    row("positions", NumberFormat.thousands(s.tokens))
    row("mean KLD", "\(number(s.kld.mean)) ± \(number(s.kld.standardError)) nats")
    row(
      "KLD median, p90, p99, p99.9, max",
      [s.kld.median, s.kld.p90, s.kld.p99, s.kld.p999, s.kld.max].map(number)
        .joined(separator: ", "))
    row(
      "top-1 agreement",
      NumberFormat.percent(s.top1Agreement)
        + " (\(s.top1Disagreements) differ by more than a tie)")
    row("max |Δ logit|, RMSE", "\(number(s.maxAbsDifference)), \(number(s.rmse))")
    row("NMSE", number(s.nmse))
    if let perplexity = s.perplexity, let deltaP = s.deltaP {
      row(
        "perplexity",
        "\(number(perplexity.reference)) → \(number(perplexity.candidate)), ratio "
          + NumberFormat.fixed(perplexity.ratio, 5))
      row(
        "Δp of the right token, mean, RMS",
        "\(NumberFormat.percent(deltaP.mean, 3)), \(NumberFormat.percent(deltaP.rms, 3))")
    }
    for (name, difference) in hidden { row("hidden \(name), max |Δ|", number(difference)) }
    for gate in gates {
      let sign = gate.measure == .minTop1 ? "≥" : "≤"
      row(
        "gate \(gate.measure.rawValue)",
        "\(number(gate.value(in: s))) \(sign) \(number(gate.limit)): "
          + (gate.passes(s) ? "passed" : "FAILED"))
    }
    return table.text
  }
}
