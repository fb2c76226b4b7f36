/// Upper and lower case, and the classes of scalars, as Python's `str` sees them.
extension Text {
  var uppercased: Text { mapped { $0.properties.uppercaseMapping } }

  var casefolded: Text {
    // Full case folding is lower case of upper case but for a handful of letters.
    if isASCII { return lowercased }
    return Text(scalars.flatMap { scalar in
      scalar.foldsToItself
        ? [scalar]
        : scalar.properties.uppercaseMapping.unicodeScalars.flatMap {
          Array($0.properties.lowercaseMapping.unicodeScalars)
        }
    })
  }

  var lowercased: Text {
    if isASCII { return Text(bytes.map { $0.asciiLowercased }, count: count) }
    let scalars = scalars
    var result: [UInt8] = []
    for (index, scalar) in scalars.enumerated() {
      result.append(Self.lower(scalar, at: index, in: scalars))
    }
    return Text(result)
  }

  var capitalized: Text {
    let scalars = scalars
    var result: [UInt8] = []
    for (index, scalar) in scalars.enumerated() {
      result.append(
        index == 0
          ? scalar.properties.titlecaseMapping : Self.lower(scalar, at: index, in: scalars))
    }
    return Text(result)
  }

  /// Every run of cased letters begins in title case.
  var titlecased: Text {
    let scalars = scalars
    var result: [UInt8] = []
    var isInside = false
    for (index, scalar) in scalars.enumerated() {
      result.append(
        isInside
          ? Self.lower(scalar, at: index, in: scalars) : scalar.properties.titlecaseMapping)
      isInside = scalar.properties.isCased
    }
    return Text(result)
  }

  var caseSwapped: Text {
    let scalars = scalars
    var result: [UInt8] = []
    for (index, scalar) in scalars.enumerated() {
      if scalar.properties.isUppercase {
        result.append(Self.lower(scalar, at: index, in: scalars))
      } else if scalar.properties.isLowercase {
        result.append(scalar.properties.uppercaseMapping)
      } else {
        result.append(scalar)
      }
    }
    return Text(result)
  }

  private func mapped(_ mapping: (Unicode.Scalar) -> String) -> Text {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for scalar in string.unicodeScalars { result.append(mapping(scalar)) }
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
}

extension Unicode.Scalar {
  /// Cherokee letters fold to upper case, and the dotless i stays.
  fileprivate var foldsToItself: Bool {
    value == 0x131 || (0x13A0...0x13F5).contains(value)
  }

  var isPythonAlpha: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  var isPythonDecimal: Bool { properties.numericType == .decimal }
  var isPythonDigit: Bool { isPythonDecimal || properties.numericType == .digit }
  var isPythonNumeric: Bool { properties.numericType != nil }
  var isPythonAlphanumeric: Bool { isPythonAlpha || isPythonNumeric }

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
