import Foundation
import Generation
import JSONCore
import Kernels
import TestSupport
import Testing

/// A row of logits and options, and what transformers makes of them.
struct DistributionCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let logits: [Float]
  let seen: SeenTokens
  let options: SamplingOptions
  let expected: [Int: Double]
  let isTied: Bool
  let greedy: Int

  static let all: [DistributionCase] = (try? fixture("distributions.json").flatMap(read)) ?? []

  private static func read(_ row: JSON) throws -> [DistributionCase] {
    let logits = try #require(row["logits"]?.arrayValue)
      .map { Float($0.doubleValue ?? -.infinity) }
    var seen = SeenTokens(vocabulary: logits.count)
    for id in row["seen"]?.arrayValue ?? [] { seen.insert(try #require(id.intValue)) }
    return try #require(row["cases"]?.arrayValue).map { value in
      let options = try #require(value["options"])
      var config = try GenerationConfig(json: options)
      config.sampling.samples = true
      let pairs = try #require(value["probabilities"]?.arrayValue).map { pair in
        (try #require(pair.arrayValue?[0].intValue), try #require(pair.arrayValue?[1].doubleValue))
      }
      return DistributionCase(
        testDescription: "\(row["name"]?.stringValue ?? ""): \(options.serialized())",
        logits: logits, seen: seen, options: config.sampling,
        expected: Dictionary(uniqueKeysWithValues: pairs),
        isTied: try #require(value["tied"]?.boolValue as Bool?),
        greedy: try #require(value["greedy"]?.intValue))
    }
  }
}

private func distribution(
  _ logits: [Float], _ options: SamplingOptions, _ seen: SeenTokens
) throws -> TokenDistribution? {
  let warper = LogitsWarper(options, compute: try compute())
  return warper.distribution(of: logits.span, seen: seen)
}

private func mostLikely(
  _ logits: [Float], _ options: SamplingOptions, _ seen: SeenTokens
) throws -> Int? {
  let warper = LogitsWarper(options, compute: try compute())
  return warper.mostLikely(of: logits.span, seen: seen)
}

@Suite struct DistributionTests {
  @Test func thereAreCases() { #expect(DistributionCase.all.count > 150) }

  @Test(arguments: DistributionCase.all) func equalsTransformers(_ test: DistributionCase) throws {
    let result = try #require(try distribution(test.logits, test.options, test.seen))
    let pairs = result.candidates.map { ($0.id, result.probability(of: $0)) }
    #expect(abs(pairs.reduce(0) { $0 + $1.1 } - 1) < 1e-12)
    if test.isTied {
      let found = pairs.map(\.1).sorted()
      let expected = test.expected.values.sorted()
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    } else {
      let found = Dictionary(uniqueKeysWithValues: pairs)
      for id in test.logits.indices {
        let difference = found[id, default: 0] - test.expected[id, default: 0]
        #expect(abs(difference) < 1e-6, "token \(id)")
      }
    }
  }

  @Test(arguments: DistributionCase.all) func greedy(_ test: DistributionCase) throws {
    #expect(try mostLikely(test.logits, test.options, test.seen) == test.greedy)
  }
}

@Suite struct WarperTests {
  static let options: [(topK: Int, topP: Double, minP: Double?)] = [
    (0, 1, nil), (50, 1, nil), (0, 0.9, nil), (300, 0.99, 0.001), (0, 0.3, nil), (0, 1, 0.02),
    (1999, 0.5, nil), (0, 0.9999, nil), (5000, 1, nil), (2000, 1, nil),
  ]

  /// The same in the plainest way: everything is sorted and added in order.
  private func plain(
    _ logits: [Float], topK: Int, topP: Double, minP: Double?
  ) -> [Int] {
    var kept = Array(logits.indices)
    if topK > 0, topK < kept.count {
      let least = logits.sorted(by: >)[topK - 1]
      kept.removeAll { logits[$0] < least }
    }
    let top = Double(logits.max() ?? 0)
    func probabilities() -> [Int: Float] {
      let total = kept.reduce(0) { $0 + exp(Double(logits[$1]) - top) }
      return Dictionary(
        uniqueKeysWithValues: kept.map { ($0, Float(exp(Double(logits[$0]) - top) / total)) })
    }
    if topP < 1 {
      let p = probabilities()
      kept.sort { (logits[$0], $0) < (logits[$1], $1) }
      var sum = 0.0
      let first = kept.firstIndex { id in
        sum += Double(p[id] ?? 0)
        return !(Float(sum) <= Float(1 - topP))
      }
      kept = Array(kept[(first ?? kept.count - 1)...])
    }
    if let minP {
      let p = probabilities()
      let least = Float(minP) * (p.values.max() ?? 0)
      kept.removeAll { (p[$0] ?? 0) < least }
    }
    return kept.sorted()
  }

  @Test(arguments: options, [Float(0), 0.25])
  func largeVocabularies(_ cut: (topK: Int, topP: Double, minP: Double?), grain: Float) throws {
    var random = SplitMix(UInt64(cut.topK + 1))
    var logits = random.normals(2000, scale: 3)
    // A grain makes many ties.
    if grain > 0 { logits = logits.map { ($0 / grain).rounded() * grain } }
    var options = SamplingOptions()
    (options.topK, options.topP, options.minP) = cut
    let seen = SeenTokens(vocabulary: 2000)
    let found = try #require(try distribution(logits, options, seen))
    let expected = plain(logits, topK: cut.topK, topP: cut.topP, minP: cut.minP)
    #expect(found.candidates.map(\.id) == expected)
    // A warper's memory is used again.
    let warper = LogitsWarper(options, compute: try compute())
    _ = warper.distribution(of: logits.reversed().span, seen: seen)
    let again = warper.distribution(of: logits.span, seen: seen)
    #expect(again?.candidates.map(\.id) == expected)
  }

  @Test func onlySeenTokensArePenalized() throws {
    var options = SamplingOptions()
    options.repetitionPenalty = 2
    options.topK = 0
    var seen = SeenTokens(vocabulary: 4)
    // Ids outside the vocabulary have no score; repeated ones count once.
    for id in [1, 3, 1, 1, 4, -1, 3] { seen.insert(id) }
    #expect(seen.ids == [1, 3])
    let logits: [Float] = [2, 2, -1, -1]
    let found = try #require(try distribution(logits, options, seen))
    #expect(found.candidates.map(\.score) == [2, 1, -1, -2])
    #expect(try mostLikely(logits, options, seen) == 0)
  }

  @Test(arguments: [
    [Float.nan, 1, 2], [1, .nan, 0], [1, 2, .nan], [.infinity, 1, 1],
    [-.infinity, -.infinity, -.infinity],
  ]) func scoresThatMakeNoSense(_ logits: [Float]) throws {
    let seen = SeenTokens(vocabulary: 3)
    for penalty in [1.0, 1.2] {
      var options = SamplingOptions()
      options.repetitionPenalty = penalty
      #expect(try distribution(logits, options, seen) == nil)
      #expect(try mostLikely(logits, options, seen) == nil)
    }
  }

  @Test func aTinyTemperatureMakesNoSense() throws {
    var options = SamplingOptions()
    options.temperature = 1e-37
    let logits: [Float] = [50, 1]
    #expect(try distribution(logits, options, SeenTokens(vocabulary: 2)) == nil)
  }

  @Test func logarithmsOfProbabilities() throws {
    let logits: [Float] = [0, 1, -800, 2]
    var options = SamplingOptions()
    options.topK = 0
    let seen = SeenTokens(vocabulary: 4)
    let found = try #require(try distribution(logits, options, seen))
    for candidate in found.candidates where candidate.id != 2 {
      let expected = log(found.probability(of: candidate))
      #expect(abs(found.logProbability(of: candidate) - expected) < 1e-14)
    }
    #expect(found.logProbability(of: found.candidates[2]) == -.infinity)
  }
}
