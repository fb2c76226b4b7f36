import JSONCore

/// A chat template: the Jinja source that turns a conversation into a model's prompt.
///
/// Renders byte for byte what transformers' `apply_chat_template` renders, with its settings:
/// jinja2's immutable sandbox, `trim_blocks` and `lstrip_blocks`, loop controls and `generation`
/// blocks. A template can neither hang nor exhaust the process: `TemplateLimits` says how much
/// it may use.
public struct ChatTemplate: Sendable {
  /// What a render may use.
  public var limits: TemplateLimits

  private let source: TemplateSource
  private let root: Block
  private let names: [String]

  /// Reads a template.
  ///
  /// - Parameters:
  ///   - source: the text of the template.
  ///   - limits: how large the source may be and how deep it may nest, and the limits of renders.
  /// - Throws: `TemplateError` with line and column for what jinja2 would refuse, and for what
  ///   this interpreter doesn't do.
  public init(source: String, limits: TemplateLimits = TemplateLimits()) throws(TemplateError) {
    guard source.utf8.count <= limits.sourceBytes else {
      throw .sourceTooLong(bytes: source.utf8.count, limit: limits.sourceBytes)
    }
    self.limits = limits
    self.source = TemplateSource(source)
    var parser = try Parser(self.source, limits)
    root = try parser.parse()
    names = parser.names
  }

  /// Renders with variables.
  ///
  /// - Parameters:
  ///   - variables: what the template finds under its names; they hide the built-in functions.
  ///   - strftime: the current time in a format of C's `strftime`, for `strftime_now`.
  /// - Returns: the text.
  /// - Throws: `TemplateError` with the place in the source.
  public func render(
    _ variables: JSONObject, strftime: @escaping (String) -> String
  ) throws(TemplateError) -> String {
    var globals: [String: Value] = [:]
    for member in variables.members {
      do {
        globals[member.key] = try Value(member.value, depth: limits.valueDepth / 2)
      } catch {
        throw .invalidVariable(member.key, reason: "is nested too deep")
      }
    }
    let renderer = Renderer(
      limits: limits, globals: names.map { globals[$0] ?? Renderer.builtin($0) },
      names: names, strftime: strftime)
    defer { renderer.releaseObjects() }
    do {
      return try renderer.render(root)
    } catch {
      throw error.error(at: source.position(of: renderer.place))
    }
  }

  /// Renders a conversation as `apply_chat_template` does.
  ///
  /// - Throws: `TemplateError` with the place in the source, or about what isn't a conversation.
  public func render(
    _ conversation: Conversation, strftime: @escaping (String) -> String
  ) throws(TemplateError) -> String {
    try render(try conversation.templateVariables(), strftime: strftime)
  }
}
