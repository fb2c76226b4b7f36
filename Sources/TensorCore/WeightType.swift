/// How a `.kibble` file stores the values of a tensor.
///
/// The raw value is the code in the file's directory (formats/kibble-v1.md).
public enum WeightType: UInt8, CaseIterable, Sendable {
  case f32 = 1
  case f16 = 2
  case bf16 = 3
  case int8 = 8
  case int6 = 6
  case int5 = 5
  case int4 = 4
  case int3 = 0x13
  case int2 = 0x12

  /// The type's name on the command line and in reports.
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f16: "f16"
    case .bf16: "bf16"
    case .int8: "int8"
    case .int6: "int6"
    case .int5: "int5"
    case .int4: "int4"
    case .int3: "int3"
    case .int2: "int2"
    }
  }

  /// The type of that name, if there is one.
  public init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// Whether values are codes with a scale per group.
  public var isQuantized: Bool {
    switch self {
    case .f32, .f16, .bf16: false
    case .int8, .int6, .int5, .int4, .int3, .int2: true
    }
  }

  /// Columns of a block: the fewest columns of a row that fill whole 4-byte units.
  public var columnsPerBlock: Int {
    switch self {
    case .f32: 1
    case .f16, .bf16: 2
    case .int8: 4
    case .int4: 8
    case .int2: 16
    case .int6, .int5, .int3: 32
    }
  }

  /// 4-byte units of a block.
  ///
  /// A block of int5 or int6 has four units with the low bits of its codes, as in int4, and then
  /// one or two with the high bits; one of int3 has two as in int2, and then one.
  public var unitsPerBlock: Int {
    switch self {
    case .f32, .f16, .bf16, .int8, .int4, .int2: 1
    case .int3: 3
    case .int5: 5
    case .int6: 6
    }
  }

  /// Bits of a value, scales not counted.
  public var bits: Int { 32 * unitsPerBlock / columnsPerBlock }
}
