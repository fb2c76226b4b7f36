import ChatTemplate
import Foundation
import JSONCore
import Testing

/// Everything that transformers rendered, byte for byte.
@Suite struct OracleTests {
  static let templates: [String] = {
    let folder = fixtures.appending(path: "templates").path
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.sorted().map { String($0.dropLast(".jinja".count)) }
  }()

  @Test func thereAreTemplates() { #expect(!Self.templates.isEmpty) }

  @Test(arguments: templates)
  func rendersConversations(name: String) throws {
    let path = fixtures.appending(path: "templates/\(name).jinja")
    let template = try ChatTemplate(source: String(contentsOf: path, encoding: .utf8))
    let conversations = try fixture("renders/conversations.json")
    let cases = try #require(try fixture("renders/\(name).json").arrayValue)
    #expect(cases.count >= 4)
    for item in cases {
      let title = try #require(item["conversation"]?.stringValue)
      let options = try #require(item["options"])
      let conversation = Conversation(
        messages: try #require(conversations[title]?.arrayValue),
        tools: options["tools"]?.arrayValue, documents: options["documents"]?.arrayValue,
        addsGenerationPrompt: options["add_generation_prompt"]?.boolValue ?? false,
        variables: try #require(item["variables"]?.objectValue))
      let rendered = onSmallStack {
        try? template.render(conversation, strftime: frozenTime)
      }
      #expect(
        haveSameBytes(rendered, item["rendered"]?.stringValue),
        "\(title) \(options.serialized()): \(rendered ?? "failed")")
    }
  }

  @Test func rendersSnippets() throws {
    let file = try fixture("snippets.json")
    let variables = try #require(file["variables"])
    let snippets = try #require(file["snippets"]?.arrayValue)
    #expect(snippets.count > 240)
    for snippet in snippets {
      let source = try #require(snippet.arrayValue?.first?.stringValue)
      let expected = snippet.arrayValue?.last?.stringValue
      let rendered = rendered(source, variables)
      #expect(haveSameBytes(rendered, expected), "\(source): \(rendered ?? "failed")")
    }
  }
}
