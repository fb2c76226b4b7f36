/// Something that a user should know and that ends nothing: so it has no exit code.
public struct Warning: Equatable, Sendable {
  /// A stable identifier for scripts, such as `plot.no-room`.
  public var code: String
  /// One sentence: what is odd, and where.
  public var message: String
  /// The file that the message is about.
  public var path: String?
  /// The tensor that the message is about.
  public var tensor: String?
  /// What to do about it.
  public var hint: String?

  /// Makes a warning; every part but the first two may be left out.
  public init(
    code: String, _ message: String, path: String? = nil, tensor: String? = nil,
    hint: String? = nil
  ) {
    self.code = code
    self.message = message
    self.path = path
    self.tensor = tensor
    self.hint = hint
  }

  /// What an error says, where the run goes on behind it.
  public init(_ diagnostic: Diagnostic) {
    self.init(
      code: diagnostic.code, diagnostic.message, path: diagnostic.path, tensor: diagnostic.tensor,
      hint: diagnostic.hint)
  }
}
