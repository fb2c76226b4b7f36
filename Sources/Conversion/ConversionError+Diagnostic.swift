import Diagnostics
import Quantization
import TensorCore

extension ConversionError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .alreadyQuantized(let path, let tensor, let type):
      Diagnostic(
        .badData, code: "conversion.already-quantized",
        "the input is quantized already: \(escaped(tensor)) is \(type.name)", path: path,
        tensor: tensor, hint: "Quantize the original checkpoint, or a float .kibble file of it.")
    case .groupSize(let size):
      Diagnostic(
        .usage, code: "conversion.group-size", "--group-size is \(size), expected 32, 64 or 128")
    case .ruleType(let rule):
      Diagnostic(
        .usage, code: "conversion.rule-type",
        "the rule '\(escaped(rule))' has no type that a tensor can have")
    case .ruleGroupSize(let rule):
      Diagnostic(
        .usage, code: "conversion.rule-group-size",
        "the rule '\(escaped(rule))' must have a group size of 32, 64 or 128, and that only with "
          + "a quantized type")
    case .unmatchedRule(let pattern, let spelling):
      Diagnostic(
        .usage, code: "conversion.unmatched-rule",
        "the pattern '\(escaped(pattern))' matches no tensor's name in the current layout",
        hint: spelling.map {
          "\($0.other) is called \($0.current) there. `kibble inspect` lists the names."
        } ?? "`kibble inspect` lists the names.")
    case .quantizedVector(let rule, let tensor):
      Diagnostic(
        .usage, code: "conversion.quantized-vector",
        "the rule '\(escaped(rule))' matches \(tensor), a vector: only matrices can be quantized",
        tensor: tensor, hint: "Narrow the pattern, for example to '*_proj.weight'.")
    case .bandRows(let tensor, let row, let rows):
      Diagnostic(
        .usage, code: "conversion.band-rows",
        "a rule has a band from row \(row) on for \(tensor), which has \(rows) rows",
        tensor: tensor, hint: "Use the recipe with a model of the shape that it was made for.")
    case .orderedRows(let tensor, let ordered, let rows):
      Diagnostic(
        .usage, code: "conversion.band-rows",
        "a rule names the bands of \(ordered) rows for \(tensor), which has \(rows) rows",
        tensor: tensor, hint: "Use the recipe with a model of the shape that it was made for.")
    case .tooManyBands(let tensor, let bands, let limit):
      Diagnostic(
        .usage, code: "conversion.too-many-bands",
        "\(tensor) is in \(bands) bands, expected at most \(limit) where rows of any matrix are in an "
          + "order of their own", tensor: tensor, hint: "Give its rule fewer bands.")
    case .noRule(let tensor):
      Diagnostic(
        .usage, code: "conversion.no-rule",
        "the recipe's type is mixed, but no rule gives \(tensor) a type", tensor: tensor,
        hint: "Add a rule with the tensor's name as its pattern.")
    case .budgetTooSmall(let budget, let smallest):
      Diagnostic(
        .usage, code: "conversion.budget-too-small",
        "no types fit into \(budget.text): the smallest file has \(smallest.rounded.text)")
    case .tooLarge(let path, let tensor, let shape):
      Diagnostic(
        .unsupported, code: "conversion.too-large",
        "\(escaped(tensor)) of shape \(shape) is larger than a .kibble file can hold", path: path,
        tensor: tensor)
    default: executionDiagnostic
    }
  }

  private var executionDiagnostic: Diagnostic {
    switch self {
    case .notFinite(let values):
      Self.notFinite(values)
    case .headDiffers(let path, let head, let embedding, let index, let headValue, let value):
      Diagnostic(
        .badData, code: "conversion.head-differs",
        "config.json ties head and embedding, but \(escaped(head)) differs from "
          + "\(escaped(embedding)): at \(index) it is \(headValue), not \(value)", path: path,
        tensor: head,
        hint: "Set tie_word_embeddings to false in config.json to keep the head, or remove it.")
    case .overflow(let path, let tensor, let index, let value, let type):
      Diagnostic(
        .badData, code: "conversion.overflow",
        "\(escaped(tensor)) holds \(value) at \(index), too large for \(type.name)", path: path,
        tensor: tensor,
        hint: type == .f16 ? "Use bf16 or f32, for this tensor or for all." : "Use f32.")
    case .notWeights(let path, let tensor, let type):
      Diagnostic(
        .unsupported, code: "conversion.not-weights",
        "\(escaped(tensor)) is of type \(type.rawValue), whose values are not compared", path: path,
        tensor: tensor, hint: "--headers compares names, shapes and types alone.")
    case .exportType(let type):
      Diagnostic(
        .usage, code: "conversion.export-type", "--dtype is \(type.name), expected f32, f16 or bf16"
      )
    case .notInCurrentLayout(let path, let what):
      Diagnostic(
        .unsupported, code: "conversion.not-in-current-layout",
        "the model has \(escaped(what)), which transformers' own layout cannot express", path: path,
        hint: "Leave --layout away to export it in its own layout.")
    case .outputNotFolder(let path):
      Diagnostic(
        .cannotCreate, code: "conversion.output-not-folder",
        "the output '\(escaped(path))' exists and is not a folder", path: path,
        hint: "Give the path of a folder.")
    case .folderExists(let path):
      Diagnostic(
        .cannotCreate, code: "conversion.folder-exists",
        "the output folder '\(escaped(path))' exists already", path: path,
        hint: "Give --force to replace it.")
    case .folderHoldsOthers(let path, let name):
      Diagnostic(
        .cannotCreate, code: "conversion.folder-holds-others",
        "the output folder '\(escaped(path))' holds '\(escaped(name))', which no export writes",
        path: path, hint: "Give the path of a new folder.")
    default:
      Diagnostic(.internalError, code: "conversion.unknown", "an unknown conversion error")
    }
  }

  private static func notFinite(_ values: [NonFiniteValue]) -> Diagnostic {
    let shown = values.prefix(20).map { "\(escaped($0.tensor)) \($0.index) is \($0.value)" }
    let rest = values.count > shown.count ? "; and \(values.count - shown.count) more tensors" : ""
    return Diagnostic(
      .badData, code: "conversion.not-finite",
      (values.count == 1 ? "a weight is not finite: " : "weights are not finite: ")
        + shown.joined(separator: "; ") + rest, path: values.first?.path,
      tensor: values.first?.tensor, hint: "The checkpoint is damaged; download it again.")
  }
}

extension SizeBudget {
  /// The budget as part of a sentence.
  fileprivate var text: String {
    switch self {
    case .fileBytes(let bytes): "\(bytes) bytes"
    case .bitsPerWeight(let bits): "\(bits) bits per weight"
    }
  }

  /// A budget of few digits that is enough.
  fileprivate var rounded: SizeBudget {
    switch self {
    case .fileBytes: self
    case .bitsPerWeight(let bits): .bitsPerWeight((bits * 1000).rounded(.up) / 1000)
    }
  }
}
