import Diagnostics

/// How positions turn into rotations: the base and what is done to stretch the context.
///
/// The fields are those of transformers' `rope_parameters` (5.23, `modeling_rope_utils.py`) after
/// its standardization. With hd the head dimension and θ the base, the plain inverse frequencies
/// are inv_i = θ^(−2i/hd) for i in 0 ..< hd/2, and dimension i is rotated together with i + hd/2.
public struct RotaryParameters: Equatable, Sendable {
  /// The base of the geometric series of wavelengths, θ (`rope_theta`, by default 10000).
  public let theta: Double
  /// What is done to the plain frequencies.
  public let scaling: RotaryScaling

  /// The longest context that the parameters are meant for, of a model whose config has
  /// `maxPositions`.
  ///
  /// As transformers has it, a factor lets a model take factor times the positions that it was
  /// trained with. Where the config counts these already, its number stands.
  ///
  /// - Parameter maxPositions: `max_position_embeddings`, which is the least.
  /// - Returns: positions.
  public func longestContext(maxPositions: Int) -> Int {
    let (factor, original) =
      switch scaling {
      case .none: (1.0, maxPositions)
      case .linear(let factor), .dynamic(let factor): (factor, maxPositions)
      case .yarn(let yarn): (yarn.factor, yarn.originalMaxPositions)
      case .longRope(let long): (long.factor, long.originalMaxPositions)
      case .llama3(let llama): (llama.factor, llama.originalMaxPositions)
      }
    let stretched = min(factor * Double(original), Double(Limits.configSize))
    return max(maxPositions, Int(stretched))
  }

  /// Makes rotary parameters; their ranges are for the caller to see to.
  public init(theta: Double = 10000, scaling: RotaryScaling = .none) {
    self.theta = theta
    self.scaling = scaling
  }
}

/// The ways to stretch the context that transformers' Doge knows (`rope_type`).
///
/// M is `maxPositions`. "Attention scaling" multiplies cosine and sine; it is 1 unless said.
public enum RotaryScaling: Equatable, Sendable {
  /// `default`: the plain frequencies.
  case none
  /// `linear`: inv_i / factor.
  case linear(factor: Double)
  /// `dynamic`: the frequencies of θ' = θ · (factor · L / M − (factor − 1))^(hd / (hd − 2)).
  ///
  /// L is the largest of M and the length so far, so nothing changes up to M. The file's
  /// `original_max_position_embeddings` is not used.
  case dynamic(factor: Double)
  /// `yarn`: a blend of inv_i and inv_i / factor.
  case yarn(YarnScaling)
  /// `longrope`: a divisor for each frequency, one set for short texts and one for long ones.
  case longRope(LongRopeScaling)
  /// `llama3`: long wavelengths are stretched, short ones kept, those between blended.
  case llama3(Llama3Scaling)
}

/// The parameters of YaRN.
///
/// With c(r) = hd · ln(M0 / (2πr)) / (2 ln θ), low = c(betaFast) and high = c(betaSlow), rounded
/// down and up where `truncates`, then limited to [0, hd − 1]: ramp_i = clamp((i − low) /
/// (high − low), 0, 1), where high grows by 0.001 if it equals low; the frequency is
/// inv_i / factor · ramp_i + inv_i · (1 − ramp_i).
///
/// Attention scaling is `attentionFactor`, or else m(factor, mscale) / m(factor, mscaleAllDim)
/// where both are given, or else m(factor, 1); m(f, s) is 0.1 · s · ln f + 1 for f > 1, else 1.
public struct YarnScaling: Equatable, Sendable {
  /// The stretch, `factor`; the ratio of M to M0 where the file has null.
  public let factor: Double
  /// The context before stretching, M0 (`original_max_position_embeddings`).
  public let originalMaxPositions: Int
  /// The attention scaling, where the file fixes it.
  public let attentionFactor: Double?
  /// Rotations within M0 above which a frequency is kept; 32 where absent or 0.
  public let betaFast: Double
  /// Rotations within M0 below which a frequency is stretched in full; 1 where absent or 0.
  public let betaSlow: Double
  /// The numerator's part of the attention scaling; nil where absent or 0.
  public let mscale: Double?
  /// The denominator's part of the attention scaling; nil where absent or 0.
  public let mscaleAllDim: Double?
  /// Whether the ramp's ends are rounded to whole dimensions; true unless the file has false or
  /// null.
  public let truncates: Bool

  /// Makes YaRN's parameters, with the defaults that absent keys have.
  public init(
    factor: Double, originalMaxPositions: Int, attentionFactor: Double? = nil,
    betaFast: Double = 32, betaSlow: Double = 1, mscale: Double? = nil,
    mscaleAllDim: Double? = nil, truncates: Bool = true
  ) {
    self.factor = factor
    self.originalMaxPositions = originalMaxPositions
    self.attentionFactor = attentionFactor
    self.betaFast = betaFast
    self.betaSlow = betaSlow
    self.mscale = mscale
    self.mscaleAllDim = mscaleAllDim
    self.truncates = truncates
  }
}

/// The parameters of LongRoPE.
///
/// The frequency is inv_i / longFactors[i] when the length so far exceeds M0, else
/// inv_i / shortFactors[i]. Attention scaling is `attentionFactor`, or else 1 for a factor up to
/// 1, or else √(1 + ln factor / ln M0).
public struct LongRopeScaling: Equatable, Sendable {
  /// The stretch, `factor`; the ratio of M to M0 where the file has none.
  ///
  /// Only the attention scaling depends on it.
  public let factor: Double
  /// The context before stretching, M0 (`original_max_position_embeddings`); at least 2.
  public let originalMaxPositions: Int
  /// The attention scaling, where the file fixes it.
  public let attentionFactor: Double?
  /// The divisors up to M0 positions, hd/2 of them.
  public let shortFactors: [Double]
  /// The divisors beyond M0 positions, hd/2 of them.
  public let longFactors: [Double]

  /// Makes LongRoPE's parameters.
  public init(
    factor: Double, originalMaxPositions: Int, attentionFactor: Double? = nil,
    shortFactors: [Double], longFactors: [Double]
  ) {
    self.factor = factor
    self.originalMaxPositions = originalMaxPositions
    self.attentionFactor = attentionFactor
    self.shortFactors = shortFactors
    self.longFactors = longFactors
  }
}

/// The parameters of Llama 3's scaling.
///
/// With the wavelength λ_i = 2π / inv_i: inv_i where λ_i < M0 / highFrequencyFactor,
/// inv_i / factor where λ_i > M0 / lowFrequencyFactor, and between them
/// (1 − s) · inv_i / factor + s · inv_i with s = (M0 / λ_i − low) / (high − low).
public struct Llama3Scaling: Equatable, Sendable {
  /// The stretch of the long wavelengths, `factor`.
  public let factor: Double
  /// The context before stretching, M0 (`original_max_position_embeddings`).
  public let originalMaxPositions: Int
  /// Wavelengths above M0 / this are stretched in full (`low_freq_factor`).
  public let lowFrequencyFactor: Double
  /// Wavelengths below M0 / this are kept (`high_freq_factor`); above `lowFrequencyFactor`.
  public let highFrequencyFactor: Double

  /// Makes the parameters of Llama 3's scaling.
  public init(
    factor: Double, originalMaxPositions: Int, lowFrequencyFactor: Double,
    highFrequencyFactor: Double
  ) {
    self.factor = factor
    self.originalMaxPositions = originalMaxPositions
    self.lowFrequencyFactor = lowFrequencyFactor
    self.highFrequencyFactor = highFrequencyFactor
  }
}
