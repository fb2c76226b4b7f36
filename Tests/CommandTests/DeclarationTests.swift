import Testing
import ToolSupport
import kibble

@Suite struct DeclarationTests {
  @Test func noDeclarationContradictsItself() {
    #expect(Kibble.tool.declarationProblems == [])
  }

  @Test func everyCommandOfTheContractIsThere() {
    let names = Kibble.tool.specs.map(\.name)
    let expected = [
      "convert", "quantize", "verify", "logits", "bench", "inspect", "check", "export", "doctor",
      "demo", "help", "chat", "generate", "tokenize", "render", "perplexity", "plot",
    ]
    #expect(Set(names) == Set(expected) && names.count == expected.count)
  }
}
