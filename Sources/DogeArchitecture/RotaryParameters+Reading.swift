import JSONCore

/// Reads the rotary parameters as transformers 5.23 standardizes them.
///
/// - `rope_scaling`, unless absent or empty, is taken in place of `rope_parameters`.
/// - The type is `rope_type`, else `type`, else `default`.
/// - The base is the object's `rope_theta`, else the file's, else 10000.
/// - For yarn, longrope and llama3, the original context is the file's
///   `original_max_position_embeddings`, else the object's, else `max_position_embeddings`.
extension RotaryParameters {
  init?(from config: inout ConfigReader, headDimension: Int?, maxPositions: Int?) {
    let scaling = config.optionalObject("rope_scaling").map { ("rope_scaling", $0) }
    let parameters = config.optionalObject("rope_parameters").map { ("rope_parameters", $0) }
    let (key, object) = scaling ?? parameters ?? ("rope_parameters", JSONObject())
    if object.members.contains(where: { $0.value.objectValue != nil }) {
      config.report(.ropePerLayer(key: key))
      return nil
    }

    var reader = ConfigReader(object, prefix: key + ".")
    defer { config.report(reader.problems) }
    let type = (reader.optionalText("rope_type") ?? reader.optionalText("type")) ?? "default"
    // YaRN divides by the base's logarithm.
    let bound = type == "yarn" ? 1 : 0
    let theta =
      reader.value("rope_theta") != nil
      ? reader.number("rope_theta", above: bound)
      : config.number("rope_theta", default: 10000, above: bound)

    let context = RotaryContext(
      headDimension: headDimension, maxPositions: maxPositions,
      originalMaxPositions: RotaryScaling.needsOriginalContext(type)
        ? config.optionalSize("original_max_position_embeddings")
          ?? reader.optionalSize("original_max_position_embeddings") ?? maxPositions
        : nil)
    guard let scaling = RotaryScaling(type: type, from: &reader, context: context), let theta
    else { return nil }
    if scaling != .none {
      let share =
        reader.value("partial_rotary_factor") != nil
        ? reader.optionalNumber("partial_rotary_factor")
        : config.optionalNumber("partial_rotary_factor")
      // The plain type of transformers' Doge does not read it.
      if let share, share != 1 { config.report(.partialRotation(share)) }
    }
    self.init(theta: theta, scaling: scaling)
  }
}

/// What the scaling types need from elsewhere in the file; nil where that is faulty itself.
private struct RotaryContext {
  let headDimension: Int?
  let maxPositions: Int?
  let originalMaxPositions: Int?

  /// The stretch that the two contexts imply.
  var impliedFactor: Double? {
    guard let maxPositions, let originalMaxPositions else { return nil }
    return Double(maxPositions) / Double(originalMaxPositions)
  }
}

extension RotaryScaling {
  fileprivate static func needsOriginalContext(_ type: String) -> Bool {
    ["yarn", "longrope", "llama3"].contains(type)
  }

  fileprivate init?(type: String, from reader: inout ConfigReader, context: RotaryContext) {
    switch type {
    case "default":
      self = .none
    case "linear":
      guard let factor = reader.number("factor") else { return nil }
      self = .linear(factor: factor)
    case "dynamic":
      if let width = context.headDimension, width < 4 {
        reader.report(.headDimensionBelowFour(width))
      }
      guard let factor = reader.number("factor") else { return nil }
      self = .dynamic(factor: factor)
    case "yarn":
      guard let yarn = YarnScaling(from: &reader, context: context) else { return nil }
      self = .yarn(yarn)
    case "longrope":
      guard let longRope = LongRopeScaling(from: &reader, context: context) else { return nil }
      self = .longRope(longRope)
    case "llama3":
      guard let llama3 = Llama3Scaling(from: &reader, context: context) else { return nil }
      self = .llama3(llama3)
    default:
      reader.report(.ropeType(type))
      return nil
    }
  }
}

extension YarnScaling {
  fileprivate init?(from reader: inout ConfigReader, context: RotaryContext) {
    // Only a factor that is written as null is inferred.
    let isInferred = reader.object["factor"]?.isNull == true
    let factor = isInferred ? context.impliedFactor : reader.number("factor")
    let attentionFactor = reader.optionalNumber("attention_factor")
    let betaFast = reader.numberUnlessZero("beta_fast") ?? 32
    let betaSlow = reader.numberUnlessZero("beta_slow") ?? 1
    let mscale = reader.numberUnlessZero("mscale")
    let mscaleAllDim = reader.numberUnlessZero("mscale_all_dim")
    let truncates = reader.flag("truncate", default: reader.object["truncate"] == nil)
    guard let factor, let original = context.originalMaxPositions else { return nil }
    self.init(
      factor: factor, originalMaxPositions: original, attentionFactor: attentionFactor,
      betaFast: betaFast, betaSlow: betaSlow, mscale: mscale, mscaleAllDim: mscaleAllDim,
      truncates: truncates)
  }
}

extension LongRopeScaling {
  fileprivate init?(from reader: inout ConfigReader, context: RotaryContext) {
    let count = context.headDimension.map { $0 / 2 }
    let shortFactors = reader.numbers("short_factor", count: count)
    let longFactors = reader.numbers("long_factor", count: count)
    let factor = reader.optionalNumber("factor") ?? context.impliedFactor
    let attentionFactor = reader.optionalNumber("attention_factor")
    // The attention scaling divides by the logarithm of the original context.
    if let original = context.originalMaxPositions, original < 2 {
      reader.report(
        .outOfRange(
          key: "original_max_position_embeddings", expected: "at least 2", found: "\(original)"))
    }
    guard let shortFactors, let longFactors, let factor,
      let original = context.originalMaxPositions
    else { return nil }
    self.init(
      factor: factor, originalMaxPositions: original, attentionFactor: attentionFactor,
      shortFactors: shortFactors, longFactors: longFactors)
  }
}

extension Llama3Scaling {
  fileprivate init?(from reader: inout ConfigReader, context: RotaryContext) {
    let factor = reader.number("factor")
    let low = reader.number("low_freq_factor")
    let high = reader.number("high_freq_factor")
    guard let factor, let low, let high, let original = context.originalMaxPositions
    else { return nil }
    if high <= low { reader.report(.frequencyBands(low: low, high: high)) }
    self.init(
      factor: factor, originalMaxPositions: original, lowFrequencyFactor: low,
      highFrequencyFactor: high)
  }
}
