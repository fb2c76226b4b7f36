/// Upper and lower case, and the classes of scalars, as Python's `str` sees them.
extension Text {
  var uppercased: Text {
    if isASCII { return Text(bytes.map { $0.asciiUppercased }, count: count) }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for scalar in string.unicodeScalars { result.append(scalar.properties.uppercaseMapping) }
    return Text(result)
  }

  var lowercased: Text {
    if isASCII { return Text(bytes.map { $0.asciiLowercased }, count: count) }
    return titlecased { _, _ in false }
  }

  /// The first letter in title case.
  var capitalized: Text { titlecased { index, _ in index == 0 } }

  /// Every run of cased letters begins in title case.
  var titlecased: Text {
    titlecased { index, scalars in index == 0 || !scalars[index - 1].properties.isCased }
  }

  /// Lower case, but title case where a word begins.
  private func titlecased(where begins: (Int, [Unicode.Scalar]) -> Bool) -> Text {
    let scalars = scalars
    var result: [UInt8] = []
    for (index, scalar) in scalars.enumerated() {
      result.append(
        begins(index, scalars)
          ? scalar.properties.titlecaseMapping : Self.lower(scalar, at: index, in: scalars))
    }
    return Text(result)
  }

  /// Lower case, with the sigma that ends a word.
  private static func lower(
    _ scalar: Unicode.Scalar, at index: Int, in scalars: [Unicode.Scalar]
  ) -> String {
    guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    let endsWord = before?.properties.isCased == true && after?.properties.isCased != true
    return endsWord ? "\u{3C2}" : "\u{3C3}"
  }
}

extension UInt8 {
  var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
  var asciiUppercased: UInt8 { (0x61...0x7A).contains(self) ? self & 0xDF : self }
}

extension Unicode.Scalar {
  /// Whether Python's `repr` shows the scalar as it is.
  var isPythonPrintable: Bool {
    if isASCII { return (0x20...0x7E).contains(value) }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}
