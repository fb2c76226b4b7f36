import JSONCore

/// A JSON Schema of draft 2020-12, as far as the schemas in formats/schemas go.
///
/// Keywords that it does not know are errors, so that nothing in a schema goes unchecked.
struct JSONSchema {
  struct Invalid: Error { let reason: String }

  private static let annotations: Set = ["$schema", "$id", "$defs", "title", "description"]
  private static let kinds: [String: @Sendable (JSON) -> Bool] = [
    "null": { $0 == .null }, "boolean": { $0.boolValue != nil },
    "number": { $0.doubleValue != nil }, "string": { $0.stringValue != nil },
    "integer": { $0.doubleValue.map { $0 == $0.rounded() } ?? false },
    "array": { $0.arrayValue != nil }, "object": { $0.objectValue != nil },
  ]

  let root: JSON

  /// - Throws: `Invalid` where a part of it is none, or has a keyword that is not known.
  init(_ root: JSON) throws {
    self.root = root
    try check(root)
    for definition in Self.members(root["$defs"]) { try check(definition.value) }
  }

  /// What is wrong with a value, each with its place in it; empty where nothing is.
  func problems(in value: JSON) -> [String] { problems(in: value, root, "") }

  /// Whether a value is as the schema says.
  func accepts(_ value: JSON) -> Bool { problems(in: value).isEmpty }

  /// The properties that say neither what they are nor who does.
  func undescribed(in schema: JSON? = nil, at place: String = "") -> [String] {
    let schema = schema ?? root
    var found: [String] = []
    // Of the alternatives of `anyOf`, some only limit what is described beside them.
    let describes = schema["additionalProperties"] != nil
    for (key, property) in Self.members(schema["properties"]).map({ ($0.key, $0.value) }) {
      if describes, property["description"] == nil, property["$ref"] == nil {
        found.append("\(place).\(key)")
      }
      found += undescribed(in: property, at: "\(place).\(key)")
    }
    for (key, definition) in Self.members(schema["$defs"]).map({ ($0.key, $0.value) }) {
      found += undescribed(in: definition, at: key)
    }
    for key in ["items", "additionalProperties"] {
      if let part = schema[key] { found += undescribed(in: part, at: "\(place)[]") }
    }
    for part in schema["anyOf"]?.arrayValue ?? [] { found += undescribed(in: part, at: place) }
    return found
  }

  private static func members(_ value: JSON?) -> [JSONObject.Member] {
    value?.objectValue?.members ?? []
  }

  // MARK: values

  private func problems(in value: JSON, _ schema: JSON, _ place: String) -> [String] {
    if let allowed = schema.boolValue { return allowed ? [] : ["\(place) must not be there"] }
    return Self.members(schema).flatMap { keyword in
      self.problems(in: value, keyword.key, keyword.value, of: schema, place)
    }
  }

  private func problems(
    in value: JSON, _ keyword: String, _ limit: JSON, of schema: JSON, _ place: String
  ) -> [String] {
    func problem(unless kept: Bool?) -> [String] {
      kept == false ? ["\(place) is \(value.serialized().prefix(80)): \(keyword)"] : []
    }
    let (number, elements) = (value.doubleValue, value.arrayValue)
    let bound = limit.doubleValue ?? 0
    switch keyword {
    case "type":
      let names = (limit.arrayValue ?? [limit]).compactMap(\.stringValue)
      return problem(unless: names.contains { Self.kinds[$0]?(value) ?? false })
    case "enum": return problem(unless: limit.arrayValue?.contains(value))
    case "const": return problem(unless: value == limit)
    case "minimum": return problem(unless: number.map { $0 >= bound })
    case "exclusiveMinimum": return problem(unless: number.map { $0 > bound })
    case "maximum": return problem(unless: number.map { $0 <= bound })
    case "minItems": return problem(unless: elements.map { Double($0.count) >= bound })
    case "maxItems": return problem(unless: elements.map { Double($0.count) <= bound })
    case "pattern":
      guard let text = value.stringValue, let pattern = limit.stringValue else { return [] }
      return problem(unless: (try? Regex(pattern).firstMatch(in: text)) != nil)
    case "required":
      guard let object = value.objectValue else { return [] }
      return (limit.arrayValue ?? []).compactMap(\.stringValue).filter { object[$0] == nil }
        .map { "\(place).\($0) is missing" }
    case "properties":
      return Self.members(limit).flatMap { member in
        value[member.key].map { problems(in: $0, member.value, "\(place).\(member.key)") } ?? []
      }
    case "additionalProperties":
      return Self.members(value).filter { schema["properties"]?[$0.key] == nil }
        .flatMap { problems(in: $0.value, limit, "\(place).\($0.key)") }
    case "items":
      return (elements ?? []).enumerated()
        .flatMap { problems(in: $1, limit, "\(place)[\($0)]") }
    case "allOf":
      return (limit.arrayValue ?? []).flatMap { problems(in: value, $0, place) }
    case "anyOf":
      let each = (limit.arrayValue ?? []).map { problems(in: value, $0, place) }
      return each.contains(where: \.isEmpty)
        ? [] : ["\(place) is none of: \(each.map { $0.joined(separator: ", ") })"]
    case "$ref": return definition(limit).map { problems(in: value, $0, place) } ?? []
    default: return []
    }
  }

  private func definition(_ reference: JSON) -> JSON? {
    guard let text = reference.stringValue, text.hasPrefix("#/$defs/") else { return nil }
    return root["$defs"]?[String(text.dropFirst(8))]
  }

  // MARK: the schema itself

  private func check(_ schema: JSON) throws {
    if schema.boolValue != nil { return }
    guard schema.objectValue != nil else { throw Invalid(reason: "no schema: \(schema.kind)") }
    for keyword in Self.members(schema) {
      let value = keyword.value
      var isSound = true
      switch keyword.key {
      case "type":
        let names = value.arrayValue ?? [value]
        isSound = names.allSatisfy { $0.stringValue.map { Self.kinds[$0] != nil } ?? false }
      case "enum": isSound = value.arrayValue?.isEmpty == false
      case "const": break
      case "minimum", "exclusiveMinimum", "maximum", "minItems", "maxItems":
        isSound = value.doubleValue != nil
      case "pattern": isSound = value.stringValue.map { (try? Regex($0)) != nil } ?? false
      case "required": isSound = value.arrayValue?.allSatisfy { $0.stringValue != nil } ?? false
      case "properties":
        isSound = value.objectValue != nil
        for property in Self.members(value) { try check(property.value) }
      case "items", "additionalProperties": try check(value)
      case "anyOf", "allOf":
        isSound = value.arrayValue?.isEmpty == false
        for part in value.arrayValue ?? [] { try check(part) }
      case "$ref": isSound = definition(value) != nil
      default: isSound = Self.annotations.contains(keyword.key)
      }
      guard isSound else { throw Invalid(reason: "\(keyword.key): \(value.serialized())") }
    }
  }
}
