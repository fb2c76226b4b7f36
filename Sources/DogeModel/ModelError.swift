import Diagnostics

/// Why a file holds no model that can run, or a call cannot be made.
///
/// `path` is the file.
public enum ModelError: Error, Equatable, Sendable {
  /// The file has no config.json or no layout in its metadata.
  case noDescription(path: String, missing: String)
  /// A tensor that the config calls for is not there.
  case missingTensor(path: String, tensor: String)
  /// A tensor that the config does not call for is there.
  case unexpectedTensor(path: String, tensor: String)
  /// A tensor has another shape than the config calls for.
  case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
  /// A multiplied matrix does not lie in tiles, or a table does.
  case wrongArrangement(path: String, tensor: String)
  /// A token is not in the vocabulary.
  case tokenOutOfRange(token: Int, position: Int, vocabulary: Int)
  /// A call would go beyond the cache's maximum.
  case contextFull(used: Int, added: Int, maximum: Int)
}

extension ModelError: Diagnosable {
  /// The error in words.
  public var diagnostic: Diagnostic {
    let again = "Convert the checkpoint again with this version of kibble."
    switch self {
    case .noDescription(let path, let missing):
      return Diagnostic(
        .badData, code: "model.no-description", "the file has no \(escaped(missing))", path: path,
        hint: again)
    case .missingTensor(let path, let tensor):
      return Diagnostic(
        .badData, code: "model.missing-tensor", "the file has no \(escaped(tensor))", path: path,
        tensor: tensor, hint: again)
    case .unexpectedTensor(let path, let tensor):
      return Diagnostic(
        .badData, code: "model.unexpected-tensor",
        "the file's config does not call for \(escaped(tensor))", path: path, tensor: tensor,
        hint: again)
    case .wrongShape(let path, let tensor, let expected, let found):
      return Diagnostic(
        .badData, code: "model.wrong-shape",
        "\(escaped(tensor)) has shape \(found), the config calls for \(expected)", path: path,
        tensor: tensor, hint: again)
    case .wrongArrangement(let path, let tensor):
      return Diagnostic(
        .badData, code: "model.wrong-arrangement",
        "\(escaped(tensor)) does not lie as its use wants it", path: path, tensor: tensor,
        hint: again)
    case .tokenOutOfRange(let token, let position, let vocabulary):
      return Diagnostic(
        .badData, code: "model.token-out-of-range",
        "token \(token) at position \(position) is outside the vocabulary, 0 ... \(vocabulary - 1)",
        hint: "Use ids made by this model's tokenizer.")
    case .contextFull(let used, let added, let maximum):
      return Diagnostic(
        .badData, code: "model.context-full",
        "the context holds \(used) tokens and takes at most \(maximum): \(added) more do not fit",
        hint: "Shorten the input, or raise --context.")
    }
  }
}
