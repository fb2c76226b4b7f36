import Testing
import ToolSupport
import kibble

@Suite struct DeclarationTests {
  @Test func noDeclarationContradictsItself() {
    #expect(Kibble.tool.declarationProblems == [])
  }

  /// All commands that scripts may rely on, once they are built.
  private static let contract: Set = [
    "bench", "chat", "check", "convert", "demo", "diff", "doctor", "export", "generate", "inspect",
    "logits", "pack", "perplexity", "quantize", "recommend", "render", "score", "tokenize",
    "unpack", "verify",
  ]
  /// Those of them that are still to come: whoever builds one takes it out here.
  private static let notBuilt: Set<String> = []
  /// What there is beside the contract.
  private static let others: Set = ["help", "plot"]

  @Test func everyCommandOfTheContractIsThere() {
    let names = Kibble.tool.specs.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Self.notBuilt.isSubset(of: Self.contract))
    #expect(Self.notBuilt.isDisjoint(with: names), "built: take it out of notBuilt")
    #expect(Set(names) == Self.contract.subtracting(Self.notBuilt).union(Self.others))
  }
}
