import TensorCore

/// The type that is asked for: one type, each tensor's own, or those that rules give.
public enum TargetType: Equatable, Sendable {
  /// Each tensor keeps the float type of the checkpoint; F64 becomes f32.
  case source
  /// One type.
  case weights(WeightType)
  /// Bands of rows, each of its own quantized type: two or more, from row 0 on, and in which order
  /// rows are stored, if not in the matrix's; only of a rule.
  case bands([RowBand], RowOrder? = nil)
  /// Rules give every large matrix its type; not a type that a rule may have.
  case mixed
  /// Entropy-coded codes within int8, of a packed file; not a type that a rule may have.
  case packed

  /// The type of that name on the command line.
  public init?(name: String) {
    if name == "source" {
      self = .source
    } else if name == "mixed" {
      self = .mixed
    } else if name == "packed" {
      self = .packed
    } else if let type = WeightType(name: name) {
      self = .weights(type)
    } else {
      return nil
    }
  }

  /// The name on the command line.
  public var name: String {
    switch self {
    case .source: "source"
    case .weights(let type): type.name
    case .bands: "bands"
    case .mixed: "mixed"
    case .packed: "packed"
    }
  }

  /// Whether values are codes with a scale per group.
  public var isQuantized: Bool {
    switch self {
    case .weights(let type): type.isQuantized
    case .bands: true
    case .source, .mixed, .packed: false
    }
  }

  /// Whether codes are chosen so that the file is as large as a budget allows.
  public var hasBudget: Bool { self == .mixed || self == .packed }

  /// The names of the types that a rule may have.
  package static let ruleNames = ["source"] + WeightType.allCases.map(\.name)
}

/// A type for the tensors whose names match a pattern.
public struct TensorRule: Equatable, Sendable {
  /// Which tensors, by their names in the current layout.
  public let glob: Glob
  /// Their type.
  public let type: TargetType
  /// Columns that share a scale, for quantized types; nil for the recipe's.
  public var groupSize: Int?

  /// A rule.
  public init(glob: Glob, type: TargetType, groupSize: Int? = nil) {
    self.glob = glob
    self.type = type
    self.groupSize = groupSize
  }

  /// The rule as it is written on the command line: `*.q_proj.weight=int4:64`.
  public var text: String {
    "\(glob.pattern)=\(type.name)" + (groupSize.map { ":\($0)" } ?? "")
  }
}

/// How a model's tensors are to be stored.
public struct EncodingRecipe: Equatable, Sendable {
  /// Group sizes that a file may have.
  public static let groupSizes = [32, 64, 128]
  /// Steps that a recipe may ask for.
  public static let tuningStepsRange = 0...1_000_000

  /// The type of the large matrices.
  public var target: TargetType
  /// Columns that share a scale, for quantized types, where no rule says otherwise.
  public var groupSize: Int
  /// How scales are chosen, for quantized types.
  public var method: QuantizationMethod
  /// What `gptq` calibrates with.
  public var calibration: CalibrationSummary?
  /// Steps in which the codes and scales of `gptq` are then tuned against the model's logits.
  public var tuningSteps = 0
  /// Exceptions; the first that matches a tensor wins.
  public var rules: [TensorRule]

  /// A recipe; the defaults are those of the command line.
  public init(
    target: TargetType, groupSize: Int = 32, method: QuantizationMethod = .search,
    rules: [TensorRule] = [], calibration: CalibrationSummary? = nil
  ) {
    self.target = target
    self.groupSize = groupSize
    self.method = method
    self.rules = rules
    self.calibration = calibration
  }
}
