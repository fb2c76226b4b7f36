import Conversion
import ModelFile
import TestSupport
import Testing

/// The model card on its way through a `.kibble` file to an export.
@Suite struct ExportedCardTests {
  private static let frontMatter =
    "---\nlicense: apache-2.0\nbase_model:\n  - SmallDoge/Doge-20M\ndatasets: [a/b]  # one\n---\n"
  private static let body = """
    # Doge

    | Model | LR |
    |---|---|
    | Doge-20M-Instruct-SFT | 8e-4 |

    ```bibtex
    @misc{doge,
      title={A {Small} Doge}
    }
    ```

    """

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What an export of a fixture with this card has as README.md.
  private func exported(
    _ card: String?, type: String = "source", layout: ExportLayout = .own
  ) throws -> String {
    let path = try folder.copy(fixture: "reference/e3-oldnames-f32")
    if let card { try folder.write("checkpoint/README.md", card) }
    try folder.write("checkpoint/LICENSE", "as you like")
    _ = try converter().write(plan(path, recipe(type)), to: folder.path("a.kibble"))
    let model = try StoredModel(path: folder.path("a.kibble"))
    _ = try converter().export(model, to: folder.path("out"), layout: layout, type: .bf16)
    #expect(try fileBytes(folder.path("out/LICENSE")) == Array("as you like".utf8))
    return String(decoding: try fileBytes(folder.path("out/README.md")), as: UTF8.self)
  }

  @Test func arrives() throws {
    let text = try exported(Self.frontMatter + "\n" + Self.body)
    #expect(text.hasPrefix(Self.frontMatter + "\n> **How these files were made.** kibble 1.2.3 "))
    #expect(text.hasSuffix("in bf16, to which they were rounded.\n\n" + Self.body))
    #expect(text.contains("`model.safetensors` ("))
    #expect(!text.contains("quantized") && !text.contains("layout"))
  }

  @Test func saysWhatWasDone() throws {
    let text = try exported(Self.body, type: "int4", layout: .current)
    #expect(text.hasPrefix("> **How these files were made.**"))
    #expect(text.contains("to int4 in groups of 32"))
    #expect(text.contains("by the method `search`"))
    #expect(text.contains("`per-query-head-old-names`"))
    #expect(text.contains("\n>\n> The model is the same up to 2048 positions; "))
    #expect(text.hasSuffix("\n\n" + Self.body))
  }

  /// Without a card there still is a word on the files.
  @Test func withoutCard() throws {
    let text = try exported(nil)
    #expect(text.hasPrefix("> **How these files were made.**") && text.hasSuffix("rounded.\n"))
  }

  @Test func parts() {
    for end in ["---\n", "---\r\n", "...\n"] {
      let parts = ModelCard.parts(of: "\u{FEFF}---\na: b\n" + end + "rest\n---\n")
      #expect(parts.frontMatter == "\u{FEFF}---\na: b\n" + end && parts.body == "rest\n---\n")
    }
    for text in ["", "# Title\n---\n", "---\nopen\n"] {
      #expect(ModelCard.parts(of: text) == ("", text))
    }
    #expect(ModelCard.parts(of: "---\na: b\n---") == ("---\na: b\n---", ""))
  }

  @Test func citation() {
    #expect(
      ModelCard.citation(in: Self.body) == "@misc{doge,\n  title={A {Small} Doge}\n}")
    #expect(ModelCard.citation(in: "@article {x, y={z}}\nmore") == "@article {x, y={z}}")
    for text in ["", "write to me@misc{x}", "@someone said", "@misc{open,\n title={x}", "@{x}"] {
      #expect(ModelCard.citation(in: text) == nil)
    }
  }
}
