import DogeModel
import Foundation
import Kernels
import Parallel
import Testing
import Verification

@Suite struct StatisticsTests {
  /// Compares rows of logits; `next` are the tokens that follow.
  private func compare(
    _ reference: [[Float]], _ candidate: [[Float]], next: [Int?]? = nil,
    isa: InstructionSet? = nil, threads: Int = 1
  ) throws -> ComparisonStatistics {
    try ComparisonStatistics(
      reference: FloatMatrix(reference), candidate: FloatMatrix(candidate),
      next: next ?? reference.map { _ in nil }, compute: Compute(isa: isa, threads: threads))
  }

  @Test func equalLogitsDoNotDiffer() throws {
    let logits = values(9, 33, seed: 3)
    let found = try compare(logits, logits, next: (0..<9).map { $0 })
    #expect(found.tokens == 9)
    #expect(found.maxAbsDifference == 0 && found.rmse.value == 0 && found.nmse.value == 0)
    #expect(found.kld.mean == .init(value: 0, standardError: 0) && found.kld.max == 0)
    #expect(found.overlap.top1.value == 1 && found.top1Disagreements == 0)
    #expect(found.perplexity?.ratio.value == 1)
    #expect(found.deltaP?.mean.value == 0 && found.deltaP?.rms.value == 0)
  }

  /// KL between (3/4, 1/4) and (1/2, 1/2), and of a shift, which changes no probability.
  @Test func knownDivergences() throws {
    let three = Float(log(3.0))
    let found = try compare([[three, 0], [1, 2]], [[0, 0], [6, 7]])
    let divergence = 0.75 * log(1.5) + 0.25 * log(0.5)
    #expect(abs(found.kld.max - divergence) < 1e-7)
    #expect(abs(found.kld.mean.value - divergence / 2) < 1e-7)
    #expect(abs(found.kld.median.value - divergence / 2) < 1e-7)
    #expect(abs(found.kld.mean.standardError - divergence / 2) < 1e-7)
    #expect(found.maxAbsDifference == 5)
  }

  @Test(arguments: InstructionSet.available, [1, 2])
  func plainFormulas(_ isa: InstructionSet, _ threads: Int) throws {
    let reference = values(50, 37, seed: 5)
    let candidate = zip(reference, values(50, 37, seed: 6, scale: 0.5)).map {
      zip($0, $1).map { $0 + $1 }
    }
    let next = (0..<50).map { $0 % 10 == 9 ? nil : $0 * 7 % 37 }
    let found = try compare(reference, candidate, next: next, isa: isa, threads: threads)
    let plain = PlainStatistics(reference, candidate, next)
    func expect(_ a: Double?, _ b: Double, _ what: String) {
      #expect(abs((a ?? .nan) - b) <= 1e-12 * max(1, abs(b)), "\(what)")
    }
    expect(found.maxAbsDifference, plain.differences.max() ?? 0, "max |Δ|")
    expect(found.rmse.value, sqrt(mean(plain.differences.map { $0 * $0 })), "rmse")
    let centred = reference.joined().map { Double($0) - mean(reference.joined().map(Double.init)) }
    expect(
      found.nmse.value, sum(plain.differences.map { $0 * $0 }) / sum(centred.map { $0 * $0 }),
      "nmse")
    let divergences = plain.divergences.sorted()
    expect(found.kld.mean.value, mean(divergences), "mean")
    let deviation = sqrt(sum(divergences.map { pow($0 - mean(divergences), 2) }) / 49)
    expect(found.kld.mean.standardError, deviation / sqrt(50), "se")
    expect(found.kld.max, divergences[49], "max")
    // 49 intervals between the ranks.
    expect(found.kld.median.value, (divergences[24] + divergences[25]) / 2, "median")
    expect(
      found.kld.percentile(0.9).value, divergences[44] + 0.1 * (divergences[45] - divergences[44]),
      "p90")
    expect(
      found.kld.percentile(0.99).value,
      divergences[48] + 0.51 * (divergences[49] - divergences[48]), "p99")
    expect(
      found.kld.percentile(0.999).value,
      divergences[48] + 0.951 * (divergences[49] - divergences[48]), "p999")
    expect(found.perplexity?.reference.value, exp(mean(plain.losses.map(\.0))), "ppl")
    expect(found.perplexity?.candidate.value, exp(mean(plain.losses.map(\.1))), "ppl")
    let changes = plain.losses.map { exp(-$1) - exp(-$0) }
    expect(found.deltaP?.mean.value, mean(changes), "Δp")
    expect(found.deltaP?.rms.value, sqrt(mean(changes.map { $0 * $0 })), "rms Δp")
  }

  /// Counts of the same order for all machines: their results are equal, not only close.
  @Test func machinesDoNotMatter() throws {
    let (a, b) = (values(40, 100, seed: 8), values(40, 100, seed: 9))
    let next = (0..<40).map { Optional($0) }
    let expected = try compare(a, b, next: next, isa: .scalar)
    for isa in InstructionSet.available {
      for threads in 1...3 {
        #expect(try compare(a, b, next: next, isa: isa, threads: threads) == expected)
      }
    }
  }

  @Test func tiesGoToTheLowestToken() throws {
    let found = try compare(
      [[1, 3, 3], [1, 3, 3], [5, 5, 5], [0, 1, 2]],
      [[0, 2, 1], [0, 1, 2], [1, 1, 1], [0, 3, 2]])
    #expect(found.overlap.top1.value == 0.5)
    // The second position is a tie of the reference's, the fourth a difference.
    #expect(found.top1Disagreements == 1)
  }

  @Test func theMarginOfATie() throws {
    let base: Float = 1
    let close = base + 0.00005
    let apart = base + 0.0002
    let found = try compare([[close, base], [apart, base]], [[0, 1], [0, 1]])
    #expect(found.overlap.top1.value == 0 && found.top1Disagreements == 1)
  }

  @Test func withoutNextTokensThereIsNoPerplexity() throws {
    let found = try compare([[1, 2]], [[2, 1]], next: [nil])
    #expect(found.perplexity == nil && found.deltaP == nil)
    let one = try compare([[1, 2], [2, 1]], [[2, 1], [2, 1]], next: [1, nil])
    #expect(abs((one.perplexity?.reference.value ?? 0) - (1 + exp(-1.0))) < 1e-12)
    #expect(abs((one.perplexity?.candidate.value ?? 0) - (1 + exp(1.0))) < 1e-12)
  }

  @Test func onePosition() throws {
    let found = try compare([[2, 0, 1]], [[0, 1, 2]])
    #expect(found.kld.mean.standardError == 0)
    #expect(
      found.kld.median.value == found.kld.max && found.kld.percentile(0.999).value == found.kld.max)
  }

  @Test func constantReference() throws {
    #expect(try compare([[2, 2]], [[2, 2]]).nmse.value == 0)
    #expect(try compare([[2, 2]], [[2, 3]]).nmse.value == .infinity)
  }

  @Test func largeLogitsDoNotOverflow() throws {
    let found = try compare([[3e38, 0], [-3e38, 0]], [[3e38, 0], [-3e38, 0]])
    #expect(found.kld.max == 0 && found.maxAbsDifference == 0)
    #expect(
      try compare([[3e38, 0]], [[-3e38, 0]]).maxAbsDifference == 6e38.rounded(to: Float.self))
  }

  /// What isn't a number must not pass for agreement, whichever model it comes from.
  @Test(arguments: InstructionSet.available, [Float.nan, .infinity, -.infinity])
  func valuesThatAreNoNumbers(_ isa: InstructionSet, _ value: Float) throws {
    var good = values(3, 17, seed: 1)
    for row in 0..<3 { good[row][16] = 9 }
    for place in [0, 1, 16] {
      var bad = good
      bad[1][place] = value
      for (a, b) in [(good, bad), (bad, good), (bad, bad)] {
        let found = try compare(a, b, next: [1, 2, 3], isa: isa)
        #expect(!(found.maxAbsDifference < 1e30))
        #expect(!(found.rmse.value < 1e30) && !(found.nmse.value < 1e30))
        // A logit of -∞ is a probability of 0, which a model may have.
        if value == -.infinity { continue }
        #expect(found.kld.mean.value.isNaN && found.kld.max.isNaN && found.kld.median.value.isNaN)
        #expect(found.overlap.top1.value < 1)
      }
    }
  }
}

/// The same figures from the plain formulas.
private struct PlainStatistics {
  var differences: [Double] = []
  var divergences: [Double] = []
  var losses: [(Double, Double)] = []

  init(_ reference: [[Float]], _ candidate: [[Float]], _ next: [Int?]) {
    for (index, (a, b)) in zip(reference, candidate).enumerated() {
      differences += zip(a, b).map { abs(Double($0) - Double($1)) }
      let (p, q) = (logProbabilities(a), logProbabilities(b))
      divergences.append(sum(zip(p, q).map { exp($0) * ($0 - $1) }))
      if let token = next[index] { losses.append((-p[token], -q[token])) }
    }
  }
}

private func logProbabilities(_ logits: [Float]) -> [Double] {
  let total = log(sum(logits.map { exp(Double($0)) }))
  return logits.map { Double($0) - total }
}

private func sum(_ values: [Double]) -> Double { values.reduce(0, +) }

private func mean(_ values: [Double]) -> Double { sum(values) / Double(values.count) }

extension Double {
  fileprivate func rounded(to type: Float.Type) -> Double { 2 * Double(Float(self / 2)) }
}
