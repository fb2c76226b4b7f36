import Diagnostics
import DogeArchitecture
import JSONCore

/// Why a checkpoint or a `.kibble` file is no model that can be opened.
///
/// `path` is a file or folder.
public enum ModelFileError: Error, Equatable, Sendable {
  /// config.json is not JSON.
  case configNotJSON(path: String, JSONError)
  /// config.json does not describe a model that can be read.
  case config(path: String, ConfigError)
  /// The checkpoint's tensors are not those that its config calls for.
  case layout(path: String, LayoutError)
  /// A `.kibble` file's metadata are not as this program writes them.
  case metadata(path: String, field: String, found: String, expected: String)
  /// A `.kibble` file has more or fewer tensors than its config calls for.
  case storedTensors(path: String, expected: Int, found: Int)
  /// A tensor of a `.kibble` file is not the one that belongs in its place.
  case storedTensor(path: String, tensor: String, expected: String, shape: [Int])
  /// What a `.kibble` file says of the order of a tensor's rows does not fit its bands; of nil, it
  /// goes on behind the last one.
  case rowOrder(path: String, tensor: String?)
  /// A chat template has a name that a `.kibble` file cannot hold.
  case templateName(path: String)
}

extension ModelFileError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    let again = "Convert the checkpoint again."
    // The codes are older than this module, and scripts know them.
    switch self {
    case .configNotJSON(let path, let error):
      return error.diagnostic(path: path)
    case .config(let path, let error):
      return error.diagnostic.at(path)
    case .layout(let path, let error):
      return error.diagnostic.at(path)
    case .metadata(let path, let field, let found, let expected):
      return Diagnostic(
        .badData, code: "conversion.metadata",
        "the file's metadata are damaged: \(escaped(field)) is \(escaped(found)), "
          + "expected \(escaped(expected))", path: path, hint: again)
    case .templateName(let path):
      return Diagnostic(
        .unsupported, code: "conversion.template-name",
        "the name of the chat template is too long, or has other characters than ASCII without "
          + "spaces, and a .kibble file cannot hold it", path: path, hint: "Rename the file.")
    case .storedTensors(let path, let expected, let found):
      return Diagnostic(
        .badData, code: "conversion.tensor-count",
        "the file has \(found) tensors, its config calls for \(expected)", path: path, hint: again)
    case .rowOrder(let path, let tensor):
      return Diagnostic(
        .badData, code: "conversion.row-order",
        tensor.map {
          "kibble.rows does not give each band of \(escaped($0)) as many rows as it has"
        }
          ?? "kibble.rows goes on behind the last matrix in bands", path: path, tensor: tensor,
        hint: again)
    case .storedTensor(let path, let tensor, let expected, let shape):
      return Diagnostic(
        .badData, code: "conversion.wrong-tensor",
        "the file holds \(escaped(tensor)) where its config calls for \(expected) of shape "
          + "\(shape), laid out for its use", path: path, tensor: tensor, hint: again)
    }
  }
}

extension Diagnostic {
  /// The same with the path, where there is none.
  fileprivate func at(_ path: String) -> Diagnostic {
    var copy = self
    copy.path = copy.path ?? path
    return copy
  }
}
