/// The variable `loop` of a `for` statement.
final class LoopObject {
  /// How many items there are, where that is known from the beginning.
  let knownLength: Int?

  private(set) var index0 = -1
  private var source: LazyIterator?
  private var waiting: [Value] = []
  private var waitingIndex = 0
  private var countedLength: Int?
  private var current: Value?
  private var previous: Value?

  init(_ source: LazyIterator, knownLength: Int?) {
    self.source = source
    self.knownLength = knownLength
  }

  /// Goes to the next item.
  func advance(_ renderer: Renderer) throws(Fault) -> Value? {
    guard let item = try peek(renderer) else { return nil }
    waitingIndex += 1
    if waitingIndex == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      waitingIndex = 0
    }
    index0 += 1
    previous = current
    current = item
    return item
  }

  /// The next item, without going there.
  private func peek(_ renderer: Renderer) throws(Fault) -> Value? {
    if waitingIndex < waiting.count { return waiting[waitingIndex] }
    guard let item = try source?.next(renderer) else { return nil }
    waiting.append(item)
    return item
  }

  /// The number of all items; a lazy sequence is read to its end for it.
  func length(_ renderer: Renderer) throws(Fault) -> Int {
    if let length = knownLength ?? countedLength { return length }
    while let item = try source?.next(renderer) {
      try renderer.charge(bytes: Renderer.itemBytes)
      waiting.append(item)
    }
    let length = waiting.count - waitingIndex + index0 + 1
    countedLength = length
    return length
  }

  /// An attribute, or nil if the loop has none of that name.
  func attribute(_ name: Text, _ renderer: Renderer) throws(Fault) -> Value? {
    switch name.string {
    case "index0": return .int(index0)
    case "index": return .int(index0 + 1)
    case "revindex": return .int(try length(renderer) - index0)
    case "revindex0": return .int(try length(renderer) - index0 - 1)
    case "first": return .bool(index0 == 0)
    case "last": return .bool(try peek(renderer) == nil)
    case "length": return .int(try length(renderer))
    case "depth", "depth0": throw .unsupported("the attribute 'loop.\(name.string)'")
    case "previtem":
      return index0 == 0
        ? .undefined(UndefinedObject(.undefined("there is no previous item"))) : previous ?? .null
    case "nextitem":
      return try peek(renderer)
        ?? .undefined(UndefinedObject(.undefined("there is no next item")))
    default: return nil
    }
  }

  func release() {
    source = nil
    waiting = []
    current = nil
    previous = nil
  }
}
