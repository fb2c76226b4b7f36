import DogeModel
import Foundation
import Safetensors
import TestSupport
import Testing

@Suite struct AttentionTests {
  /// With A = 0 all masks are 1: of equal keys the latest stay, as in a sliding window.
  @Test func ofEqualKeysTheLatestStay() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "reference/e6-keepwindow")
    try zero(tensorsEnding: "self_attn.A", of: path + "/model.safetensors")
    try edit(path + "/config.json", ["keep_window_size": 12, "sliding_window": NSNull()])
    let kept = try model(path)
    let tokens = try GoldenCase(name: "reference/e6-keepwindow").golden().tokens
    let result = try run(kept, tokens).bits

    try edit(path + "/config.json", ["keep_window_size": 2048, "sliding_window": 12])
    #expect(try run(try model(path), tokens).bits == result)
    try edit(path + "/config.json", ["sliding_window": 13])
    #expect(try run(try model(path), tokens).bits != result)
  }

  @Test func aWindowOfAllKeysIsNone() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "reference/e6-sliding-keepwindow")
    let tokens = try GoldenCase(name: "reference/e6-sliding-keepwindow").golden().tokens
    try edit(
      path + "/config.json", ["keep_window_size": tokens.count, "sliding_window": tokens.count])
    let wide = try run(try model(path), tokens).bits
    try edit(path + "/config.json", ["keep_window_size": 2048, "sliding_window": NSNull()])
    #expect(try run(try model(path), tokens).bits == wide)
  }

  @Test func aWindowOfOneKeySeesOnlyItself() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "reference/e6-sliding")
    try edit(path + "/config.json", ["sliding_window": 1])
    let model = try model(path)
    // Alone, a token's softmax is 1 whatever its position, so its value decides.
    let outcome = try run(model, [5, 9, 5])
    #expect(outcome.logits[0] == outcome.logits[2])
    #expect(outcome.logits[0] != outcome.logits[1])
  }

  private func edit(_ path: String, _ changes: [String: Any]) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    var config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    config.merge(changes) { $1 }
    try JSONSerialization.data(withJSONObject: config).write(to: URL(fileURLWithPath: path))
  }

  private func zero(tensorsEnding suffix: String, of path: String) throws {
    let entries = try SafetensorsFile(path: path).tensors.filter { $0.name.hasSuffix(suffix) }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for entry in entries {
      bytes.replaceSubrange(entry.byteRange, with: Data(count: entry.byteRange.count))
    }
    #expect(!entries.isEmpty)
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}
