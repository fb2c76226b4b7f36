/// One render of a template: its output, and what it has used of the limits.
final class Renderer {
  /// What an item of a list counts in bytes.
  static let itemBytes = 24

  let limits: TemplateLimits
  /// The variables given from outside, by the number of their name; nil where there is none.
  let globals: [Value?]
  let names: [String]
  let strftime: (String) -> String

  /// The rendered text, or that of the block that is being captured.
  var output: [UInt8] = []
  /// Where in the source the renderer is, for errors.
  var place = 0

  private var steps = 0
  private var depth = 0
  private var bytes = 0
  private var captured = 0
  private var objects: [any Releasable] = []

  init(
    limits: TemplateLimits, globals: [Value?], names: [String],
    strftime: @escaping (String) -> String
  ) {
    self.limits = limits
    self.globals = globals
    self.names = names
    self.strftime = strftime
  }

  /// Renders a whole template.
  func render(_ root: Block) throws(Fault) -> String {
    let scope = Scope(root.frame, parent: nil)
    scope.start(globals)
    _ = try execute(root.body, scope)
    return String(decoding: output, as: UTF8.self)
  }

  // MARK: Limits

  /// Counts a step.
  func step() throws(Fault) {
    steps &+= 1
    if steps > limits.steps { throw .limit(.steps, limits.steps) }
  }

  /// Counts the work of going through a text; letters outside of ASCII are looked up one by one.
  func charge(work text: Text) throws(Fault) {
    try charge(work: text.isASCII ? text.bytes.count : text.bytes.count &* 16)
  }

  /// Counts the work of looking at so many bytes.
  func charge(work: Int) throws(Fault) {
    steps &+= work >> 5
    if steps > limits.steps { throw .limit(.steps, limits.steps) }
  }

  /// Counts a new value of so many bytes.
  func charge(bytes count: Int) throws(Fault) {
    if count > limits.valueBytes { throw .limit(.valueBytes, limits.valueBytes) }
    bytes &+= count
    if bytes > limits.totalBytes { throw .limit(.totalBytes, limits.totalBytes) }
    try charge(work: count)
  }

  /// Counts a new value of so many bytes, times a factor.
  func charge(product count: Int, _ factor: Int) throws(Fault) {
    let (total, overflow) = count.multipliedReportingOverflow(by: factor)
    if overflow { throw .limit(.valueBytes, limits.valueBytes) }
    try charge(bytes: total)
  }

  /// Goes one level deeper; every recursion goes through here, so that the stack suffices.
  func enter() throws(Fault) {
    depth += 1
    if depth > limits.depth { throw .limit(.depth, limits.depth) }
  }

  func leave() { depth -= 1 }

  // MARK: Values

  /// A list, counted and checked.
  func list(_ items: [Value]) throws(Fault) -> Value { .list(try checked(items)) }

  /// A tuple, counted and checked.
  func tuple(_ items: [Value]) throws(Fault) -> Value { .tuple(try checked(items)) }

  private func checked(_ items: [Value]) throws(Fault) -> ListObject {
    try charge(bytes: items.count * Self.itemBytes)
    let object = ListObject(items)
    try check(depth: object.depth)
    return object
  }

  /// A mapping, counted and checked.
  func checked(_ dict: DictObject) throws(Fault) -> Value {
    try charge(bytes: dict.count * 4 * Self.itemBytes)
    try check(depth: dict.depth)
    return .dict(dict)
  }

  func checked(_ iterator: LazyIterator) throws(Fault) -> Value {
    try check(depth: iterator.depth)
    return .iterator(iterator)
  }

  func check(depth: Int) throws(Fault) {
    if depth > limits.valueDepth { throw .limit(.valueDepth, limits.valueDepth) }
  }

  /// Adds a text to the bytes of one that is being made.
  func append(_ text: Text, to bytes: inout [UInt8]) throws(Fault) {
    bytes += text.bytes
    if bytes.count > limits.valueBytes { throw .limit(.valueBytes, limits.valueBytes) }
  }

  /// A text, counted.
  func text(_ text: Text) throws(Fault) -> Value {
    try charge(bytes: text.bytes.count)
    return .string(text)
  }

  // MARK: Objects that may hold each other

  /// Counts an object and takes note of it for the end of the render.
  func register<Object: Releasable>(_ object: Object) throws(Fault) -> Object {
    try charge(bytes: 8 * Self.itemBytes)
    objects.append(object)
    return object
  }

  /// Cuts what objects hold of each other, one by one: chains of them may be long.
  func releaseObjects() {
    for object in objects { object.release() }
  }

  // MARK: Output

  /// Runs a closure and gives what it wrote instead of writing it.
  func capture(_ body: () throws(Fault) -> Flow) throws(Fault) -> (Text, Flow) {
    let outer = output
    output = []
    captured += outer.count
    let flow = try body()
    captured -= outer.count
    let text = Text(output)
    output = outer
    try charge(bytes: text.bytes.count)
    return (text, flow)
  }

  func write(_ text: Text) throws(Fault) {
    output.append(contentsOf: text.bytes)
    if captured + output.count > limits.outputBytes {
      throw .limit(.outputBytes, limits.outputBytes)
    }
  }
}

/// How a statement ended.
enum Flow {
  case next, breakLoop, continueLoop
}
