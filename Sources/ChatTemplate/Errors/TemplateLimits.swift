import Diagnostics

/// How much a template may ask for; what goes beyond ends with an error.
///
/// Templates come with models from anywhere, so none of them may hang the process or eat its
/// memory. The defaults are far above what real templates and long conversations need.
public struct TemplateLimits: Equatable, Sendable {
  /// Bytes of the template's source.
  public var sourceBytes = Limits.templateSource
  /// How deep brackets, operators and blocks nest in the source.
  public var nesting = Limits.templateNesting
  /// Nodes evaluated in one render, and the work inside of filters in units of the same order.
  public var steps = Limits.templateSteps
  /// How deep evaluation nests: expressions and blocks, and the macros that call each other.
  public var depth = Limits.templateDepth
  /// Bytes of the rendered text.
  public var outputBytes = Limits.templateOutput
  /// Bytes of one string, and a sixteenth of it the elements of one list.
  public var valueBytes = Limits.templateValue
  /// Bytes of all strings and lists that one render makes.
  public var totalBytes = Limits.templateTotal
  /// How deep lists and mappings nest.
  public var valueDepth = Limits.templateValueDepth
  /// Numbers in one `range`, as in jinja2's sandbox.
  public var rangeLength = Limits.templateRange

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
