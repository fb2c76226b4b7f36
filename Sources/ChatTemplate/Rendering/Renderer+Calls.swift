/// Calling what can be called.
extension Renderer {
  /// Calls a value.
  func call(_ function: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try enter()
    defer { leave() }
    switch function {
    case .macro(let macro): return .string(try call(macro, arguments))
    case .method(let method, let receiver): return try call(method, of: receiver, arguments)
    case .function(let function): return try call(function, arguments)
    case .undefined(let fault): throw fault
    default: throw .type("'\(function.typeName)' object is not callable")
    }
  }

  private func call(_ macro: MacroObject, _ arguments: Arguments) throws(Fault) -> Text {
    guard let outer = macro.scope else { return .empty }
    let definition = macro.definition
    let scope = Scope(definition.body.frame, parent: outer)
    try bind(arguments, to: definition, scope)
    scope.start(globals)
    let (text, _) = try capture { () throws(Fault) in
      try execute(definition.body.body, scope)
    }
    return text
  }

  /// Gives a macro's parameters their values, in the order of jinja2.
  private func bind(
    _ given: Arguments, to definition: MacroDefinition, _ scope: Scope
  ) throws(Fault) {
    var given = given
    let parameters = definition.parameters
    let count = min(given.positional.count, parameters.count)
    var missing: [Int] = []
    for (index, parameter) in parameters.enumerated() {
      let value = index < count ? given.positional[index] : given.remove(parameter.name)
      scope.set(parameter.id, value)
      if value == nil { missing.append(index) }
    }
    if let caller = definition.caller {
      let body = given.remove("caller").flatMap { $0.isNull ? nil : $0 }
      scope.set(caller, body ?? .missing("No caller defined"))
    }
    if let name = given.keywords.first?.name {
      throw .type("macro \(label(definition)) takes no keyword argument \(Value.repr(of: name))")
    }
    if given.positional.count > parameters.count {
      throw .type(
        "macro \(label(definition)) takes not more than \(parameters.count) argument(s)")
    }
    let firstDefault = parameters.count - definition.defaults.count
    for index in missing {
      let parameter = parameters[index]
      scope.set(
        parameter.id,
        index >= firstDefault
          ? try evaluate(definition.defaults[index - firstDefault], scope)
          : .missing("parameter \(Value.repr(of: parameter.name)) was not provided"))
    }
  }

  private func label(_ definition: MacroDefinition) -> String {
    definition.name.map { Value.repr(of: $0) } ?? "None"
  }

  // MARK: Functions

  /// The function of a name that templates find without being given it.
  static func builtin(_ name: String) -> Value? {
    BuiltinFunction(rawValue: name).map { .function($0) }
  }

  private func call(
    _ function: BuiltinFunction, _ arguments: Arguments
  ) throws(Fault) -> Value {
    switch function {
    case .range: return .range(try range(try arguments.unnamed(1...3)))
    case .dict: return try checked(try dict(arguments))
    case .namespace:
      let attributes = try dict(arguments)
      for key in attributes.keys {
        if let name = key.text { try Self.checkNamespaceName(name.string) }
      }
      return .namespace(try register(NamespaceObject(attributes)))
    case .cycler, .joiner, .lipsum:
      throw .unsupported("the function '\(function.rawValue)'")
    case .raiseException:
      let message = try arguments.bound(["message"], required: 1)[0] ?? .null
      throw .raised(try string(message).string)
    case .strftimeNow:
      let format = try arguments.bound(["format"], required: 1)[0] ?? .null
      return try text(Text(strftime(try format.requiredText("format").string)))
    }
  }

  private func range(_ values: [Value?]) throws(Fault) -> RangeObject {
    var numbers: [Int] = []
    for value in values {
      if let value { numbers.append(try value.requiredInteger("an argument of range")) }
    }
    let step = numbers.count == 3 ? numbers[2] : 1
    if step == 0 { throw .value("range() arg 3 must not be zero") }
    let object =
      try numbers.count == 1
      ? RangeObject(0, numbers[0], 1) : RangeObject(numbers[0], numbers[1], step)
    if object.count > limits.rangeLength { throw .limit(.rangeLength, limits.rangeLength) }
    return object
  }

  /// What Python's `dict` makes of a mapping and of keywords.
  private func dict(_ arguments: Arguments) throws(Fault) -> DictObject {
    guard arguments.positional.count <= 1 else { throw .type("dict expected at most 1 argument") }
    let dict = DictObject()
    if let first = arguments.positional.first {
      guard case .dict(let other) = first else {
        throw .unsupported("'dict' of what is no mapping")
      }
      for (key, value) in zip(other.keys, other.values) { try dict.set(key, value) }
    }
    for keyword in arguments.keywords {
      try dict.set(.string(Text(keyword.name)), keyword.value)
    }
    return dict
  }
}
