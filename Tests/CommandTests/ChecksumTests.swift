import Foundation
import TestSupport
import Testing

/// A weight that changed on the way must not pass for the model's.
@Suite struct ChecksumTests {
  private let folder: TemporaryFolder
  private let whole: String
  private let damaged: String
  private let tokens: String

  init() throws {
    folder = try TemporaryFolder()
    whole = folder.path("whole.kibble")
    let run = try kibble("convert", Fixtures.folder("doge-nano"), "-o", whole, "--type", "int4")
    try #require(run.code == 0, "\(run.errors)")
    var bytes = try fileBytes(whole)
    // The last tensors are norms in float32: a low bit of one, which nothing else would notice.
    bytes[bytes.count - 4] ^= 0x01
    damaged = try folder.write("damaged.kibble", bytes)
    tokens = try folder.write("tokens.json", "[1, 2, 3, 4]")
  }

  private func expectRefusal(_ arguments: String...) throws {
    let run = try Program.run(arguments + ["--json"])
    #expect(run.code == 65 && run.output == "", "\(arguments): \(run.errors)")
    #expect(try run.error["path"]?.stringValue == damaged)
    #expect(try run.error["tensor"]?.stringValue == "model.norm.weight")
  }

  @Test func verifyLooksAtBothSides() throws {
    try expectRefusal("verify", whole, damaged, "--tokens", tokens, "--quiet")
    try expectRefusal("verify", damaged, whole, "--tokens", tokens, "--quiet")
    let golden = folder.path("golden.safetensors")
    #expect(try kibble("logits", whole, "--tokens", tokens, "-o", golden).code == 0)
    try expectRefusal("verify", "--golden", golden, damaged, "--quiet")
  }

  @Test func theOthersDoWhereItIsAskedFor() throws {
    let output = folder.path("out.safetensors")
    let runs = [
      ["perplexity", damaged, "--tokens", tokens, "--quiet"],
      ["logits", damaged, "--tokens", tokens, "-o", output, "--quiet", "--force"],
      ["generate", damaged, "--prompt", "In", "--max-new-tokens", "2", "--quiet"],
      ["generate", whole, "--compare", damaged, "--prompt", "In", "--quiet"],
      ["chat", damaged, "--message", "In", "--max-new-tokens", "2", "--quiet"],
      ["bench", damaged, "--prefill", "2", "--decode", "1", "--repeat", "1", "--quiet"],
    ]
    for arguments in runs {
      #expect(try Program.run(arguments).code == 0, "\(arguments)")
      let run = try Program.run(arguments + ["--verify-checksums", "--json"])
      #expect(run.code == 65 && run.output == "", "\(arguments): \(run.errors)")
      #expect(try run.error["path"]?.stringValue == damaged)
    }
  }

  @Test func exportDoesAlways() throws {
    let run = try kibble("export", damaged, "-o", folder.path("exported"), "--quiet")
    #expect(run.code == 65)
    #expect(try !folder.names().contains("exported"))
  }
}

/// What can be wrong with a command line is found before a model is loaded.
@Suite struct OrderTests {
  private let folder: TemporaryFolder
  /// A checkpoint that cannot be loaded: one of its weights is not a number.
  private let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try folder.copy(
      fixture: "reference/e6-mha-untied-f32", setting: "model.norm.weight", to: .nan)
  }

  @Test func usageComesFirst() throws {
    let tokens = try folder.write("tokens.json", "[1, 2]")
    let gate = try folder.write("gate.json", "{\"max_kld\": \"much\"}")
    let recipe = try folder.write("recipe.json", "{}")
    let missing = folder.path("missing.json")
    let output = folder.path("out")
    let runs: [(code: Int, arguments: [String])] = [
      (64, ["verify", checkpoint, checkpoint, "--tokens", tokens, "--random", "5"]),
      (64, ["verify", checkpoint, checkpoint, "--random", "none"]),
      (64, ["verify", checkpoint, checkpoint, "--stepwise"]),
      (64, ["verify", checkpoint, "--tokens", tokens]),
      (66, ["verify", checkpoint, checkpoint, "--tokens", missing]),
      (66, ["verify", checkpoint, checkpoint, "--text", missing]),
      (65, ["verify", checkpoint, checkpoint, "--gate", gate]),
      (66, ["verify", "--golden", missing, checkpoint]),
      (66, ["perplexity", checkpoint, "--tokens", missing]),
      (66, ["logits", checkpoint, "--tokens", missing, "-o", output]),
      (65, ["convert", checkpoint, "-o", output, "--recipe", recipe]),
      (66, ["quantize", checkpoint, "-o", output, "--recipe", missing]),
      (64, ["quantize", checkpoint, "-o", output, "--type", "int4", "--tune", "5"]),
    ]
    for (code, arguments) in runs {
      let run = try Program.run(arguments)
      #expect(run.code == code, "\(arguments): \(run.errors)")
      #expect(!run.errors.contains("model.norm.weight"), "\(arguments): \(run.errors)")
    }
    // It is the model's turn when all else is right.
    let last = try kibble("verify", checkpoint, checkpoint, "--tokens", tokens)
    #expect(last.code == 65 && last.errors.contains("model.norm.weight"))
  }
}
