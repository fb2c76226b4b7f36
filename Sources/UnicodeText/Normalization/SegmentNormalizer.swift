/// Normalizes parts of a text that don't influence each other.
struct SegmentNormalizer {
  /// A scalar on its way.
  struct Item {
    var scalar: UInt32
    var combiningClass: UInt8
    /// The bytes of the text that it comes from.
    var source: Range<Int>
  }

  let form: NormalizationForm
  let table: NormalizationTable
  /// The result of the last part.
  private(set) var items: [Item] = []

  init(form: NormalizationForm, table: NormalizationTable) {
    self.form = form
    self.table = table
  }

  /// Normalizes a part of a text into `items`.
  mutating func normalize(_ text: Span<UInt8>, _ part: Range<Int>) {
    items.removeAll(keepingCapacity: true)
    var offset = part.lowerBound
    while offset < part.upperBound {
      let scalar = text.scalar(at: offset, before: part.upperBound)
      decompose(scalar.value, from: offset..<offset + scalar.length)
      offset += scalar.length
    }
    reorder()
    if form.composes { compose() }
  }

  private mutating func decompose(_ scalar: UInt32, from source: Range<Int>) {
    let properties = table[scalar]
    if form.isCompatibility, properties.has(.hasCompatibilityMapping),
      let mapping = table.compatibilityMapping(scalar)
    {
      for part in mapping { append(part, from: source) }
    } else if properties.has(.decomposes) {
      if let (lead, vowel, final) = Hangul.decomposition(scalar) {
        append(lead, from: source)
        append(vowel, from: source)
        if final != 0 { append(final, from: source) }
      } else if let (first, second) = table.canonicalMapping(scalar) {
        decompose(first, from: source)  // mappings are at most four deep
        if second != 0 { append(second, from: source) }
      }
    } else {
      append(scalar, from: source)
    }
  }

  private mutating func append(_ scalar: UInt32, from source: Range<Int>) {
    items.append(
      Item(scalar: scalar, combiningClass: table[scalar].combiningClass, source: source))
  }

  /// Puts each run of marks in the order of their classes, equal ones as they are.
  private mutating func reorder() {
    var start = 0
    while start < items.count {
      guard items[start].combiningClass != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      var isOrdered = true
      while end < items.count, items[end].combiningClass != 0 {
        if items[end].combiningClass < items[end - 1].combiningClass { isOrdered = false }
        end += 1
      }
      if !isOrdered { sort(start..<end) }
      start = end
    }
  }

  /// Sorts by counting, since a run may be as long as the text.
  private mutating func sort(_ run: Range<Int>) {
    var places = [Int](repeating: 0, count: 257)
    for item in items[run] { places[Int(item.combiningClass) + 1] += 1 }
    for index in 1...256 { places[index] += places[index - 1] }
    let unsorted = Array(items[run])
    for item in unsorted {
      items[run.lowerBound + places[Int(item.combiningClass)]] = item
      places[Int(item.combiningClass)] += 1
    }
  }

  /// Composes each starter with what follows it and isn't blocked.
  private mutating func compose() {
    var starter: Int?
    var count = 0  // items that are kept
    var lastClass: UInt8 = 0  // of the last item that is kept behind the starter
    for index in items.indices {
      let item = items[index]
      let isAdjacent = starter == count - 1
      if let place = starter, isAdjacent || lastClass != 0 && lastClass < item.combiningClass,
        let composite = table.composition(items[place].scalar, item.scalar)
      {
        items[place].scalar = composite
        let source = items[place].source
        items[place].source =
          min(
            source.lowerBound, item.source.lowerBound)..<max(
            source.upperBound, item.source.upperBound)
        continue
      }
      if item.combiningClass == 0 { starter = count }
      lastClass = item.combiningClass
      items[count] = item
      count += 1
    }
    items.removeSubrange(count...)
  }
}
