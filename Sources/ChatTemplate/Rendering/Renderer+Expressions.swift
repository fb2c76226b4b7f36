/// Evaluating expressions.
extension Renderer {
  /// The value of an expression.
  func evaluate(_ expression: Expression, _ scope: Scope) throws(Fault) -> Value {
    try step()
    switch expression.kind {
    case .literal(let literal): return literal.value
    case .name(let name):
      return scope.value(name, globals)
        ?? .missing("\(Value.repr(of: names[name])) is undefined")
    default: break
    }
    try enter()
    defer { leave() }
    switch expression.kind {
    case .chain(let base, let links): return try evaluateChain(base, links, scope)
    case .arithmetic(let first, let operands):
      return try evaluateArithmetic(first, operands, scope)
    case .compare(let first, let comparands):
      return try evaluateComparison(first, comparands, scope)
    case .or(let items): return try evaluateLogic(items, scope, until: true)
    case .and(let items): return try evaluateLogic(items, scope, until: false)
    case .not(let inner): return .bool(try !evaluate(inner, scope).isTrue)
    case .conditional(let test, let then, let otherwise):
      return try evaluateConditional(test, then, otherwise, scope, expression.place)
    default: return try evaluateRest(expression, scope)
    }
  }

  private func evaluateRest(_ expression: Expression, _ scope: Scope) throws(Fault) -> Value {
    switch expression.kind {
    case .list(let items): return try list(try evaluate(items, scope))
    case .tuple(let items): return try tuple(try evaluate(items, scope))
    case .dict(let pairs):
      let dict = DictObject()
      for pair in pairs {
        let key = try evaluate(pair.key, scope)
        let value = try evaluate(pair.value, scope)
        if let text = key.text { try charge(work: text.bytes.count) }
        place = pair.key.place
        try dict.set(key, value)
      }
      return try checked(dict)
    case .concat(let items): return try evaluateConcat(items, scope, expression.place)
    case .negative(let inner):
      let value = try evaluate(inner, scope)
      place = expression.place
      return try negative(value)
    default: return .null
    }
  }

  private func evaluate(_ items: [Expression], _ scope: Scope) throws(Fault) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(items.count)
    for item in items { values.append(try evaluate(item, scope)) }
    return values
  }

  private func evaluateConditional(
    _ test: Expression, _ then: Expression, _ otherwise: Expression?, _ scope: Scope, _ place: Int
  ) throws(Fault) -> Value {
    if try evaluate(test, scope).isTrue { return try evaluate(then, scope) }
    if let otherwise { return try evaluate(otherwise, scope) }
    return .missing("the inline if-expression evaluated to false and no else section was defined")
  }

  /// The first value that decides `or` (a true one) or `and` (a false one), or else the last.
  private func evaluateLogic(
    _ items: [Expression], _ scope: Scope, until decisive: Bool
  ) throws(Fault) -> Value {
    var value = Value.null
    for item in items {
      value = try evaluate(item, scope)
      if value.isTrue == decisive { return value }
    }
    return value
  }

  private func evaluateArithmetic(
    _ first: Expression, _ operands: [Expression.Operand<Operator>], _ scope: Scope
  ) throws(Fault) -> Value {
    var result = try evaluate(first, scope)
    for operand in operands {
      let value = try evaluate(operand.value, scope)
      place = operand.place
      result = try apply(operand.operation, result, value)
    }
    return result
  }

  private func evaluateComparison(
    _ first: Expression, _ comparands: [Expression.Operand<Comparison>], _ scope: Scope
  ) throws(Fault) -> Value {
    var left = try evaluate(first, scope)
    for comparand in comparands {
      let right = try evaluate(comparand.value, scope)
      place = comparand.value.place
      if try !compare(left, comparand.operation, right) { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  private func evaluateConcat(
    _ items: [Expression], _ scope: Scope, _ place: Int
  ) throws(Fault) -> Value {
    let values = try evaluate(items, scope)
    self.place = place
    var bytes: [UInt8] = []
    for value in values { try append(try string(value), to: &bytes) }
    return try text(Text(bytes))
  }

  // MARK: Chains

  private func evaluateChain(
    _ base: Expression, _ links: [Link], _ scope: Scope
  ) throws(Fault) -> Value {
    var value = try evaluate(base, scope)
    var index = 0
    while index < links.count {
      let link = links[index]
      index += 1
      try step()
      if case .attribute(let name) = link.kind, index < links.count,
        case .call(let arguments) = links[index].kind, let method = Method(name: name.string),
        method.exists(on: value), !method.isUnsafe
      {
        // A method that is called right away needn't become a value.
        index += 1
        let arguments = try evaluate(arguments, scope)
        place = link.place
        value = try call(method, of: value, arguments)
      } else {
        value = try follow(link, from: value, scope)
      }
    }
    return value
  }

  /// Applies filters to a value.
  func apply(_ filters: [Link], to value: Value, _ scope: Scope) throws(Fault) -> Value {
    var value = value
    for link in filters { value = try follow(link, from: value, scope) }
    return value
  }

  private func follow(_ link: Link, from value: Value, _ scope: Scope) throws(Fault) -> Value {
    switch link.kind {
    case .attribute(let name):
      place = link.place
      return try attribute(name, of: value)
    case .item(let expression):
      let key = try evaluate(expression, scope)
      place = link.place
      return try item(key, of: value)
    case .slice(let start, let stop, let step):
      return try evaluateSlice(value, start, stop, step, scope, link.place)
    case .call(let arguments):
      let arguments = try evaluate(arguments, scope)
      place = link.place
      return try call(value, arguments)
    case .filter(let filter, let arguments):
      let arguments = try evaluate(arguments, scope)
      place = link.place
      return try apply(filter, to: value, arguments)
    case .test(let test, let arguments, let isNegated):
      let arguments = try evaluate(arguments, scope)
      place = link.place
      return .bool(try check(test, value, arguments) != isNegated)
    case .unknown(let fault):
      place = link.place
      throw fault
    }
  }

  private func evaluateSlice(
    _ value: Value, _ start: Expression?, _ stop: Expression?, _ step: Expression?,
    _ scope: Scope, _ place: Int
  ) throws(Fault) -> Value {
    var bounds: [Value] = []
    for bound in [start, stop, step] {
      if let bound { bounds.append(try evaluate(bound, scope)) } else { bounds.append(.null) }
    }
    self.place = place
    return try slice(value, bounds[0], bounds[1], bounds[2])
  }

  /// The values of a call's arguments.
  func evaluate(_ arguments: CallArguments, _ scope: Scope) throws(Fault) -> Arguments {
    var result = Arguments()
    for expression in arguments.positional {
      result.positional.append(try evaluate(expression, scope))
    }
    for keyword in arguments.keywords {
      try result.add(keyword.name, try evaluate(keyword.value, scope))
    }
    if let list = arguments.unpackedList {
      result.positional += try items(of: try evaluate(list, scope))
    }
    if let dict = arguments.unpackedDict {
      guard case .dict(let object) = try evaluate(dict, scope) else {
        throw .type("argument after ** must be a mapping")
      }
      for (key, value) in zip(object.keys, object.values) {
        guard let name = key.text else { throw .type("keywords must be strings") }
        try result.add(name.string, value)
      }
    }
    return result
  }
}
