import Diagnostics
import DogeModel
import Kernels
import ToolSupport
import Verification

extension VerificationReport {
  /// Parts that a table of an ablation shows.
  private static let shownParts = 20

  /// The report for a terminal of so many columns; the verdict stands at its end.
  func text(width: Int) -> String {
    var blocks = [heading(width: width)]
    if candidates.count > 1 { blocks.append(overview.text(width: width)) }
    for candidate in candidates {
      if candidates.count == 1 {
        blocks.append(statistics(candidate).text(width: width))
      }
      blocks += layers(candidate, width: width)
      if let ablation = candidate.ablation {
        blocks.append(
          title(candidate, width: width) + table(ablation).text(width: width)
            + wrapped(sentence(ablation), width: width).map { $0 + "\n" }.joined())
      }
    }
    if !selfTests.isEmpty {
      let reasons = selfTests.compactMap { test in
        test.passed == nil ? test.note.map { "\(test.kind.rawValue): \($0)" } : nil
      }
      blocks.append(
        selfTestTable.text(width: width)
          + reasons.flatMap { wrapped($0, width: width) }.map { $0 + "\n" }.joined())
    }
    if candidates.contains(where: { !$0.gates.isEmpty }) {
      blocks.append(gateTable.text(width: width))
    }
    let verdicts = candidates.flatMap { wrapped(verdict(on: $0, width: width), width: width) }
    blocks.append(verdicts.map { $0 + "\n" }.joined())
    return blocks.joined(separator: "\n")
  }

  // MARK: blocks

  private func heading(width: Int) -> String {
    var lines = models.map { model in
      "\(model.role): \(model.path) (\(model.type), \(NumberFormat.bytes(model.bytes)))"
    }
    if models.first?.role != "reference" { lines.insert("reference: \(reference)", at: 0) }
    lines.append("input: \(input.summary)")
    return lines.map { elided(escaped($0), to: width) + "\n" }.joined()
  }

  /// Which candidate a table is about, where there are several.
  private func title(_ candidate: Candidate, width: Int) -> String {
    candidates.count > 1 ? elided(escaped(candidate.path), to: width) + "\n" : ""
  }

  /// A row for each candidate: what one chooses by.
  private var overview: TextTable {
    var table = TextTable([
      .text("candidate"), .number("size"), .number("bits"), .number("mean KLD"),
      .number("top-1"), .number("fast KLD"), .number("tok/s"),
    ])
    for (candidate, model) in zip(candidates, models.suffix(candidates.count)) {
      let primary = candidate.primary
      let speed = (candidate.fast ?? primary).tokensPerSecond
      table.append([
        candidate.path, NumberFormat.bytes(model.bytes),
        NumberFormat.fixed(model.bitsPerWeight, 2),
        NumberFormat.significant(primary.statistics.kld.mean.value, 3),
        NumberFormat.percent(primary.statistics.overlap.top1.value),
        candidate.fast.map {
          NumberFormat.significant($0.statistics.kld.mean.value, 3)
        } ?? "",
        speed.map { NumberFormat.thousands(Int($0)) } ?? "",
      ])
    }
    return table
  }

  private func statistics(_ candidate: Candidate) -> TextTable {
    let columns = candidate.columns
    var table = TextTable([.text("measure")] + columns.map { .text($0.mode.rawValue) })
    let lines = columns.map {
      $0.statistics.lines(withPerplexity: input.isPredictable)
    }
    for (index, line) in lines[0].enumerated() {
      table.append([line.name] + lines.map { $0[index].value })
    }
    for (name, difference) in candidate.hidden {
      table.append(["hidden \(name), max |Δ|", NumberFormat.significant(difference, 4)])
    }
    return table
  }

  private func layers(_ candidate: Candidate, width: Int) -> [String] {
    candidate.columns.compactMap { column in
      guard let layers = column.layers else { return nil }
      var table = TextTable([
        .text("state, \(column.mode.rawValue)"), .number("rel. error"), .number("own error"),
        .number("cosine"), .number("SQNR, dB"), .number("max |Δ|"),
      ])
      for error in layers.errors {
        table.append([
          error.state.name, NumberFormat.significant(error.relativeError, 3),
          error.ownError.map { NumberFormat.significant($0, 3) } ?? "",
          NumberFormat.fixed(error.cosine, 6),
          NumberFormat.fixed(error.signalToNoise, 1),
          NumberFormat.significant(error.maxAbsDifference, 3),
        ])
      }
      return title(candidate, width: width) + table.text(width: width)
        + wrapped(layers.divergenceSentence, width: width)
        .map { $0 + "\n" }.joined()
    }
  }

  private func table(_ ablation: Ablation) -> TextTable {
    var table = TextTable([.text("\(ablation.unit.rawValue) alone"), .number("mean KLD, nats")])
    for part in ablation.parts.prefix(Self.shownParts) {
      table.append([
        part.name, NumberFormat.measured(part.kld.value, error: part.kld.standardError),
      ])
    }
    return table
  }

  /// What is not shown, and how far the parts explain the whole.
  private func sentence(_ ablation: Ablation) -> String {
    let more = ablation.parts.count - Self.shownParts
    return (more > 0 ? "… and \(more) more. " : "") + sum(of: ablation)
  }

  private var selfTestTable: TextTable {
    var table = TextTable([.text("self-test"), .text("result"), .number("value"), .number("limit")])
    for test in selfTests {
      table.append([
        test.kind.rawValue, test.passed.map { $0 ? "passed" : "FAILED" } ?? "not applicable",
        test.value.map { NumberFormat.significant($0, 3) } ?? "",
        NumberFormat.significant(test.limit, 3),
      ])
    }
    return table
  }

  private var gateTable: TextTable {
    let several = candidates.count > 1
    var table = TextTable(
      (several ? [.text("candidate")] : []) + [
        .text("gate"), .text("mode"), .text("value, limit"), .text("result"),
      ])
    for candidate in candidates {
      for gate in candidate.gates {
        table.append(
          (several ? [candidate.path] : []) + [
            gate.gate.measure.rawValue, gate.mode.rawValue, gate.comparison,
            gate.passed ? "passed" : "FAILED",
          ])
      }
    }
    return table
  }

  // MARK: verdict

  /// What came out about a candidate, its path within the width.
  private func verdict(on candidate: Candidate, width: Int) -> String {
    let path = elided(escaped(candidate.path), to: max(16, width - 2))
    let name = candidates.count > 1 ? path + ": " : ""
    var failures = candidate.gates.filter { !$0.passed }.map {
      "\($0.gate.measure.rawValue) is \($0.comparison) (\($0.mode.rawValue))"
    }
    if candidate.keepsBaseline == false { failures.append("worse than the baseline") }
    failures += selfTests.filter { $0.passed == false }.map { "self-test \($0.kind.rawValue)" }
    let floor =
      isBelowFloor(candidate) ? "; the KL divergence is no more than rounding to float32 makes" : ""
    guard let passed = passed(candidate) else { return name + "no gates: not judged" + floor }
    guard passed else { return name + "FAILED: " + failures.joined(separator: ", ") + floor }
    let kept = candidate.gates.count
    let baseline = candidate.keepsBaseline == true ? " and no worse than the baseline" : ""
    return name + "passed: \(kept) of \(kept) gates kept" + baseline + floor
  }
}

extension GateResult {
  /// The value beside its limit.
  var comparison: String {
    let limit = NumberFormat.significant(gate.limit, 4)
    guard let value else { return "not measured, limit \(limit)" }
    let sign = passed ? gate.isLeast ? "≥" : "≤" : gate.isLeast ? "<" : ">"
    return "\(NumberFormat.significant(value, 4)) \(sign) \(limit)"
  }
}

extension HiddenState {
  /// The state in words: `layers.2, after attention`.
  var words: String {
    switch self {
    case .embedding: "embedding"
    case .attention(let layer): "layers.\(layer), after attention"
    case .feedForward(let layer): "layers.\(layer), after feed-forward"
    }
  }
}

extension ComparisonStatistics {
  /// The lines of the table.
  func lines(withPerplexity: Bool) -> [(name: String, value: String)] {
    func number(_ value: Double) -> String { NumberFormat.significant(value, 4) }
    func estimate(_ estimate: Estimate) -> String {
      NumberFormat.measured(estimate.value, error: estimate.standardError)
    }
    func share(_ estimate: Estimate) -> String {
      "\(NumberFormat.percent(estimate.value)) ± "
        + NumberFormat.fixed(estimate.standardError * 100, 2)
    }
    var lines = [
      ("positions", NumberFormat.thousands(tokens)),
      ("mean KLD, nats", estimate(kld.mean)),
      ("KLD median", estimate(kld.median)),
      ("KLD 90 %", estimate(kld.percentile(0.9))),
      ("KLD 99 %", estimate(kld.percentile(0.99))),
      ("KLD 99.9 %", estimate(kld.percentile(0.999))),
      ("KLD maximum", number(kld.max)),
      ("reverse KLD", estimate(reverseKLD)),
      ("same top token", share(overlap.top1)),
      ("… other by more than a tie", NumberFormat.thousands(top1Disagreements)),
      (
        "top-5, top-10 in common",
        "\(share(overlap.top5)), "
          + NumberFormat.percent(overlap.top10.value)
      ),
      ("max |Δ logit|", number(maxAbsDifference)),
      ("RMSE", estimate(rmse)),
      ("NMSE", estimate(nmse)),
    ]
    if withPerplexity, let perplexity, let deltaP {
      lines += [
        ("perplexity, reference", estimate(perplexity.reference)),
        ("perplexity, candidate", estimate(perplexity.candidate)),
        ("perplexity, ratio", estimate(perplexity.ratio)),
        ("mean Δp of the right token", percent(deltaP.mean)),
        ("RMS Δp of the right token", percent(deltaP.rms)),
      ]
    }
    return lines
  }

  private func percent(_ estimate: Estimate) -> String {
    "\(NumberFormat.percent(estimate.value, 3)) ± "
      + NumberFormat.fixed(estimate.standardError * 100, 3)
  }
}
