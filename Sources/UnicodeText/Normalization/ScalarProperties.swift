/// What normalization needs to know of one scalar at a glance.
struct ScalarProperties: Sendable {
  /// A property that a scalar has or has not.
  struct Flag: Sendable {
    let bit: UInt8
    /// Its canonical decomposition is something else.
    static let decomposes = Flag(bit: 1)
    /// It decomposes canonically, and composition doesn't give it back.
    static let neverComposed = Flag(bit: 2)
    /// Its compatibility decomposition isn't the canonical one.
    static let hasCompatibilityMapping = Flag(bit: 4)
    /// It may compose with something before it.
    static let joinsBackwards = Flag(bit: 8)
  }

  /// The canonical combining class; zero for starters.
  var combiningClass: UInt8 = 0
  private var flags: UInt8 = 0

  /// Gives the scalar a property.
  mutating func insert(_ flag: Flag) { flags |= flag.bit }

  /// Whether the scalar has a property.
  func has(_ flag: Flag) -> Bool { flags & flag.bit != 0 }

  /// Whether the scalar, in order among its neighbours, is sure to stay as it is in a form.
  @inline(__always)
  func stays(in form: NormalizationForm) -> Bool {
    var changing: UInt8 =
      form.composes
      ? Flag.neverComposed.bit | Flag.joinsBackwards.bit : Flag.decomposes.bit
    if form.isCompatibility { changing |= Flag.hasCompatibilityMapping.bit }
    return flags & changing == 0
  }
}
