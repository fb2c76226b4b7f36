import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import JSONCore
import Kernels
import ToolSupport
import Verification

extension VerificationReport {
  /// The report as a page for people; charts are about the first candidate.
  func page(peakBytes: Int) -> ReportPage {
    let candidate = candidates[0]
    let outcome: ReportPage.Outcome =
      switch passed {
      case true?: .passed
      case false?: .failed
      case nil: .noGates
      }
    let names = candidates.map(\.path).joined(separator: ", ")
    var page = ReportPage(
      title: "\(names) against \(reference)", outcome: outcome,
      verdict: candidates.map(sentence).joined(separator: " "))
    page.warnings = warnings
    page.gates = candidates.flatMap { candidate in
      candidate.gates.map { gate in
        let name = gate.gate.measure.rawValue
        return (
          candidates.count > 1 ? "\(candidate.path): \(name)" : name, gate.mode.rawValue,
          gate.gate.isLeast, gate.gate.limit, gate.value, gate.passed
        )
      }
    }
    page.models = models.map(\.facts)
    page.candidates = candidates.count > 1 ? overviewTable : nil
    page.statistics = [statisticsTable(candidate)] + bands(candidate)
    page.divergence = divergence(candidate)
    page.logits = candidate.primary.density
    page.layers = candidate.primary.layers.map { $0.page }
    page.tensors = candidate.tensors.map(tensorErrors)
    page.ablation = candidate.ablation.map { ablation in
      (
        ablation.unit.rawValue,
        ablation.parts.map { ($0.name, $0.kld.value, $0.kld.standardError) },
        sum(of: ablation)
      )
    }
    page.worst =
      worst.map { worst in
        candidate.primary.statistics.worst.map { worst.words($0).page }
      } ?? []
    page.perplexity = input.isPredictable ? perplexity(candidate) : nil
    page.speed = speed(peakBytes: peakBytes)
    page.selfTests = selfTests.map { test in
      (
        test.kind.rawValue, test.passed, test.value.map { .number($0) } ?? .notMeasured,
        .limit(test.limit, isLeast: false), test.note ?? test.kind.words
      )
    }
    page.environment = [
      ("version", .text("kibble \(toolVersion)")), ("isa", .text(isa.rawValue)),
      ("threads", .count(threads)), ("input", .text(input.summary)),
      ("CRC-32 of the tokens", .text(hexadecimal(input.checksum))),
      ("modes", .text(candidate.columns.map(\.mode.rawValue).joined(separator: ", "))),
    ]
    page.command = (["kibble"] + command).map(shellQuoted).joined(separator: " ")
    page.json = json.serialized(pretty: true)
    return page
  }

  /// The verdict on a candidate without the word that the page shows before it.
  private func sentence(_ candidate: Candidate) -> String {
    let failed = candidate.gates.filter { !$0.passed }.count
    var parts: [String] = []
    if !candidate.gates.isEmpty {
      parts.append(
        failed == 0
          ? "All \(candidate.gates.count) gates are kept."
          : "\(failed) of \(candidate.gates.count) gates failed.")
    }
    if let keeps = candidate.keepsBaseline {
      parts.append(keeps ? "It is no worse than the baseline." : "It is worse than the baseline.")
    }
    let broken = selfTests.filter { $0.passed == false }.map(\.kind.rawValue)
    if !broken.isEmpty { parts.append("Self-tests failed: \(broken.joined(separator: ", ")).") }
    if isBelowFloor(candidate) {
      parts.append("Its KL divergence is no more than rounding to float32 makes.")
    }
    if parts.isEmpty { parts.append("No gate was set.") }
    return ((candidates.count > 1 ? [candidate.path + ":"] : []) + parts)
      .joined(separator: " ")
  }

  // MARK: tables

  private var overviewTable: ReportPage.Table {
    ReportPage.Table(
      columns: [
        "candidate", "size", "bits", "mean KLD", "top-1", "fast KLD", "tokens/s", "gates",
      ],
      rows: zip(candidates, models.suffix(candidates.count)).map { candidate, model in
        let primary = candidate.primary
        let speed = (candidate.fast ?? primary).tokensPerSecond
        return [
          .text(candidate.path), .bytes(model.bytes), .decimals(model.bitsPerWeight, 2),
          .estimate(primary.statistics.kld.mean), .share(primary.statistics.overlap.top1.value),
          candidate.fast.map { .estimate($0.statistics.kld.mean) } ?? .notMeasured,
          speed.map { .number($0) } ?? .notMeasured, .passed(passed(candidate)),
        ]
      })
  }

  private func statisticsTable(_ candidate: Candidate) -> ReportPage.Table {
    let columns = candidate.columns
    func row(_ name: String, _ value: (ComparisonStatistics) -> ReportValue) -> [ReportValue] {
      [.text(name)] + columns.map { value($0.statistics) }
    }
    func percentile(_ name: String, _ share: Double) -> [ReportValue] {
      row(name) { .estimate($0.kld.percentile(share)) }
    }
    return ReportPage.Table(
      columns: ["measure"] + columns.map(\.mode.rawValue),
      rows: [
        row("positions") { .count($0.tokens) },
        row("mean KLD, nats") { .estimate($0.kld.mean) },
        percentile("KLD, median", 0.5), percentile("KLD, 90 %", 0.9),
        percentile("KLD, 95 %", 0.95), percentile("KLD, 99 %", 0.99),
        percentile("KLD, 99.9 %", 0.999), row("KLD, largest") { .number($0.kld.max) },
        row("mean reverse KLD, nats") { .estimate($0.reverseKLD) },
        row("same top token") { .share($0.overlap.top1) },
        row("top-5 in common") { .share($0.overlap.top5) },
        row("top-10 in common") { .share($0.overlap.top10) },
        row("max |Δ logit|") { .number($0.maxAbsDifference) },
        row("RMSE of logits") { .estimate($0.rmse) }, row("NMSE of logits") { .estimate($0.nmse) },
      ], note: "Standard errors take positions for independent.")
  }

  /// KLD by confidence and by position.
  private func bands(_ candidate: Candidate) -> [ReportPage.Table] {
    func table(
      _ name: String, _ caption: String, _ bands: [ComparisonStatistics.Band],
      _ label: (ClosedRange<Double>) -> String
    ) -> ReportPage.Table {
      ReportPage.Table(
        columns: [name, "positions", "mean KLD, nats", "same top token"],
        rows: bands.map {
          [.text(label($0.range)), .count($0.tokens), .estimate($0.kld), .share($0.top1)]
        }, caption: caption)
    }
    let statistics = candidate.primary.statistics
    return [
      table(
        "probability", "By the probability that the reference gives its most likely token",
        statistics.byConfidence
      ) {
        NumberFormat.percent($0.lowerBound, 0) + " to " + NumberFormat.percent($0.upperBound, 0)
      },
      table("positions", "By the position in the sequence", statistics.byPosition) {
        let (first, last) = (Int($0.lowerBound), Int($0.upperBound) - 1)
        return first == last ? "\(first)" : "\(first) to \(last)"
      },
    ]
  }

  private func perplexity(_ candidate: Candidate) -> ReportPage.Table? {
    let columns = candidate.columns
    let found = columns.compactMap(\.statistics.perplexity)
    let changes = columns.compactMap(\.statistics.deltaP)
    guard found.count == columns.count, let first = found.first else { return nil }
    return ReportPage.Table(
      columns: ["measure", "reference"] + columns.map(\.mode.rawValue),
      rows: [
        ["perplexity", .estimate(first.reference)] + found.map { .estimate($0.candidate) },
        ["ratio", .notMeasured] + found.map { .estimate($0.ratio) },
        ["ln ratio", .notMeasured] + found.map { .estimate($0.logRatio) },
        ["difference", .notMeasured] + found.map { .estimate($0.difference) },
        ["correlation of losses", .notMeasured] + found.map { .number($0.correlation) },
        ["mean Δp of the right token", .notMeasured] + changes.map { .share($0.mean) },
        ["RMS Δp of the right token", .notMeasured] + changes.map { .share($0.rms) },
      ])
  }

  private func speed(peakBytes: Int) -> ReportPage.Table {
    let columns = candidates.flatMap { candidate in
      candidate.columns.map { column in
        let name = candidates.count > 1 ? "\(candidate.path), " : ""
        return (name: name + column.mode.rawValue, column: column)
      }
    }
    var rows: [[ReportValue]] = columns.compactMap { name, column in
      column.tokensPerSecond.map { [.text("\(name): tokens/s, all logits"), .number($0)] }
    }
    rows.append(["peak memory of the run", .bytes(peakBytes)])
    return ReportPage.Table(columns: ["measure", "value"], rows: rows)
  }
}

extension VerificationReport {
  /// How far the parts explain the whole.
  func sum(of ablation: Ablation) -> String {
    let share = ablation.whole > 0 ? ablation.sum / ablation.whole : 1
    return "The parts' sum \(NumberFormat.significant(ablation.sum, 3)) is "
      + "\(NumberFormat.percent(share, 0)) of all together, "
      + "\(NumberFormat.significant(ablation.whole, 3)) nats."
  }
}

extension LayerReport {
  /// Where the first divergence is, and by which rule.
  var divergenceSentence: String {
    let found =
      firstDivergence.map {
        "First divergence: \($0.state.words) ("
          + ($0.tensor.map { "error of \($0)" } ?? "own error")
          + " \(NumberFormat.significant($0.error, 3)), limit "
          + "\(NumberFormat.significant($0.limit, 3)))"
      } ?? "First divergence: none"
    return found + "; the rule: " + FirstDivergence.rule + "."
  }
}

extension WorstTexts.Words {
  fileprivate var page: ReportPage.WorstPosition {
    let (right, judged) = (position.referenceTop, position.candidateTop)
    return ReportPage.WorstPosition(
      kld: position.kld, sequence: position.sequence, position: position.position,
      before: before, token: token, next: next,
      reference: (reference, right.reference, right.candidate),
      candidate: (candidate, judged.reference, judged.candidate))
  }
}

extension ModelDescription {
  fileprivate var facts: ReportPage.Model {
    var facts: [ReportPage.Fact] = [
      ("type", .text(type)), ("size", .bytes(bytes)),
      ("bits per weight", .decimals(bitsPerWeight, 3)), ("parameters", .count(parameters)),
      ("CRC-32", .text(hexadecimal(checksum))), ("layout", .text(layout)),
    ]
    if let recipe { facts.append(("recipe", .text(recipe.serialized()))) }
    if let calibration { facts.append(("calibration", .text(calibration))) }
    return (role, path, facts)
  }
}

extension ReportValue {
  fileprivate static func estimate(_ estimate: Estimate) -> ReportValue {
    .measured(estimate.value, error: estimate.standardError)
  }

  fileprivate static func share(_ estimate: Estimate) -> ReportValue {
    .share(estimate.value, error: estimate.standardError)
  }
}

extension SelfTest.Kind {
  /// What is tested, in words.
  fileprivate var words: String {
    switch self {
    case .causality: "another last token moves no earlier logit"
    case .stepwise: "one call gives what token by token gives"
    case .threads: "one thread gives what several give"
    case .checksums: "the bytes have the checksums that the file records"
    case .noiseFloor: "mean KL divergence of exact mode from a forward pass in float64"
    }
  }
}

/// A word as a shell takes it back.
private func shellQuoted(_ word: String) -> String {
  let isPlain = word.utf8.allSatisfy { byte in
    "-_./=:,+%@".utf8.contains(byte) || (0x30...0x39).contains(byte)
      || (0x41...0x5A).contains(byte & 0xDF)
  }
  guard word.isEmpty || !isPlain else { return word }
  return "'"
    + word.split(separator: "'", omittingEmptySubsequences: false)
    .joined(separator: "'\\''") + "'"
}
