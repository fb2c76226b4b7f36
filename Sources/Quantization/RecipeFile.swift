import JSONCore

/// What limits a mixed or a packed file.
public enum SizeBudget: Equatable, Sendable {
  /// All bytes of the file.
  case fileBytes(Int)
  /// All bytes of tensors, in bits per weight.
  case bitsPerWeight(Double)
}

/// A recipe as a JSON file, from which the same model can be written again
/// (formats/recipe-v1.md).
public struct RecipeFile: Equatable, Sendable {
  /// The only value of `schema`.
  public static let schema = "kibble.recipe/1"

  /// The recipe.
  public var recipe: EncodingRecipe
  /// What a mixed recipe was searched under, where it decides nothing any more, or what a packed
  /// file may take.
  public var budget: SizeBudget?

  /// A file of that recipe.
  public init(recipe: EncodingRecipe, budget: SizeBudget? = nil) {
    self.recipe = recipe
    self.budget = budget
  }

  /// The text of the file; the same recipe always gives the same.
  public var text: String {
    var json = JSONObject([("schema", JSON(Self.schema)), ("type", JSON(recipe.target.name))])
    switch budget {
    case .fileBytes(let bytes): json["max_size"] = JSON(bytes)
    case .bitsPerWeight(let bits): json["target_bits_per_weight"] = JSON(bits)
    case nil: break
    }
    json["group_size"] = JSON(recipe.groupSize)
    json["method"] = JSON(recipe.method.rawValue)
    json["calibration"] = recipe.calibration?.json
    if recipe.tuningSteps > 0 { json["tuning_steps"] = JSON(recipe.tuningSteps) }
    json["rules"] = .array(recipe.rules.map { $0.json(order: true) })
    return JSON.object(json).serialized(pretty: true) + "\n"
  }
}
