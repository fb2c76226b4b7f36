import Conversion
import JSONCore
import Testing

/// The YAML front matter of model cards.
@Suite struct ModelCardTests {
  /// Scalars and lists.
  @Test(
    arguments: [
      ("license: apache-2.0", "license", "apache-2.0"),
      ("license: 'it''s mine'", "license", "it's mine"),
      ("license: \"mit\"  # a comment", "license", "mit"),
      ("base_model: SmallDoge/Doge-20M#1", "base_model", "SmallDoge/Doge-20M#1"),
      ("datasets: [a/b, 'c, d', \"e\"]", "datasets", ["a/b", "c, d", "e"]),
      ("datasets: []", "datasets", []),
      ("language:\n- en\n- zh", "language", ["en", "zh"]),
      ("language:\n  # two\n  - en\n\n  - 'no'\ntags: x", "language", ["en", "no"]),
      ("base_model:\n- a/b\n", "base_model", ["a/b"]),
    ] as [(String, String, JSON)])
  func fields(yaml: String, key: String, value: JSON) {
    #expect(ModelCard("---\n\(yaml)\n---\n# Title")?.json[key] == value)
    let windows =
      "---\r\n"
      + yaml.split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\r\n") + "\r\n---\r\n"
    #expect(ModelCard(windows)?.json[key] == value)
  }

  /// A card of line breaks must not become a list of as many lines.
  @Test func manyLines() {
    func card(_ count: Int) -> String {
      "---" + String(repeating: "\n", count: count) + "license: mit\n---\n"
    }
    #expect(ModelCard(card(60_000))?.json["license"] == "mit")
    #expect(ModelCard(card(70_000)) == nil)
  }

  /// Fields come in a fixed order, others are left out.
  @Test func order() {
    let card = ModelCard(
      "---\ntags: [t]\nlibrary_name: x\nlanguage: en\nmodel-index:\n- name: y\n  license: z\n"
        + "license: mit\n---\n")
    #expect(card?.fields.map(\.name) == ["license", "language", "tags"])
    #expect(card?.json["license"] == "mit")
  }

  /// What is not understood is ignored.
  @Test(arguments: [
    "license: mit", "# Title\n---\nlicense: mit\n---", "---\nlicense: mit\n",
    "---\nlicense: |\n  many\n---", "---\ntags:\n- a: b\n---", "---\nlicense:\n---",
    "---\nlicense: {a: b}\n---", "---\nlicense: \"a\\n\"\n---", "---\ntags:\n  a: b\n---",
    "---\nlicense: 'open\n---", "---\nlicense: *x\n---", "", "---", "---\n---",
  ])
  func ignored(text: String) {
    #expect(ModelCard(text) == nil)
  }
}
