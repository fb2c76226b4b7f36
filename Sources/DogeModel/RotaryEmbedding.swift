import DogeArchitecture
import Kernels

/// Rotary position embedding: the frequencies of a model and the angles of a call's positions.
///
/// The formulas are those of transformers' `ROPE_INIT_FUNCTIONS` (5.23); formats/numerics.md says
/// how they are rounded.
package struct RotaryEmbedding: Sendable {
  package let parameters: RotaryParameters
  package let headDimension: Int
  package let maxPositions: Int

  package init(parameters: RotaryParameters, headDimension: Int, maxPositions: Int) {
    self.parameters = parameters
    self.headDimension = headDimension
    self.maxPositions = maxPositions
  }

  /// That of a model.
  package init(_ config: DogeConfig) {
    self.init(
      parameters: config.rope, headDimension: config.headDimension,
      maxPositions: config.maxPositions)
  }

  /// Cosines and sines `[positions, hd/2]` of a call that covers `positions`.
  ///
  /// The length so far, at the call's last token, selects the frequencies of dynamic and
  /// LongRoPE.
  package func table(for positions: Range<Int>) -> (cosine: FloatMatrix, sine: FloatMatrix) {
    table(for: positions, length: positions.upperBound)
  }

  /// Which set of frequencies a call uses that reaches `length`; nil for one of its own.
  func sharedFrequencies(length: Int) -> Bool? {
    switch parameters.scaling {
    case .none, .linear, .yarn, .llama3: false
    case .dynamic: length <= maxPositions ? false : nil
    case .longRope(let long): length > long.originalMaxPositions
    }
  }

  /// The same for positions of any call that reaches `length`.
  func table(
    for positions: Range<Int>, length: Int
  ) -> (cosine: FloatMatrix, sine: FloatMatrix) {
    let half = headDimension / 2
    let (frequencies, scale) = frequencies(length: length)
    let cosine = FloatMatrix(rows: positions.count, columns: half)
    let sine = FloatMatrix(rows: positions.count, columns: half)
    for (row, position) in positions.enumerated() {
      for i in 0..<half {
        let angle = frequencies[i] * Float(position)
        let (s, c) = deterministicSineAndCosine(Double(angle))
        cosine[row][i] = Float(c * scale)
        sine[row][i] = Float(s * scale)
      }
    }
    return (cosine, sine)
  }

  /// The inverse frequencies `[hd/2]` and the factor of cosine and sine for a context of `length`.
  package func frequencies(length: Int) -> (inverse: [Float], scale: Double) {
    switch parameters.scaling {
    case .none: (plain(parameters.theta).map { Float($0) }, 1)
    case .linear(let factor): (plain(parameters.theta).map { Float($0 / factor) }, 1)
    case .dynamic(let factor): (dynamic(factor, length), 1)
    case .yarn(let yarn): (blended(yarn), attentionScale(yarn))
    case .longRope(let long): (divided(long, length), attentionScale(long))
    case .llama3(let llama): (plain(parameters.theta).map { Float(stretched($0, llama)) }, 1)
    }
  }

  /// θ^(-2i/hd).
  private func plain(_ theta: Double) -> [Double] {
    (0..<headDimension / 2).map {
      1 / deterministicPow(theta, Double(2 * $0) / Double(headDimension))
    }
  }

  /// Beyond the maximum, rounded to binary32 in each step as torch does it: at thousands of
  /// positions the rounding of the base alone turns angles by more than the rest of a forward pass.
  private func dynamic(_ factor: Double, _ length: Int) -> [Float] {
    // At hd = 2 the exponent has no value; its only frequency is 1 for any base.
    guard length > maxPositions, headDimension > 2 else {
      return plain(parameters.theta).map { Float($0) }
    }
    let d = Double(headDimension)
    let stretch = Float(factor) * Float(length) / Float(maxPositions) - Float(factor - 1)
    // Of a Python number torch rounds the power alone, not the exponent.
    let growth = Float(deterministicPow(Double(stretch), d / (d - 2)))
    let base = Double(Float(parameters.theta) * growth)
    return (0..<headDimension / 2).map {
      1 / Float(deterministicPow(base, Double(Float(2 * $0) / Float(headDimension))))
    }
  }

  private func blended(_ yarn: YarnScaling) -> [Float] {
    let d = Double(headDimension)
    func dimension(_ rotations: Double) -> Double {
      let wavelengths = Double(yarn.originalMaxPositions) / (rotations * 2 * Double.pi)
      return d * deterministicLog(wavelengths) / (2 * deterministicLog(parameters.theta))
    }
    var low = dimension(yarn.betaFast)
    var high = dimension(yarn.betaSlow)
    if yarn.truncates {
      low.round(.down)
      high.round(.up)
    }
    low = max(low, 0)
    high = min(high, d - 1)
    if low == high { high += 0.001 }
    return plain(parameters.theta).enumerated().map { i, inverse in
      let ramp = min(max((Double(i) - low) / (high - low), 0), 1)
      return Float(inverse / yarn.factor * ramp + inverse * (1 - ramp))
    }
  }

  private func attentionScale(_ yarn: YarnScaling) -> Double {
    func scale(_ factor: Double, _ mscale: Double) -> Double {
      factor <= 1 ? 1 : 0.1 * mscale * deterministicLog(factor) + 1
    }
    if let fixed = yarn.attentionFactor { return fixed }
    guard let mscale = yarn.mscale, let all = yarn.mscaleAllDim else {
      return scale(yarn.factor, 1)
    }
    return scale(yarn.factor, mscale) / scale(yarn.factor, all)
  }

  private func divided(_ long: LongRopeScaling, _ length: Int) -> [Float] {
    let factors = length > long.originalMaxPositions ? long.longFactors : long.shortFactors
    return zip(plain(parameters.theta), factors).map { Float($0 / $1) }
  }

  private func attentionScale(_ long: LongRopeScaling) -> Double {
    if let fixed = long.attentionFactor { return fixed }
    guard long.factor > 1 else { return 1 }
    return (1 + deterministicLog(long.factor) / deterministicLog(Double(long.originalMaxPositions)))
      .squareRoot()
  }

  private func stretched(_ inverse: Double, _ llama: Llama3Scaling) -> Double {
    let wavelength = 2 * Double.pi / inverse
    let context = Double(llama.originalMaxPositions)
    if wavelength < context / llama.highFrequencyFactor { return inverse }
    if wavelength > context / llama.lowFrequencyFactor { return inverse / llama.factor }
    let blend =
      (context / wavelength - llama.lowFrequencyFactor)
      / (llama.highFrequencyFactor - llama.lowFrequencyFactor)
    return (1 - blend) * inverse / llama.factor + blend * inverse
  }
}
