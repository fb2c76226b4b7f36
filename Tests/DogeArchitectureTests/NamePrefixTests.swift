import Diagnostics
import DogeArchitecture
import TensorCore
import Testing

/// Checkpoints whose names are Doge's but for what stands before them.
@Suite struct NamePrefixTests {
  /// The tensors with every name changed.
  private func renamed(
    _ sample: SampleTensors, _ change: (String) -> String
  ) -> Tensors { sample.tensors.map { (change($0.name), $0.type, $0.shape) } }

  private func withoutModel(_ name: String) -> String {
    name.hasPrefix("model.") ? String(name.dropFirst("model.".count)) : name
  }

  @Test(arguments: [
    SampleTensors(), SampleTensors(maskRows: 4, hasQKNorm: false, old: true),
    SampleTensors(residualSuffix: ".weight"),
  ])
  func baseModels(sample: SampleTensors) throws {
    let whole = try resolved(sample.tensors)
    let base = try resolved(renamed(sample, withoutModel))
    #expect(base.layout == whole.layout)
    // What a file records must not depend on how the checkpoint was saved.
    #expect(base.tensors == whole.tensors)
    #expect(base.warnings.isEmpty)
  }

  @Test func aBaseModelWithAHeadOfItsOwn() throws {
    let sample = SampleTensors(hasHead: true)
    let base = try resolved(renamed(sample, withoutModel), ["tie_word_embeddings": false])
    #expect(!base.layout.tied)
  }

  @Test func whatABaseModelLacksIsNamedInItsSpelling() {
    let tensors = renamed(SampleTensors(), withoutModel).filter { $0.name != "norm.weight" }
    #expect(throws: LayoutError.mismatch([.missing(name: "norm.weight", shape: [16])])) {
      try resolved(tensors)
    }
  }

  @Test func theSharedMatrixMayBeStoredAsTheHead() throws {
    let whole = try resolved(SampleTensors().tensors)
    let tensors = renamed(SampleTensors()) {
      $0 == "model.embed_tokens.weight" ? "lm_head.weight" : $0
    }
    let headOnly = try resolved(tensors)
    #expect(headOnly.tensors == whole.tensors)
    #expect(headOnly.duplicateHead == nil)
    // Untied, the embedding is missing.
    #expect(throws: LayoutError.self) { try resolved(tensors, ["tie_word_embeddings": false]) }
  }

  @Test func theSharedMatrixOfABaseModelToo() throws {
    let tensors = renamed(SampleTensors()) {
      $0 == "model.embed_tokens.weight" ? "lm_head.weight" : withoutModel($0)
    }
    #expect(try resolved(tensors).tensors == resolved(SampleTensors().tensors).tensors)
  }

  @Test(arguments: ["_orig_mod.", "module.", "base_model.model.", "model."])
  func wrappersAreNamedInOneSentence(prefix: String) throws {
    for sample in [SampleTensors(), SampleTensors(maskRows: 4, hasQKNorm: false, old: true)] {
      #expect(throws: LayoutError.mismatch([.prefix(prefix)])) {
        try resolved(renamed(sample) { prefix + $0 })
      }
    }
    let text = LayoutError.mismatch([.prefix(prefix)]).diagnostic.message
    #expect(text.contains("'\(prefix)'") && !text.contains("\n"))
  }

  @Test func wrappersOfBaseModels() {
    #expect(throws: LayoutError.mismatch([.prefix("module.")])) {
      try resolved(renamed(SampleTensors()) { "module." + withoutModel($0) })
    }
  }

  @Test func aHeadThatIsUntiedAndAbsentIsTold() throws {
    let untied = try resolved(SampleTensors().tensors, ["tie_word_embeddings": false])
    #expect(untied.layout.tied)
    #expect(untied.warnings.count == 1)
    #expect(untied.warnings.first?.contains("lm_head.weight") == true)
    #expect(try resolved(SampleTensors().tensors).warnings.isEmpty)
    // Files of early 2025 leave the key away and are tied.
    let silent = try resolved(SampleTensors().tensors, [:], without: ["tie_word_embeddings"])
    #expect(silent.warnings.isEmpty)
  }
}
