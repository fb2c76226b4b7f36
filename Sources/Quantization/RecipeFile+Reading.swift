import Diagnostics
import JSONCore
import TensorCore

extension RecipeFile {
  /// Reads a recipe, strictly: what this version would not heed is an error.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: its path, for errors.
  /// - Throws: the first thing that is wrong, and where.
  public init(bytes: [UInt8], path: String) throws(QuantizationError) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes)
    } catch {
      throw .recipeNotJSON(path: path, error)
    }
    let file = RecipeObject(path: path, place: "", json)
    // Another schema may have other members, so that it is looked at first.
    if json.objectValue != nil, file["schema"]?.stringValue != Self.schema {
      throw file.wrong("schema", expected: "\"\(Self.schema)\"")
    }
    try file.allow([
      "schema", "type", "target_bits_per_weight", "max_size", "group_size", "method",
      "calibration", "tuning_steps", "rules",
    ])
    let names = TargetType.ruleNames + ["mixed", "packed"]
    let target = try file.choice("type", of: names, TargetType.init(name:))
    var recipe = EncodingRecipe(target: target)
    if let size = try file.groupSize() { recipe.groupSize = size }
    if file["method"] != nil {
      recipe.method = try file.choice(
        "method", of: QuantizationMethod.allCases.map(\.rawValue), QuantizationMethod.init)
    }
    guard target != .packed || recipe.method == .gptq else {
      throw file.wrong("method", expected: "\"gptq\", as \"type\" is \"packed\"")
    }
    recipe.calibration = try file.calibration(for: recipe.method)
    if file["tuning_steps"] != nil {
      guard recipe.method == .gptq else {
        throw file.wrong("tuning_steps", expected: "nothing, as \"method\" is not \"gptq\"")
      }
      recipe.tuningSteps = try file.integer(
        "tuning_steps", in: EncodingRecipe.tuningStepsRange, "a number of steps")
    }
    recipe.rules = try file.rules()
    self.init(recipe: recipe, budget: try file.budget(for: target))
  }
}

/// An object of the file, and where it stands there.
private struct RecipeObject {
  let path: String
  /// As in `rules[2]`; empty for the whole file.
  let place: String
  let json: JSON

  init(path: String, place: String, _ json: JSON) {
    self.path = path
    self.place = place
    self.json = json
  }

  subscript(key: String) -> JSON? { json[key] }

  /// Refuses what is no object, and members of other names.
  func allow(_ keys: [String]) throws(QuantizationError) {
    guard let object = json.objectValue else {
      throw .recipe(path: path, place: place, expected: "an object", found: json.kind)
    }
    for key in object.keys where !keys.contains(key) {
      throw .recipeMember(path: path, place: place, key: key, allowed: keys)
    }
  }

  /// The error that a member is not as it should be.
  func wrong(_ key: String, expected: String) -> QuantizationError {
    let found =
      switch json[key] {
      case nil: "missing"
      case .array?: "an array"
      case .object?: "an object"
      case let value?: String(value.serialized().prefix(100))
      }
    return .recipe(
      path: path, place: place.isEmpty ? key : "\(place).\(key)", expected: expected, found: found)
  }

  /// One of some texts.
  func choice<Value>(
    _ key: String, of names: [String], _ value: (String) -> Value?
  ) throws(QuantizationError) -> Value {
    guard let name = json[key]?.stringValue, names.contains(name), let value = value(name) else {
      throw wrong(key, expected: "one of " + names.map { "\"\($0)\"" }.joined(separator: ", "))
    }
    return value
  }

  /// A whole number of the range.
  func integer(
    _ key: String, in range: ClosedRange<Int>, _ expected: String
  ) throws(QuantizationError) -> Int {
    guard let number = json[key]?.intValue, range.contains(number) else {
      throw wrong(key, expected: expected)
    }
    return number
  }

  /// The member `group_size`, where there is one.
  func groupSize() throws(QuantizationError) -> Int? {
    guard let value = json["group_size"] else { return nil }
    guard let size = value.intValue, EncodingRecipe.groupSizes.contains(size) else {
      throw wrong("group_size", expected: "32, 64 or 128")
    }
    return size
  }

  func calibration(
    for method: QuantizationMethod
  ) throws(QuantizationError) -> CalibrationSummary? {
    guard let value = json["calibration"] else { return nil }
    guard method == .gptq else {
      throw wrong("calibration", expected: "nothing, as \"method\" is not \"gptq\"")
    }
    let object = RecipeObject(path: path, place: "calibration", value)
    try object.allow(["sequences", "tokens", "crc32"])
    let sequences = try object.integer("sequences", in: 1...Int.max, "a number above 0")
    let tokens = try object.integer("tokens", in: 1...Int.max, "a number above 0")
    guard let checksum = object["crc32"]?.checksumValue else {
      throw object.wrong("crc32", expected: "32 bits as eight hexadecimal digits")
    }
    return CalibrationSummary(sequences: sequences, tokens: tokens, crc32: checksum)
  }

  func rules() throws(QuantizationError) -> [TensorRule] {
    guard let elements = json["rules"]?.arrayValue else {
      throw wrong("rules", expected: "an array")
    }
    var rules: [TensorRule] = []
    for (index, element) in elements.enumerated() {
      let object = RecipeObject(path: path, place: "rules[\(index)]", element)
      try object.allow(["pattern", "type", "group_size", "bands", "rows"])
      guard let pattern = object["pattern"]?.stringValue, !pattern.isEmpty else {
        throw object.wrong("pattern", expected: "a pattern of tensor names")
      }
      if object["type"]?.stringValue == "bands" {
        guard object["group_size"] == nil else {
          throw object.wrong("group_size", expected: "nothing, as each band has its own")
        }
        let bands = try object.bands()
        rules.append(
          TensorRule(glob: Glob(pattern), type: .bands(bands, try object.order(of: bands))))
        continue
      }
      let names = TargetType.ruleNames + ["bands"]
      let type = try object.choice("type", of: names, TargetType.init(name:))
      let groupSize = try object.groupSize()
      guard groupSize == nil || type.isQuantized else {
        throw object.wrong("group_size", expected: "nothing, as \(type.name) has no groups")
      }
      for key in ["bands", "rows"] where object[key] != nil {
        throw object.wrong(key, expected: "nothing, as \"type\" is not \"bands\"")
      }
      rules.append(TensorRule(glob: Glob(pattern), type: type, groupSize: groupSize))
    }
    return rules
  }

  /// The member `bands`: two or more, which begin with row 0 and then at growing multiples of 16.
  func bands() throws(QuantizationError) -> [RowBand] {
    guard let elements = json["bands"]?.arrayValue, elements.count > 1 else {
      throw wrong("bands", expected: "an array of two bands or more")
    }
    var bands: [RowBand] = []
    for (index, element) in elements.enumerated() {
      let object = RecipeObject(path: path, place: "\(place).bands[\(index)]", element)
      try object.allow(["first_row", "type", "group_size"])
      let firstRow = try object.integer("first_row", in: 0...1 << 31, "a row")
      let isNext = bands.last.map { firstRow > $0.firstRow } ?? (firstRow == 0)
      guard isNext, firstRow % TensorGeometry.tileRows == 0 else {
        let expected = bands.last.map { "a multiple of 16 above \($0.firstRow)" } ?? "0"
        throw object.wrong("first_row", expected: expected)
      }
      let types = WeightType.allCases.filter(\.isQuantized)
      let type = try object.choice("type", of: types.map(\.name), WeightType.init(name:))
      guard let groupSize = try object.groupSize() else {
        throw object.wrong("group_size", expected: "32, 64 or 128")
      }
      bands.append(RowBand(firstRow: firstRow, type: type, groupSize: groupSize))
    }
    return bands
  }

  /// The member `rows`, if it is there: a digit for each row, as often as the bands have rows.
  func order(of bands: [RowBand]) throws(QuantizationError) -> RowOrder? {
    guard let value = json["rows"] else { return nil }
    let counts = zip(bands, bands.dropFirst()).map { $1.firstRow - $0.firstRow }
    guard bands.count <= RowOrder.mostNamedBands,
      let order = value.stringValue.flatMap(RowOrder.init(text:)),
      order.counts.count == bands.count, order.counts.starts(with: counts)
    else {
      throw wrong(
        "rows",
        expected: "a digit to the base 36 for each row, which names its band: "
          + counts.enumerated().map { "\($1) of band \($0)" }.joined(separator: ", ")
          + ", all others of band \(counts.count)")
    }
    return order
  }

  func budget(for target: TargetType) throws(QuantizationError) -> SizeBudget? {
    let (size, bits) = ("max_size", "target_bits_per_weight")
    for key in [size, bits] where json[key] != nil && !target.hasBudget {
      throw wrong(
        key, expected: "nothing, as \"type\" is neither \"mixed\" nor \"packed\"")
    }
    if json[size] != nil {
      guard json[bits] == nil else { throw wrong(bits, expected: "nothing beside \(size)") }
      return .fileBytes(try integer(size, in: 1...Int.max, "a number of bytes"))
    }
    guard let value = json[bits] else {
      guard target != .packed else {
        throw wrong(bits, expected: "a number above 0, or a \(size), as \"type\" is \"packed\"")
      }
      return nil
    }
    guard let number = value.doubleValue, number > 0 else {
      throw wrong(bits, expected: "a number above 0")
    }
    return .bitsPerWeight(number)
  }
}
