/// What normalization needs to know of each scalar: combining class, mappings, compositions.
///
/// The committed data are Unicode 9.0's, the version of the `tokenizers` library; scalars that
/// came later have no mappings and don't reorder. Hangul syllables are handled by arithmetic, in
/// `Hangul`.
struct NormalizationTable: Sendable {
  /// The only table; it is put together when it is first used.
  static let shared = NormalizationTable()

  // Scalars in pages of 256; all that have nothing to tell share the first page.
  private let pages: [UInt16]
  private let cells: [ScalarProperties]
  // Where the mapping of a scalar is: by the number of the scalar among those that have one.
  private let canonicalKeys: [UInt32]
  private let compatibilityKeys: [UInt32]
  private let compatibilityPlaces: [Int]
  // Compositions: first << 32 | second, ascending, and what they make.
  private let pairs: [UInt64]
  private let composites: [UInt32]

  /// The properties of a scalar, which is at most U+10FFFF.
  @inline(__always)
  subscript(scalar: UInt32) -> ScalarProperties {
    cells[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }

  /// One step of a canonical mapping: one or two scalars, zero instead of the second.
  func canonicalMapping(_ scalar: UInt32) -> (first: UInt32, second: UInt32)? {
    guard let index = position(of: scalar, in: canonicalKeys) else { return nil }
    return (Self.canonicalMappings[3 * index + 1], Self.canonicalMappings[3 * index + 2])
  }

  /// The whole of a compatibility mapping, where it isn't the canonical one.
  func compatibilityMapping(_ scalar: UInt32) -> ArraySlice<UInt32>? {
    guard let index = position(of: scalar, in: compatibilityKeys) else { return nil }
    let place = compatibilityPlaces[index]
    let count = Int(Self.compatibilityMappings[place] & 31)
    return Self.compatibilityMappings[place + 1..<place + 1 + count]
  }

  /// What a pair of scalars composes to, Hangul included.
  func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if let syllable = Hangul.composition(first, second) { return syllable }
    guard let index = position(of: UInt64(first) << 32 | UInt64(second), in: pairs) else {
      return nil
    }
    return composites[index]
  }

  private func position<Key: Comparable>(of key: Key, in keys: [Key]) -> Int? {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low < keys.count && keys[low] == key ? low : nil
  }
}

extension NormalizationTable {
  private init() {
    var builder = PropertyPages()
    for (index, run) in Self.combiningClasses.enumerated() where run & 0xFF != 0 {
      let end = Self.combiningClasses[index + 1] >> 8  // the last run has class zero
      builder.update(run >> 8..<end) { $0.combiningClass = UInt8(run & 0xFF) }
    }

    let excluded = Set(Self.compositionExclusions)
    var canonicalKeys: [UInt32] = []
    var compositions: [(pair: UInt64, composite: UInt32)] = []
    for index in stride(from: 0, to: Self.canonicalMappings.count, by: 3) {
      let scalar = Self.canonicalMappings[index]
      let first = Self.canonicalMappings[index + 1]
      let second = Self.canonicalMappings[index + 2]
      canonicalKeys.append(scalar)
      builder.update(scalar..<scalar + 1) { $0.insert(.decomposes) }
      if second != 0 && !excluded.contains(scalar) {
        compositions.append((UInt64(first) << 32 | UInt64(second), scalar))
        builder.update(second..<second + 1) { $0.insert(.joinsBackwards) }
      } else {
        builder.update(scalar..<scalar + 1) { $0.insert(.neverComposed) }
      }
    }
    compositions.sort { $0.pair < $1.pair }

    var compatibilityKeys: [UInt32] = []
    var compatibilityPlaces: [Int] = []
    var place = 0
    while place < Self.compatibilityMappings.count {
      let scalar = Self.compatibilityMappings[place] >> 5
      compatibilityKeys.append(scalar)
      compatibilityPlaces.append(place)
      builder.update(scalar..<scalar + 1) { $0.insert(.hasCompatibilityMapping) }
      place += 1 + Int(Self.compatibilityMappings[place] & 31)
    }

    builder.update(Hangul.syllables) { $0.insert(.decomposes) }
    builder.update(Hangul.vowels) { $0.insert(.joinsBackwards) }
    builder.update(Hangul.finals) { $0.insert(.joinsBackwards) }

    self.canonicalKeys = canonicalKeys
    self.compatibilityKeys = compatibilityKeys
    self.compatibilityPlaces = compatibilityPlaces
    pairs = compositions.map(\.pair)
    composites = compositions.map(\.composite)
    pages = builder.pages
    cells = builder.cells
  }
}

/// Pages of properties while they are filled in.
private struct PropertyPages {
  var pages = [UInt16](repeating: 0, count: 0x1100)
  var cells = [ScalarProperties](repeating: ScalarProperties(), count: 256)

  mutating func update(_ scalars: Range<UInt32>, _ change: (inout ScalarProperties) -> Void) {
    for scalar in scalars {
      let page = Int(scalar >> 8)
      if pages[page] == 0 {
        pages[page] = UInt16(cells.count >> 8)
        cells.append(contentsOf: repeatElement(ScalarProperties(), count: 256))
      }
      change(&cells[Int(pages[page]) << 8 | Int(scalar & 0xFF)])
    }
  }
}
