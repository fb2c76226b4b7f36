import KibbleTool
import Testing
import ToolSupport

@Suite struct DeclarationTests {
  @Test func noDeclarationContradictsItself() {
    #expect(Kibble.tool.declarationProblems == [])
  }

  /// All commands that scripts rely on.
  private static let contract: Set = [
    "bench", "chat", "check", "convert", "demo", "diff", "doctor", "export", "generate", "inspect",
    "logits", "pack", "perplexity", "quantize", "recommend", "render", "score", "tokenize",
    "unpack", "verify",
  ]
  /// What there is beside the contract.
  private static let others: Set = ["completions", "help", "man", "plot"]

  @Test func everyCommandOfTheContractIsThere() {
    let names = Kibble.tool.specs.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(names) == Self.contract.union(Self.others))
  }
}
