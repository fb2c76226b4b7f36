import TestSupport
import Testing
import UnicodeText

@Suite struct NormalizationTests {
  private struct Fixture: Decodable {
    struct Single: Decodable {
      let count: Int
      let fnv: String
    }
    let single: [String: Single]
    let sequences: [[String]]
  }

  private static func normalized(_ text: String, _ form: NormalizationForm) -> String {
    AlignedText(text).normalized(form).text
  }

  @Test(arguments: NormalizationForm.allCases)
  func singleScalarsEqualPython(_ form: NormalizationForm) throws {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var count = 0
    for start in stride(from: UInt32(0x80), to: 0x3_0000, by: 0x1000) {
      let scalars = (start..<start + 0x1000).compactMap { Unicode.Scalar($0) }
      // A separator that nothing composes with keeps the scalars apart.
      let text = scalars.map { String($0) }.joined(separator: "\n")
      let results = Self.normalized(text, form).utf8.split(
        separator: 0x0A, omittingEmptySubsequences: false)
      try #require(results.count == scalars.count)
      for (scalar, result) in zip(scalars, results) where !result.elementsEqual(scalar.utf8) {
        count += 1
        for byte in Array(scalar.utf8) + Array(result) {
          hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
      }
    }
    let expected = try #require(
      fixture("normalization.json", as: Fixture.self).single[form.rawValue])
    #expect(count == expected.count)
    #expect(String(hash, radix: 16) == expected.fnv)
  }

  @Test func sequencesEqualPython() throws {
    let sequences = try fixture("normalization.json", as: Fixture.self).sequences
    #expect(sequences.count == 200)
    for sequence in sequences {
      for (form, expected) in zip(NormalizationForm.allCases, sequence.dropFirst()) {
        #expect(scalars(Self.normalized(sequence[0], form)) == scalars(expected))
      }
    }
  }

  /// The conformance rules of UAX #15: forms are reached from each other and stay.
  @Test func formsOfFormsAreForms() {
    var texts = RandomText(seed: 5)
    for _ in 0..<1_000 {
      let text = texts.next()
      let nfc = Self.normalized(text, .nfc)
      let nfd = Self.normalized(text, .nfd)
      let nfkc = Self.normalized(text, .nfkc)
      let nfkd = Self.normalized(text, .nfkd)
      #expect(nfc == text)  // the standard library compares by canonical equivalence
      #expect(nfd == text)
      for form in [nfc, nfd] {
        #expect(scalars(Self.normalized(form, .nfc)) == scalars(nfc))
        #expect(scalars(Self.normalized(form, .nfd)) == scalars(nfd))
      }
      for form in [nfc, nfd, nfkc, nfkd] {
        #expect(scalars(Self.normalized(form, .nfkc)) == scalars(nfkc))
        #expect(scalars(Self.normalized(form, .nfkd)) == scalars(nfkd))
      }
    }
  }

  /// Mappings and classes of scalars after Unicode 9.0 are unknown on purpose.
  @Test(arguments: ["\u{32FF}", "a\u{7FD}\u{334}", "\u{11938}"])
  func newScalarsStayAsTheyAre(_ text: String) {
    for form in NormalizationForm.allCases {
      #expect(scalars(Self.normalized(text, form)) == scalars(text))
    }
  }

  @Test func allScalarsWithAClassUpToUnicode9AreOrdered() {
    for value in UInt32(0x300)...0x1_FFFF {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age,
        age.major <= 9, scalar.properties.canonicalCombiningClass.rawValue > 1
      else { continue }
      let text = Self.normalized("x\(scalar)\u{334}", .nfd)  // of class 1
      #expect(text.unicodeScalars.dropFirst().first == "\u{334}", "U+\(String(value, radix: 16))")
    }
  }

  @Test func normalTextIsUntouched() {
    for text in ["", "plain ASCII", "é中한 ÅÄÖ", "한국어"] {
      #expect(AlignedText(text).normalized(.nfc).origins == nil)
    }
    #expect(AlignedText("x\u{302}\u{302}").normalized(.nfc).origins == nil)  // may compose, doesn't
    #expect(AlignedText("e\u{301}").normalized(.nfd).origins == nil)
    #expect(AlignedText("é中").normalized(.nfkc).origins == nil)
  }

  @Test(
    arguments: [
      // A composition comes from both parts, what is around it from itself.
      (NormalizationForm.nfc, "ae\u{301}x", [0..<1, 1..<4, 1..<4, 4..<5]),
      // A decomposition comes from the whole scalar.
      (.nfd, "aéx", [0..<1, 1..<3, 1..<3, 1..<3, 3..<4]),
      (.nfkd, "ﬁ!", [0..<3, 0..<3, 3..<4]),
      // Marks that change places keep where they come from.
      (
        .nfd, "a\u{301}\u{323}", [0..<1, 3..<5, 3..<5, 1..<3, 1..<3]
      ),
      // A mark that composes past another one.
      (
        .nfc, "a\u{334}\u{301}", [0..<5, 0..<5, 1..<3, 1..<3]
      ),
      // Hangul.
      (.nfc, "\u{1112}\u{1161}\u{11AB}", [0..<9, 0..<9, 0..<9]),
    ] as [(NormalizationForm, String, [Range<Int32>])])
  func alignment(_ form: NormalizationForm, _ text: String, _ origins: [Range<Int32>]) {
    #expect(AlignedText(text).normalized(form).origins == origins)
  }

  @Test func alignmentLeadsThroughSeveralForms() {
    let text = AlignedText("xe\u{301}ﬁ").normalized(.nfc).normalized(.nfkd)
    #expect(scalars(text.text) == scalars("xe\u{301}fi"))
    #expect(text.origin(of: 0..<1) == 0..<1)
    #expect(text.origin(of: 1..<4) == 1..<4)
    #expect(text.origin(of: 4..<5) == 4..<7)
    #expect(text.origin(of: 5..<6) == 4..<7)
  }

  @Test func originsCoverRandomTexts() throws {
    var texts = RandomText(seed: 6)
    for _ in 0..<500 {
      let original = texts.next()
      for form in NormalizationForm.allCases {
        let text = AlignedText(original).normalized(form)
        guard let origins = text.origins else { continue }
        try #require(origins.count == text.bytes.count)
        var covered = Set<Int32>()
        for origin in origins { covered.formUnion(origin) }
        #expect(covered == Set(0..<Int32(original.utf8.count)))
      }
    }
  }

  @Test(arguments: NormalizationForm.allCases)
  func longRunsOfMarksTakeLinearTime(_ form: NormalizationForm) {
    // Alternating classes are the worst that a run can be; quadratic time would be noticed.
    let count = 30_000
    let text = "a" + String(repeating: "\u{301}\u{323}\u{334}", count: count)
    let result = scalars(Self.normalized(text, form))
    let composes = form == .nfc || form == .nfkc
    #expect(result.first == (composes ? 0x1EA1 : 0x61))  // with one U+0323
    let marks = [(UInt32(0x334), count), (0x323, composes ? count - 1 : count), (0x301, count)]
    #expect(result.dropFirst().elementsEqual(marks.flatMap { repeatElement($0, count: $1) }))
  }
}
