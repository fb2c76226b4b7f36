import Foundation
import JSONCore
import TestSupport
import Testing

/// The damaged checkpoints of `fixtures/reference/malformed.py`.
@Suite struct MalformedTests {
  static let hasPython = (try? Child(["-c", ""], program: "python3").wait().code) == 0

  /// Cases whose fault lies in one tensor, which the message names.
  static let tensors = [
    "offsets-reversed": "model.norm.weight", "shape-dtype-mismatch": "model.norm.weight",
    "dtype-size-mismatch": "model.norm.weight", "shape-negative": "model.norm.weight",
    "shape-float": "model.norm.weight", "unknown-dtype": "model.norm.weight",
    "no-dtype": "model.norm.weight", "duplicate-names": "model.norm.weight",
    "three-offsets": "model.norm.weight", "weights-nan": "model.norm.weight",
    "weights-inf": "self_attn.q_proj.weight", "dtype-f8": "self_attn.q_proj.weight",
    "dtype-i8": "self_attn.q_proj.weight", "missing-layer-tensor": "self_attn.q_proj.weight",
    "missing-embedding": "model.embed_tokens.weight", "extra-layer": "model.layers.1.",
    "name-like-path": "escape.weight", "zero-size-extra": "extra.weight",
    "tensor-in-two-shards": "model.norm.weight", "index-tensor-absent": "model.norm.weight",
    "config-vocab-mismatch": "model.embed_tokens.weight",
  ]

  @Test(.enabled(if: hasPython, "python3 writes the damaged checkpoints, and is not here"))
  func everyCase() throws {
    let folder = try TemporaryFolder()
    let script = Fixtures.folder("reference/malformed.py")
    let writer = try Child([script, folder.path("cases")], program: "python3").wait()
    try #require(writer.code == 0, "\(writer.errors)")
    let cases = try #require(try writer.json.objectValue?.members)
    #expect(cases.count >= 74)
    try FileManager.default.createDirectory(
      atPath: folder.path("out"), withIntermediateDirectories: false)
    let output = folder.path("out/model.kibble")

    for (name, expected) in cases.map({ ($0.key, $0.value) }) {
      let input = folder.path("cases/" + name)
      let code = try #require(expected["exit"]?.intValue)
      let run = try kibble("convert", input, "-o", output)
      if code == 0 {
        #expect(run.code == 0, "\(name): \(run.errors)")
        #expect(try kibble("check", output).code == 0, "\(name)")
        try FileManager.default.removeItem(atPath: output)
        continue
      }
      #expect(run.code == code, "\(name): \(run.errors)")
      #expect(run.output == "", "\(name)")
      let messages = run.errors.split(separator: "\n").filter { $0.hasPrefix("kibble: error: ") }
      #expect(messages.count == 1, "\(name): \(run.errors)")
      #expect(run.errors.contains("--> " + input), "\(name): \(run.errors)")
      #expect(!run.errors.contains("\0") && !run.errors.contains("\u{1B}"), "\(name)")
      let named = Self.tensors[name] ?? ""
      #expect(named.isEmpty || run.errors.contains(named), "\(name): \(run.errors)")
      #expect(try folder.names(in: "out") == [], "\(name)")

      let error = try kibble("inspect", input, "--json")
      if error.code != 0 {
        #expect(try error.error["path"]?.stringValue?.hasPrefix(input) == true, "\(name)")
      }
    }
    #expect(try folder.names() == ["cases", "out"])
  }
}
