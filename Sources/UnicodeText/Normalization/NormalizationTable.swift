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
  // Scalars that have a mapping, ascending, and the mapping of each.
  private let canonicalKeys: [UInt32]
  private let canonicalParts: [(first: UInt32, second: UInt32)]
  private let compatibilityKeys: [UInt32]
  private let compatibilityPlaces: [Range<Int>]
  private let compatibilityParts: [UInt32]
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
    position(of: scalar, in: canonicalKeys).map { canonicalParts[$0] }
  }

  /// The whole of a compatibility mapping, where it isn't the canonical one.
  func compatibilityMapping(_ scalar: UInt32) -> ArraySlice<UInt32>? {
    position(of: scalar, in: compatibilityKeys).map { compatibilityParts[compatibilityPlaces[$0]] }
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
    var classes = Self.combiningClasses
    var start: UInt32 = 0
    while let length = classes.next(), let combiningClass = classes.next() {
      let run = start..<start + length + 1
      if combiningClass != 0 {
        builder.update(run) { $0.combiningClass = UInt8(combiningClass) }
      }
      start = run.upperBound
    }

    var mappings = Self.canonicalMappings
    var keys: [UInt32] = []
    var pairs: [(first: UInt32, second: UInt32)] = []
    var compositions: [(pair: UInt64, composite: UInt32)] = []
    var scalar: UInt32 = 0
    var first: UInt32 = 0
    var second: UInt32 = 0
    while let step = mappings.next() {
      scalar += step >> 1
      mappings.move(&first)
      mappings.move(&second)
      keys.append(scalar)
      pairs.append((first, second))
      builder.insert(.decomposes, of: scalar..<scalar + 1)
      if step & 1 != 0 {
        compositions.append((UInt64(first) << 32 | UInt64(second), scalar))
        builder.insert(.joinsBackwards, of: second..<second + 1)
      } else {
        builder.insert(.neverComposed, of: scalar..<scalar + 1)
      }
    }
    compositions.sort { $0.pair < $1.pair }
    canonicalKeys = keys
    canonicalParts = pairs
    self.pairs = compositions.map(\.pair)
    composites = compositions.map(\.composite)

    mappings = Self.compatibilityMappings
    keys = []
    var places: [Range<Int>] = []
    var parts: [UInt32] = []
    scalar = 0
    var part: UInt32 = 0
    while let step = mappings.next() {
      scalar += step >> 5 + 1
      keys.append(scalar)
      places.append(parts.count..<parts.count + Int(step & 31))
      for _ in 0..<step & 31 {
        mappings.move(&part)
        parts.append(part)
      }
      builder.insert(.hasCompatibilityMapping, of: scalar..<scalar + 1)
    }
    compatibilityKeys = keys
    compatibilityPlaces = places
    compatibilityParts = parts

    builder.insert(.decomposes, of: Hangul.syllables)
    builder.insert(.joinsBackwards, of: Hangul.vowels)
    builder.insert(.joinsBackwards, of: Hangul.finals)
    pages = builder.pages
    cells = builder.cells
  }
}

/// Pages of properties while they are filled in.
private struct PropertyPages {
  var pages = [UInt16](repeating: 0, count: 0x1100)
  var cells = [ScalarProperties](repeating: ScalarProperties(), count: 256)

  mutating func insert(_ flag: ScalarProperties.Flag, of scalars: Range<UInt32>) {
    update(scalars) { $0.insert(flag) }
  }

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
