import JSONCore
import Kernels
import ModelFile
import TensorCore
import ToolSupport
import Verification

/// An export beside the model that it was made of.
struct ExportVerification {
  /// What logits of an export in float32 may differ by: rounding in another order.
  static let limit = 5e-4

  private let statistics: ComparisonStatistics
  private let input: VerificationInput
  /// Whether the logits are the same; nil where the weights were rounded.
  let passed: Bool?

  /// Runs both on the built-in text.
  init(
    of folder: String, _ type: WeightType, against model: StoredModel, at path: String,
    _ runtime: Runtime, _ context: CommandContext
  ) throws {
    input = try VerificationInput.builtIn([path], config: model.config)
    statistics = try Verifier(
      reference: runtime.model(model, mode: .exact), candidates: [runtime.model(folder)],
      compute: runtime.compute
    ).run(input.sequences, scoring: input.scoring, progress: context.progress)[0].statistics
    passed = type == .f32 ? statistics.maxAbsDifference <= Self.limit : nil
  }

  var json: JSON {
    [
      "input": input.json, "tokens": JSON(statistics.tokens),
      "max_abs_diff": JSON(statistics.maxAbsDifference),
      "kld": ["mean": JSON(statistics.kld.mean.value), "max": JSON(statistics.kld.max)],
      "top1_agreement": JSON(statistics.overlap.top1.value),
      "top1_disagreements_beyond_margin": JSON(statistics.top1Disagreements),
      "passed": passed.map { JSON($0) } ?? .null,
    ]
  }

  var text: String {
    let verdict =
      switch passed {
      case nil: ""
      case true?: ": the same model"
      case false?: ": not the same model, for which at most \(Self.limit) is allowed"
      }
    return "\(input.summary): max |Δ logit| "
      + "\(NumberFormat.significant(statistics.maxAbsDifference, 2)), mean KLD "
      + "\(NumberFormat.significant(statistics.kld.mean.value, 2)), same top token "
      + NumberFormat.percent(statistics.overlap.top1.value) + verdict
  }
}
