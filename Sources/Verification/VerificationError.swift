import Diagnostics

/// Why a comparison cannot be made.
public enum VerificationError: Error, Equatable, Sendable {
  /// The models do not have the same vocabulary.
  case vocabulariesDiffer(reference: Int, candidate: Int)
  /// The models do not have the same blocks: layers and hidden size of each.
  case layersDiffer(reference: [Int], candidate: [Int])
  /// The models do not consist of the same tensors, so none can stand for the other's.
  case tensorsDiffer(reference: String, candidate: String)
  /// A file of tokens is not an array of ids, or of such arrays.
  case badTokens(path: String, detail: String)
  /// A golden file lacks a tensor, or has it in another shape or type.
  case badGolden(path: String, tensor: String, expected: String, found: String)
  /// A lone array of logits is given without its tokens, or a file that holds them with others.
  case goldenTokens(path: String, areNeeded: Bool)
  /// A text does not fill one window.
  case textTooShort(path: String, tokens: Int, needed: Int)
  /// Logits or hidden states at a position are infinite or not numbers; both count from 0.
  case notFinite(path: String, what: String, sequence: Int, position: Int)
  /// No token follows another one.
  case nothingToScore
  /// A file of gates has an unknown key or a value that is no number.
  case badGates(path: String, detail: String)
  /// A report that is no baseline for this run.
  case badBaseline(path: String, detail: String)
}

extension VerificationError: Diagnosable {
  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .vocabulariesDiffer(let reference, let candidate):
      Diagnostic(
        .badData, code: "verify.vocabularies-differ",
        "the reference has \(reference) tokens in its vocabulary, the candidate \(candidate)",
        hint: "Compare two versions of the same model.")
    case .layersDiffer(let reference, let candidate):
      Diagnostic(
        .badData, code: "verify.layers-differ",
        "the reference has \(reference[0]) layers of hidden size \(reference[1]), the candidate "
          + "\(candidate[0]) of \(candidate[1])",
        hint: "Compare two versions of the same model, or leave the layers out.")
    case .tensorsDiffer(let reference, let candidate):
      Diagnostic(
        .badData, code: "verify.tensors-differ",
        "'\(escaped(candidate))' does not consist of the tensors of '\(escaped(reference))'",
        path: candidate, hint: "Ablate a model that was made of the reference.")
    case .badTokens(let path, let detail):
      Diagnostic(
        .badData, code: "verify.bad-tokens", detail, path: path,
        hint: "Give a JSON array of token ids, or an array of such arrays.")
    case .badGolden(let path, let tensor, let expected, let found):
      Diagnostic(
        .badData, code: "verify.bad-golden",
        "golden tensor \(tensor) is \(found), expected \(expected)", path: path, tensor: tensor,
        hint: "formats/golden.md says what a golden file holds; 'help verify' is brief about it.")
    case .goldenTokens(let path, true):
      Diagnostic(
        .usage, code: "verify.golden-without-tokens",
        "'\(escaped(path))' holds an array of logits, but not their tokens", path: path,
        hint: "Give the tokens with --tokens, or save both with numpy.savez.")
    case .goldenTokens(let path, false):
      Diagnostic(
        .usage, code: "verify.golden-with-tokens",
        "'\(escaped(path))' holds its tokens itself, as input_ids", path: path,
        hint: "Leave --tokens out.")
    case .textTooShort(let path, let tokens, let needed):
      Diagnostic(
        .badData, code: "verify.text-too-short",
        "the text has \(tokens) tokens, expected at least \(needed), which fill one window",
        path: path, hint: "Give a longer text or a smaller --context.")
    case .notFinite(let path, let what, let sequence, let position):
      Diagnostic(
        .badData, code: "verify.not-finite",
        "the \(what) of '\(escaped(path))' are infinite or not numbers, first at position "
          + "\(position) of sequence \(sequence)", path: path,
        hint: "Check what they come from; 'inspect --stats' shows a model's weights.")
    case .nothingToScore:
      Diagnostic(
        .badData, code: "verify.nothing-to-score", "there is no token that follows another one",
        hint: "Give sequences of at least two tokens, or three where only second halves count.")
    case .badGates(let path, let detail):
      Diagnostic(
        .badData, code: "verify.bad-gates", detail, path: path,
        hint: "Give a JSON object with some of "
          + Gate.Measure.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    case .badBaseline(let path, let detail):
      Diagnostic(
        .badData, code: "verify.bad-baseline", detail, path: path,
        hint: "Give what `verify --json` wrote of the same reference and tokens.")
    }
  }
}
