/// What went wrong, in the words and the exit code that a user sees.
///
/// Every module's error enum becomes one of these in exactly one place, its `diagnostic`; only
/// the command line renders them.
public struct Diagnostic: Error, Equatable, Sendable {
  /// The class of a failure; the raw value is the process's exit code.
  public enum Kind: Int32, Sendable {
    case usage = 64
    case badData = 65
    case missingInput = 66
    case unsupported = 69
    case internalError = 70
    case cannotCreate = 73
    case inputOutput = 74
    case interrupted = 130
  }

  /// The class of the failure, and with it the exit code.
  public var kind: Kind
  /// A stable identifier for scripts, such as `safetensors.duplicate-name`.
  public var code: String
  /// One sentence: what is wrong, where, what was expected and what was found.
  public var message: String
  /// The file that the message is about.
  public var path: String?
  /// The tensor that the message is about.
  public var tensor: String?
  /// What to do about it.
  public var hint: String?

  /// Makes a diagnostic; every part but the first three may be left out.
  public init(
    _ kind: Kind, code: String, _ message: String, path: String? = nil, tensor: String? = nil,
    hint: String? = nil
  ) {
    self.kind = kind
    self.code = code
    self.message = message
    self.path = path
    self.tensor = tensor
    self.hint = hint
  }
}

/// An error that knows how it is told to a user.
public protocol Diagnosable: Error {
  /// The error in words, with its exit code.
  var diagnostic: Diagnostic { get }
}

extension Diagnostic: Diagnosable {
  /// The diagnostic itself.
  public var diagnostic: Diagnostic { self }
}
