import Testing
import UnicodeText

@Suite struct ScalarSetTests {
  /// Planes 0 to 3 and the start of 14; all others are unassigned or of private use.
  private static let interesting: [ClosedRange<UInt32>] = [0...0x3_FFFF, 0xE_0000...0xE_0FFF]

  /// Scalars, but those that came after the table's version, Unicode 16.
  private static func forEachKnown(_ body: (Unicode.Scalar) -> Void) {
    for scalar in interesting.joined().lazy.compactMap({ Unicode.Scalar($0) }) {
      if let age = scalar.properties.age, age.major > 16 { continue }
      body(scalar)
    }
  }

  @Test func categoriesAgreeWithTheStandardLibrary() {
    let sets: [(ScalarSet, [Unicode.GeneralCategory])] = [
      (
        .letters,
        [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]
      ),
      (.marks, [.nonspacingMark, .spacingMark, .enclosingMark]),
      (.numbers, [.decimalNumber, .letterNumber, .otherNumber]),
      (.decimalDigits, [.decimalNumber]),
    ]
    for (set, categories) in sets {
      var differing: [Unicode.Scalar] = []
      Self.forEachKnown {
        if set.contains($0) != categories.contains($0.properties.generalCategory) {
          differing.append($0)
        }
      }
      #expect(differing.isEmpty)
    }
  }

  @Test func whiteSpaceAgreesWithTheStandardLibrary() {
    var differing: [Unicode.Scalar] = []
    Self.forEachKnown {
      if ScalarSet.whiteSpace.contains($0) != $0.properties.isWhitespace { differing.append($0) }
    }
    #expect(differing.isEmpty)
  }

  @Test func wordScalarsAgreeWithTheStandardLibrary() {
    var differing: [Unicode.Scalar] = []
    Self.forEachKnown {
      let properties = $0.properties
      let isWord =
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
          true
        default: properties.isAlphabetic || properties.isJoinControl
        }
      if ScalarSet.wordScalars.contains($0) != isWord { differing.append($0) }
    }
    #expect(differing.isEmpty)
  }

  @Test func punctuationIsAsciisAndOldUnicodes() {
    for scalar in (0...0x7F).compactMap({ Unicode.Scalar($0 as UInt32) }) {
      let isPunctuation = scalar.value > 0x20 && scalar.value < 0x7F && !scalar.isAlphanumeric
      #expect(ScalarSet.punctuation.contains(scalar) == isPunctuation)
    }
    for scalar in "’“、。¿—…‿".unicodeScalars { #expect(ScalarSet.punctuation.contains(scalar)) }
    for scalar in "aé中٣€±🙂\u{2E4F}".unicodeScalars {
      #expect(!ScalarSet.punctuation.contains(scalar))
    }
  }

  @Test func newScalarsAreInNoSet() {
    for scalar in "\u{16EA0}\u{11DE0}\u{10FFFF}\u{E000}".unicodeScalars {
      for set in [ScalarSet.letters, .marks, .numbers, .whiteSpace, .wordScalars, .punctuation] {
        #expect(!set.contains(scalar))
      }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isAlphanumeric: Bool {
    properties.isAlphabetic || properties.numericType != nil
  }
}
