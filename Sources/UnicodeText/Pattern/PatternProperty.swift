/// The names of `\p{…}`: general categories by their short names, and the script Han.
enum PatternProperty {
  /// The set of a name, whose case makes no difference; nil if it isn't known.
  static func expression(named name: String) -> PatternSet.Expression? {
    let key = name.lowercased()
    return key == "han" ? .han : categories[key].map { .categories($0) }
  }

  /// The bits of categories and of groups of them.
  private static let categories: [String: UInt32] = {
    // In the order of `CategoryTable`: control characters that are white space, and symbols that
    // are alphabetic, have bits of their own at the end.
    let names =
      "lu ll lt lm lo mn mc me nd nl no pc pd ps pe pi pf po sm sc sk so zs zl zp cc cf cs co cn cc so"
    var bits: [String: UInt32] = [:]
    for (index, name) in names.split(separator: " ").enumerated() {
      bits[String(name), default: 0] |= 1 << UInt32(index)
      bits[String(name.prefix(1)), default: 0] |= 1 << UInt32(index)
    }
    return bits
  }()
}
