/// How a `.kibble` file stores the values of a tensor.
///
/// The raw value is the code in the file's directory (formats/kibble-v1.md).
public enum WeightType: UInt8, CaseIterable, Sendable {
  case f32 = 1
  case f16 = 2
  case bf16 = 3
  case int8 = 8
  case int4 = 4

  /// The type's name on the command line and in reports.
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f16: "f16"
    case .bf16: "bf16"
    case .int8: "int8"
    case .int4: "int4"
    }
  }

  /// The type of that name, if there is one.
  public init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// Whether values are codes with a scale per group.
  public var isQuantized: Bool { self == .int8 || self == .int4 }

  /// How many columns of a row one 4-byte unit holds.
  public var columnsPerUnit: Int {
    switch self {
    case .f32: 1
    case .f16, .bf16: 2
    case .int8: 4
    case .int4: 8
    }
  }
}
