import DogeModel
import JSONCore
import Kernels
import ToolSupport
import Verification

/// The result of `verify`, as text and as JSON.
struct VerificationReport {
  let reference: String
  let candidate: String
  let mode: ComputeMode
  let statistics: ComparisonStatistics
  /// The same comparison with the candidate in fast mode, where both were made.
  let fast: ComparisonStatistics?
  let gates: [Gate]
  let hidden: [(name: String, maxAbsDifference: Double)]

  /// Whether all gates are kept; nil without gates.
  var passed: Bool? { gates.isEmpty ? nil : gates.allSatisfy { $0.passes(statistics) } }

  func json(isa: InstructionSet, threads: Int) -> JSON {
    var members: [(String, JSON)] = [
      ("schema", "kibble.verify/1"), ("reference", .string(reference)),
      ("candidate", .string(candidate)),
    ]
    members += statistics.members
    members += [
      ("mode", .string(mode.rawValue)), ("isa", .string(isa.rawValue)), ("threads", JSON(threads)),
      ("passed", JSON(passed)),
      (
        "gates",
        .array(
          gates.map {
            [
              "name": .string($0.measure.rawValue), "limit": JSON($0.limit),
              "value": JSON($0.value(in: statistics)), "passed": .bool($0.passes(statistics)),
            ]
          })
      ),
    ]
    if let fast { members.append(("fast", .object(JSONObject(fast.members)))) }
    if !hidden.isEmpty {
      let states = hidden.map { state -> JSON in
        ["name": .string(state.name), "max_abs_diff": JSON(state.maxAbsDifference)]
      }
      members.append(("hidden", .array(states)))
    }
    return .object(JSONObject(members))
  }

  var text: String {
    var columns: [TextTable.Column] = [.text("measure"), .text(mode.rawValue)]
    if fast != nil { columns.append(.text(ComputeMode.fast.rawValue)) }
    var table = TextTable(columns)
    func row(_ name: String, _ value: String, _ other: String = "") {
      table.append(fast == nil ? [name, value] : [name, value, other])
    }
    let others = fast?.lines.map(\.value) ?? []
    for (index, line) in statistics.lines.enumerated() {
      row(line.name, line.value, index < others.count ? others[index] : "")
    }
    for (name, difference) in hidden {
      row("hidden \(name), max |Δ|", NumberFormat.significant(difference, 4))
    }
    for gate in gates {
      let sign = gate.measure == .minTop1 ? "≥" : "≤"
      row(
        "gate \(gate.measure.rawValue)",
        "\(NumberFormat.significant(gate.value(in: statistics), 4)) \(sign) "
          + "\(NumberFormat.significant(gate.limit, 4)): "
          + (gate.passes(statistics) ? "passed" : "FAILED"))
    }
    return "reference  \(reference)\ncandidate  \(candidate)\n\n" + table.text
  }
}

extension ComparisonStatistics {
  /// The keys that checks read.
  fileprivate var members: [(String, JSON)] {
    [
      ("tokens", JSON(tokens)), ("max_abs_diff", JSON(maxAbsDifference)), ("rmse", JSON(rmse)),
      ("nmse", JSON(nmse)),
      (
        "kld",
        [
          "mean": JSON(kld.mean), "se": JSON(kld.standardError), "median": JSON(kld.median),
          "p90": JSON(kld.p90), "p99": JSON(kld.p99), "p999": JSON(kld.p999),
          "max": JSON(kld.max),
        ]
      ),
      ("top1_agreement", JSON(top1Agreement)),
      ("top1_disagreements_beyond_margin", JSON(top1Disagreements)),
      (
        "ppl",
        [
          "reference": JSON(perplexity?.reference), "candidate": JSON(perplexity?.candidate),
          "ratio": JSON(perplexity?.ratio),
        ]
      ),
      ("delta_p", ["mean": JSON(deltaP?.mean), "rms": JSON(deltaP?.rms)]),
    ]
  }

  /// The lines of the table.
  fileprivate var lines: [(name: String, value: String)] {
    func number(_ value: Double) -> String { NumberFormat.significant(value, 4) }
    var lines = [
      ("positions", NumberFormat.thousands(tokens)),
      ("mean KLD", "\(number(kld.mean)) ± \(NumberFormat.significant(kld.standardError, 2)) nats"),
      ("KLD median, p90", "\(number(kld.median)), \(number(kld.p90))"),
      ("KLD p99, p99.9, max", "\(number(kld.p99)), \(number(kld.p999)), \(number(kld.max))"),
      ("top-1 agreement", NumberFormat.percent(top1Agreement)),
      ("… differ by more than a tie", NumberFormat.thousands(top1Disagreements)),
      ("max |Δ logit|, RMSE", "\(number(maxAbsDifference)), \(number(rmse))"),
      ("NMSE", number(nmse)),
    ]
    if let perplexity, let deltaP {
      lines += [
        (
          "perplexity",
          "\(number(perplexity.reference)) → \(number(perplexity.candidate)), ratio "
            + NumberFormat.fixed(perplexity.ratio, 5)
        ),
        (
          "Δp of the right token, mean, RMS",
          "\(NumberFormat.percent(deltaP.mean, 3)), \(NumberFormat.percent(deltaP.rms, 3))"
        ),
      ]
    }
    return lines
  }
}
