/// How much a template may ask for; what goes beyond ends with an error.
///
/// Templates come with models from anywhere, so none of them may hang the process or eat its
/// memory. The defaults are far above what real templates and long conversations need.
public struct TemplateLimits: Equatable, Sendable {
  /// Bytes of the template's source.
  public var sourceBytes = 1 << 20
  /// How deep brackets, operators and blocks nest in the source.
  public var nesting = 60
  /// Nodes evaluated in one render, and the work inside of filters in units of the same order.
  public var steps = 5_000_000
  /// How deep evaluation nests: expressions and blocks, and the macros that call each other.
  public var depth = 250
  /// Bytes of the rendered text.
  public var outputBytes = 16 << 20
  /// Bytes of one string, and a sixteenth of it the elements of one list.
  public var valueBytes = 16 << 20
  /// Bytes of all strings and lists that one render makes.
  public var totalBytes = 256 << 20
  /// How deep lists and mappings nest.
  public var valueDepth = 160
  /// Numbers in one `range`, as in jinja2's sandbox.
  public var rangeLength = 100_000

  /// The default limits.
  public init() {}
}

/// A limit of `TemplateLimits`, named in an error.
public enum TemplateLimit: String, Equatable, Sendable {
  /// Nodes evaluated in one render.
  case steps
  /// Nested evaluation.
  case depth
  /// Bytes of the rendered text.
  case outputBytes
  /// Bytes of one string or list.
  case valueBytes
  /// Bytes of all strings and lists.
  case totalBytes
  /// Nested lists and mappings.
  case valueDepth
  /// Numbers in one `range`.
  case rangeLength
}
