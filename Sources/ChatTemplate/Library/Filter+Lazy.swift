/// Filters that work item by item, and only once somebody asks for the items.
extension Renderer {
  func applyLazy(
    _ filter: Filter, _ value: Value, _ arguments: Arguments
  ) throws(Fault) -> Value {
    let inner = arguments.positional + arguments.keywords.map(\.value)
    let depth = inner.reduce(value.depth) { max($0, $1.depth) } + 1
    var start: (source: LazyIterator, transform: ItemTransform)?
    return try checked(
      LazyIterator(depth: depth) { renderer throws(Fault) in
        guard value.isTrue else { return nil }
        if start == nil {
          start = (
            try renderer.makeIterator(value),
            try filter == .map ? mapping(arguments) : selection(filter, arguments)
          )
        }
        guard let (source, transform) = start else { return nil }
        while let item = try source.next(renderer) {
          if let result = try transform(item, renderer) { return result }
        }
        return nil
      })
  }
}

/// What `map`, `select` and the like do with an item; nil leaves it out.
private typealias ItemTransform = (Value, Renderer) throws(Fault) -> Value?

private func mapping(_ given: Arguments) throws(Fault) -> ItemTransform {
  var given = given
  if given.positional.isEmpty, let path = given.remove("attribute") {
    let fallback = given.remove("default").flatMap { $0.isNull ? nil : $0 }
    if let name = given.keywords.first?.name {
      throw .value("Unexpected keyword argument \(Value.repr(of: name))")
    }
    let path = try AttributePath(path, fallback: fallback)
    return { item, renderer throws(Fault) in try path.value(of: item, renderer) }
  }
  guard !given.positional.isEmpty else { throw .value("map requires a filter argument") }
  let name = given.positional.removeFirst()
  let arguments = given
  return { item, renderer throws(Fault) in
    try renderer.apply(named: name, to: item, arguments)
  }
}

private func selection(_ filter: Filter, _ given: Arguments) throws(Fault) -> ItemTransform {
  var given = given
  var path = Value.null
  if filter == .selectattr || filter == .rejectattr {
    guard !given.positional.isEmpty else { throw .value("Missing parameter for attribute name") }
    path = given.positional.removeFirst()
  }
  let attribute = try AttributePath(path)
  let test = given.positional.isEmpty ? nil : given.positional.removeFirst()
  let keeps = filter == .select || filter == .selectattr
  let arguments = given
  return { item, renderer throws(Fault) in
    let value = try attribute.value(of: item, renderer)
    guard let test else { return value.isTrue == keeps ? item : nil }
    if case .undefined(let fault) = test { throw fault }
    guard let name = test.text?.string else { throw .unknownTest(test.shortRepr) }
    return try renderer.check(try Test(name: name), value, arguments) == keeps ? item : nil
  }
}
