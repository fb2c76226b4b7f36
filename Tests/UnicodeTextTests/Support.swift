import Foundation
import TestSupport
import UnicodeText

/// What a file of the `Fixtures` folder beside this one holds.
func fixture<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
  let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures").appending(path: name)
  return try JSONDecoder().decode(type, from: Data(contentsOf: url))
}

extension AlignedText {
  /// Original text.
  init(_ text: String) { self.init(Array(text.utf8)) }
  /// The text as a string.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension SplitPattern {
  /// The texts of all matches.
  func pieces(in text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    return try matches(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
  }
}

/// The scalars of a text, for comparisons that don't take canonical equivalence for equality.
func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

/// Texts in which the borders that split patterns know meet often.
struct RandomText {
  private var generator: SplitMix
  private static let pieces: [String] =
    Array("'''''stmdrevlSTMDREVL      \t\n\n\r abcXYZ0194.,!?-_/").map { String($0) } + [
      "\r\n", "'ſ", "ſ", "\u{212A}", "\u{301}", "\u{327}", "\u{93E}", "é", "ß", "ǅ", "ª", "²", "½",
      "Ⅷ", "٣", "中", "文", "한", "ᄀ", "ᅡ", "ᆨ", "\u{A0}", "\u{3000}", "\u{2028}", "\u{85}",
      "\u{200D}", "\u{200C}", "🙂", "🇩", "ก", "ำ", "ع", "\u{FEFF}", "\0", "\u{1C}", "\u{7F}", "’",
      "\u{180E}", "\u{200B}", "\u{FFFF}", "\u{10FFFF}", "'ll", "'RE", "    ", "12345",
    ]

  init(seed: UInt64) { generator = SplitMix(seed) }

  mutating func next(upTo count: Int = 24) -> String {
    var text = ""
    for _ in 0..<generator.next() % UInt64(count) {
      if generator.next() % 8 == 0 {
        let scalar = Unicode.Scalar(UInt32(truncatingIfNeeded: generator.next() % 0x3_0000))
        text.unicodeScalars.append(scalar ?? "\u{D7FF}")
      } else {
        text += Self.pieces[Int(generator.next() % UInt64(Self.pieces.count))]
      }
    }
    return text
  }
}
