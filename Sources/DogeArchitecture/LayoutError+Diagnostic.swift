import Diagnostics
import TensorCore

extension LayoutError: Diagnosable {
  /// The error in words; the path of the checkpoint is for the caller to add.
  public var diagnostic: Diagnostic {
    switch self {
    case .unsupported(let layout):
      return layout.diagnostic
    case .mismatch(let problems):
      if case .prefix? = problems.first {
        return Diagnostic(
          .badData, code: problems[0].code, problems[0].sentence,
          hint: "Save the model again without the wrapper, or take the words off the names.")
      }
      let typesOnly = problems.allSatisfy { $0.code == LayoutProblem.typeCode }
      return Diagnostic(
        typesOnly ? .unsupported : .badData, code: problems.first?.code ?? "layout.mismatch",
        listed(problems, heading: "tensors and config.json differ in \(problems.count) ways:"),
        tensor: problems.first?.tensor.map(escaped),
        hint: typesOnly
          ? "Save the weights as float32, float16 or bfloat16."
          : "Check that config.json is the one that was published with these weights, and that "
            + "the download is complete.")
    }
  }
}

extension LayoutProblem: Problem {
  static let typeCode = "layout.unsupported-type"

  var code: String {
    switch self {
    case .prefix: "layout.prefix"
    case .missing: "layout.missing-tensor"
    case .unexpected: "layout.unexpected-tensor"
    case .repeated: "layout.repeated-tensor"
    case .wrongShape: "layout.wrong-shape"
    case .unsupportedType: Self.typeCode
    }
  }

  var plural: String {
    switch self {
    case .prefix: "prefixes"
    case .missing: "missing tensors"
    case .unexpected: "unexpected tensors"
    case .repeated: "repeated tensors"
    case .wrongShape: "tensors of another shape"
    case .unsupportedType: "tensors of an unsupported type"
    }
  }

  var sentence: String {
    switch self {
    case .prefix(let prefix):
      "the names of all tensors begin with \(quoted(prefix)), which no Doge's do: a wrapper of "
        + "the trainer's was saved with the model"
    case .missing(let name, let shape):
      "tensor \(quoted(name)) is missing: config.json calls for it, with shape \(shape)"
    case .unexpected(let name):
      "tensor \(quoted(name)) is unexpected: config.json does not call for it"
    case .repeated(let name):
      "tensor \(quoted(name)) occurs more than once"
    case .wrongShape(let name, let expected, let found):
      "tensor \(quoted(name)) has shape \(found), but config.json calls for \(expected)"
    case .unsupportedType(let name, let found):
      "tensor \(quoted(name)) has elements of type \(found.rawValue): kibble reads weights of "
        + "type F32, F16, BF16 and F64"
    }
  }

  /// The tensor that the problem is about.
  public var tensor: String? {
    switch self {
    case .prefix: nil
    case .missing(let name, _), .unexpected(let name), .repeated(let name),
      .wrongShape(let name, _, _), .unsupportedType(let name, _):
      name
    }
  }
}

extension UnsupportedLayout {
  fileprivate var diagnostic: Diagnostic {
    switch self {
    case .innerFunction(let tensor):
      refusal(
        "layout.inner-function", tensor,
        "the checkpoint is a Doge of the first generation (November 2024, inner function "
          + "attention), which kibble does not support",
        "Use a newer revision of the repository (January 2025 or later).")
    case .hardMask(let tensor):
      refusal(
        "layout.hard-mask", tensor,
        "the checkpoint is a Doge of the second generation (December 2024, a hard mask), which "
          + "kibble does not support",
        "Use a newer revision of the repository (January 2025 or later).")
    case .hardMaskGroupedQueries(let tensor):
      refusal(
        "layout.hard-mask-grouped-queries", tensor,
        "the checkpoint is a Doge of the second generation with grouped queries (December 2024 "
          + "to January 2025, a hard mask), which kibble does not support",
        "Use a newer revision of the repository (mid-January 2025 or later).")
    case .productKeyExperts(let tensor):
      refusal(
        "layout.product-key-experts", tensor,
        "the checkpoint finds its experts by product keys (before mid-March 2025), which kibble "
          + "does not support",
        "Use a newer revision, with router_gate tensors.")
    case .sequenceClassification(let tensor):
      refusal(
        "layout.sequence-classification", tensor,
        "the checkpoint classifies sequences; kibble reads language models",
        "Use the causal language model that the classifier was made from.")
    case .quantized(let tensor):
      refusal(
        "layout.already-quantized", tensor,
        "the checkpoint is already quantized: its weights cannot be read exactly",
        "Use the original float checkpoint.")
    case .maskRatio(let ratio):
      refusal(
        "layout.mask-ratio", nil,
        "the checkpoint masks a share of its keys (dynamic_mask_ratio \(ratio)), a rule of early "
          + "2025 that kibble does not support", nil)
    case .noDynamicMask:
      refusal(
        "layout.no-dynamic-mask", nil,
        "the checkpoint was trained without the dynamic mask (is_causal true under the old "
          + "names), which kibble does not support", nil)
    }
  }

  private func refusal(_ code: String, _ tensor: String?, _ what: String, _ hint: String?)
    -> Diagnostic
  {
    let evidence = tensor.map { ": it has a tensor \(quoted($0))" } ?? ""
    return Diagnostic(
      .unsupported, code: code, what + evidence, tensor: tensor.map(escaped), hint: hint)
  }
}
