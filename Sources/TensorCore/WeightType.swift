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
  case int8s = 0x28
  case int6s = 0x26
  case int5s = 0x25
  case int4s = 0x24
  case int3s = 0x33
  case int2s = 0x32

  /// The type's name on the command line and in reports.
  public var name: String { "\(self)" }

  /// The type of that name, if there is one.
  public init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// Whether values are codes with a scale per group.
  public var isQuantized: Bool {
    switch self {
    case .f32, .f16, .bf16: false
    default: true
    }
  }

  /// Whether scales are integers of 8 bits, and not binary16.
  public var hasShortScales: Bool { rawValue & Self.shortScales != 0 }

  /// The type with the same codes under scales in binary16; floats are themselves.
  public var codeType: WeightType { Self(rawValue: rawValue & ~Self.shortScales) ?? self }

  private static let shortScales: UInt8 = 0x20

  /// Bytes of a scale; 0 for floats.
  public var bytesPerScale: Int { isQuantized ? hasShortScales ? 1 : 2 : 0 }

  /// Columns of a block: the fewest columns of a row that fill whole 4-byte units.
  public var columnsPerBlock: Int {
    switch codeType {
    case .f32: 1
    case .f16, .bf16: 2
    case .int8: 4
    case .int4: 8
    case .int2: 16
    default: 32
    }
  }

  /// 4-byte units of a block.
  ///
  /// A block of int5 or int6 has four units with the low bits of its codes, as in int4, and then
  /// one or two with the high bits; one of int3 has three that share its bits.
  public var unitsPerBlock: Int {
    switch codeType {
    case .int3: 3
    case .int5: 5
    case .int6: 6
    default: 1
    }
  }

  /// Bits of a value, scales not counted.
  public var bits: Int { 32 * unitsPerBlock / columnsPerBlock }
}
