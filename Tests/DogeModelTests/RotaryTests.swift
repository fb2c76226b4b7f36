import DogeArchitecture
import DogeModel
import Foundation
import Testing

/// Tables against the formulas of transformers' `ROPE_INIT_FUNCTIONS` with the C library's
/// functions.
@Suite struct RotaryTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let parameters: RotaryParameters
    var headDimension = 64
    var maxPositions = 2048
  }

  static let factors = (0..<32).map { 1 + Double($0) / 8 }
  static let samples = [
    Sample(testDescription: "default", parameters: .init()),
    Sample(testDescription: "another base", parameters: .init(theta: 500_000), headDimension: 14),
    Sample(
      testDescription: "linear", parameters: .init(scaling: .linear(factor: 3.5))),
    Sample(
      testDescription: "dynamic", parameters: .init(scaling: .dynamic(factor: 4)),
      maxPositions: 32),
    Sample(
      testDescription: "dynamic of one pair", parameters: .init(scaling: .dynamic(factor: 4)),
      headDimension: 2, maxPositions: 32),
    Sample(
      testDescription: "yarn",
      parameters: .init(scaling: .yarn(.init(factor: 8, originalMaxPositions: 256)))),
    Sample(
      testDescription: "yarn with all options",
      parameters: .init(
        theta: 20_000,
        scaling: .yarn(
          .init(
            factor: 8, originalMaxPositions: 256, betaFast: 16, betaSlow: 2, mscale: 1.2,
            mscaleAllDim: 0.6, truncates: false)))),
    Sample(
      testDescription: "yarn with a ramp of no width",
      parameters: .init(
        scaling: .yarn(
          .init(
            factor: 2, originalMaxPositions: 64, attentionFactor: 1.5, betaFast: 4, betaSlow: 4,
            truncates: false)))),
    Sample(
      testDescription: "longrope",
      parameters: .init(
        scaling: .longRope(
          .init(
            factor: 8, originalMaxPositions: 40, shortFactors: factors,
            longFactors: factors.map { $0 * 3 })))),
    Sample(
      testDescription: "longrope with its own attention factor",
      parameters: .init(
        scaling: .longRope(
          .init(
            factor: 8, originalMaxPositions: 40, attentionFactor: 1.25, shortFactors: factors,
            longFactors: factors)))),
    Sample(
      testDescription: "llama3",
      parameters: .init(
        scaling: .llama3(
          .init(
            factor: 8, originalMaxPositions: 256, lowFrequencyFactor: 1, highFrequencyFactor: 4)))),
  ]

  @Test(arguments: samples) func frequencies(_ sample: Sample) {
    let rotary = RotaryEmbedding(
      parameters: sample.parameters, headDimension: sample.headDimension,
      maxPositions: sample.maxPositions)
    for length in [1, 32, 40, 41, 300, 5000] {
      let found = rotary.frequencies(length: length)
      let expected = plain(sample, length: length)
      #expect(found.inverse.count == sample.headDimension / 2)
      #expect(abs(found.scale - expected.scale) < 1e-12)
      for (a, b) in zip(found.inverse, expected.inverse) {
        #expect(abs(Double(a) - b) <= b * 1.2e-7, "length \(length)")
      }
    }
  }

  @Test(arguments: samples) func table(_ sample: Sample) {
    let rotary = RotaryEmbedding(
      parameters: sample.parameters, headDimension: sample.headDimension,
      maxPositions: sample.maxPositions)
    let positions = 4_990..<5_000
    let table = rotary.table(for: positions)
    let (inverse, scale) = rotary.frequencies(length: 5_000)
    #expect(table.cosine.rows == 10 && table.sine.rows == 10)
    for (row, position) in positions.enumerated() {
      for (column, frequency) in inverse.enumerated() {
        let angle = Double(frequency * Float(position))
        #expect(abs(Double(table.cosine.value(row, column)) - cos(angle) * scale) < 1.3e-7)
        #expect(abs(Double(table.sine.value(row, column)) - sin(angle) * scale) < 1.3e-7)
      }
    }
  }

  @Test func theFirstPositionIsNotRotated() {
    let rotary = RotaryEmbedding(parameters: .init(), headDimension: 8, maxPositions: 16)
    let table = rotary.table(for: 0..<1)
    #expect(table.cosine.row(0) == [1, 1, 1, 1] && table.sine.row(0) == [0, 0, 0, 0])
  }

  private func plain(_ sample: Sample, length: Int) -> (inverse: [Double], scale: Double) {
    let d = Double(sample.headDimension)
    let theta = sample.parameters.theta
    func series(_ base: Double) -> [Double] {
      (0..<sample.headDimension / 2).map { pow(base, -2 * Double($0) / d) }
    }
    switch sample.parameters.scaling {
    case .none:
      return (series(theta), 1)
    case .linear(let factor):
      return (series(theta).map { $0 / factor }, 1)
    case .dynamic(let factor):
      guard length > sample.maxPositions, d > 2 else { return (series(theta), 1) }
      let maximum = Float(sample.maxPositions)
      let stretch = Float(factor) * Float(length) / maximum - Float(factor - 1)
      let base = Float(theta) * Float(pow(Double(stretch), d / (d - 2)))
      return (
        (0..<sample.headDimension / 2).map { Double(1 / powf(base, Float(2 * $0) / Float(d))) }, 1
      )
    case .yarn(let yarn):
      func edge(_ turns: Double) -> Double {
        d * log(Double(yarn.originalMaxPositions) / (turns * 2 * .pi)) / (2 * log(theta))
      }
      let (fast, slow) = (edge(yarn.betaFast), edge(yarn.betaSlow))
      let low = max(yarn.truncates ? floor(fast) : fast, 0)
      var high = min(yarn.truncates ? ceil(slow) : slow, d - 1)
      if high == low { high += 0.001 }
      let inverse = series(theta).enumerated().map { i, frequency in
        let kept = 1 - min(max((Double(i) - low) / (high - low), 0), 1)
        return frequency / yarn.factor * (1 - kept) + frequency * kept
      }
      func scale(_ factor: Double) -> Double { 0.1 * factor * log(yarn.factor) + 1 }
      if let fixed = yarn.attentionFactor { return (inverse, fixed) }
      if let a = yarn.mscale, let b = yarn.mscaleAllDim { return (inverse, scale(a) / scale(b)) }
      return (inverse, scale(1))
    case .longRope(let long):
      let isLong = length > long.originalMaxPositions
      let factors = isLong ? long.longFactors : long.shortFactors
      let scale = sqrt(1 + log(long.factor) / log(Double(long.originalMaxPositions)))
      return (zip(series(theta), factors).map { $0 / $1 }, long.attentionFactor ?? scale)
    case .llama3(let llama):
      let context = Double(llama.originalMaxPositions)
      return (
        series(theta).map { frequency in
          let wavelength = 2 * .pi / frequency
          if wavelength < context / llama.highFrequencyFactor { return frequency }
          if wavelength > context / llama.lowFrequencyFactor { return frequency / llama.factor }
          let smooth =
            (context / wavelength - llama.lowFrequencyFactor)
            / (llama.highFrequencyFactor - llama.lowFrequencyFactor)
          return (1 - smooth) * frequency / llama.factor + smooth * frequency
        }, 1
      )
    }
  }
}
