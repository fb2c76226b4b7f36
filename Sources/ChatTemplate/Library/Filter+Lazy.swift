/// Filters that work item by item, and only once somebody asks for the items.
extension Renderer {
  func applyLazy(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let inner = arguments.positional + arguments.keywords.map(\.value)
    let depth = inner.reduce(value.depth) { max($0, $1.depth) } + 1
    var start: (source: LazyIterator, transform: ItemTransform)?
    return try checked(
      LazyIterator("generator", depth: depth) { renderer throws(Fault) in
        guard value.isTrue else { return nil }
        if start == nil {
          start = (
            try renderer.makeIterator(value), try ItemTransform(filter, arguments)
          )
        }
        guard let (source, transform) = start else { return nil }
        while let item = try source.next(renderer) {
          if let result = try transform.apply(item, renderer) { return result }
        }
        return nil
      })
  }
}

/// What `map`, `select` and the like do with an item.
private struct ItemTransform {
  private enum Kind {
    case attribute(AttributePath)
    case filter(Value)
    case select(AttributePath, test: Value?, keeps: Bool)
  }

  private let kind: Kind
  private let arguments: Arguments

  init(_ filter: Filter, _ given: Arguments) throws(Fault) {
    var given = given
    if filter == .map {
      if given.positional.isEmpty, let path = given.remove("attribute") {
        let fallback = given.remove("default").flatMap { $0.isNull ? nil : $0 }
        if let name = given.keywords.first?.name {
          throw .value("Unexpected keyword argument \(Value.repr(of: name))")
        }
        kind = .attribute(try AttributePath(path, fallback: fallback))
      } else {
        guard !given.positional.isEmpty else { throw .value("map requires a filter argument") }
        kind = .filter(given.positional.removeFirst())
      }
      arguments = given
      return
    }
    let usesAttribute = filter == .selectattr || filter == .rejectattr
    var path = Value.null
    if usesAttribute {
      guard !given.positional.isEmpty else {
        throw .value("Missing parameter for attribute name")
      }
      path = given.positional.removeFirst()
    }
    let test = given.positional.isEmpty ? nil : given.positional.removeFirst()
    kind = .select(
      try AttributePath(path), test: test, keeps: filter == .select || filter == .selectattr)
    arguments = given
  }

  /// What becomes of an item; nil if it is left out.
  func apply(_ item: Value, _ renderer: Renderer) throws(Fault) -> Value? {
    switch kind {
    case .attribute(let path): return try path.value(of: item, renderer)
    case .filter(let name): return try renderer.apply(named: name, to: item, arguments)
    case .select(let path, let test, let keeps):
      let value = try path.value(of: item, renderer)
      guard let test else { return value.isTrue == keeps ? item : nil }
      if case .undefined(let object) = test { throw object.fault }
      let name = test.text?.string ?? ""
      guard let known = Test(name: name) else {
        if Test.unsupported.contains(name) { throw .unsupported("the test '\(name)'") }
        throw .unknownTest(test.shortRepr)
      }
      return try renderer.check(known, value, arguments) == keeps ? item : nil
    }
  }
}
