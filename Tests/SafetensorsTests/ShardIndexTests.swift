import ByteIO
import Diagnostics
import Safetensors
import TestSupport
import Testing

@Suite struct ShardIndexTests {
  private let folder: TemporaryFolder
  private let indexName = "model.safetensors.index.json"

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("config.json", "{}")
    try folder.write("1.safetensors", vectors(["a", "c"]))
    try folder.write("2.safetensors", vectors(["b"]))
  }

  private func writeIndex(_ map: [(String, String)], totalSize: Int? = nil) throws {
    let entries = map.map { #""\#($0.0)":"\#($0.1)""# }.joined(separator: ",")
    let metadata = totalSize.map { #""metadata":{"total_size":\#($0)},"# } ?? ""
    try folder.write(indexName, #"{\#(metadata)"weight_map":{\#(entries)}}"#)
  }

  private let correct = [("b", "2.safetensors"), ("a", "1.safetensors"), ("c", "1.safetensors")]

  @Test func opensExactlyTheListedShards() throws {
    try folder.write("model.safetensors", vectors(["other"]))
    try folder.write("3.safetensors", "not even safetensors")
    try writeIndex(correct, totalSize: 12)
    let checkpoint = try CheckpointFolder(path: folder.path)
    #expect(checkpoint.tensors.map(\.name) == ["a", "c", "b"])
    #expect(checkpoint.tensors.map(\.fileIndex) == [0, 0, 1])
    #expect(checkpoint.files.map(\.path) == ["1", "2"].map { folder.path("\($0).safetensors") })
    #expect(checkpoint.warnings == [])
    let tensor = try #require(checkpoint.tensors.last)
    #expect(checkpoint.file(of: tensor)["b"] == tensor.entry)
    let index = try #require(FileSystem.identity(folder.path(indexName)))
    #expect(checkpoint.identities.contains(index))
  }

  @Test func aStaleTotalIsOnlyMentioned() throws {
    try writeIndex(correct, totalSize: 999)
    let warnings = try CheckpointFolder(path: folder.path).warnings
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("999") == true)
    #expect(warnings.first?.contains("12") == true)
  }

  @Test(
    arguments: [
      ("weight_map = none", "not-json"), ("[]", "without-map"),
      (#"{"metadata":{"total_size":1}}"#, "without-map"), (#"{"weight_map":[]}"#, "without-map"),
      (#"{"weight_map":{}}"#, "empty"), (#"{"weight_map":{"a":2}}"#, "entry-not-string"),
      (#"{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}"#, "not-json"),
      (#"{"weight_map":{"a":"../1.safetensors"}}"#, "not-plain-name"),
      (#"{"weight_map":{"a":"/1.safetensors"}}"#, "not-plain-name"),
      (#"{"weight_map":{"a":"sub/1.safetensors"}}"#, "not-plain-name"),
      (#"{"weight_map":{"a":".."}}"#, "not-plain-name"),
      (#"{"weight_map":{"a":""}}"#, "not-plain-name"),
      (#"{"weight_map":{"a":"1.safetensors\u0000"}}"#, "not-plain-name"),
    ])
  func rejectsBrokenIndices(text: String, code: String) throws {
    try folder.write(indexName, text)
    let diagnostic = try failure()
    #expect(diagnostic.code == "checkpoint.index-" + code)
    #expect(diagnostic.kind == .badData)
    #expect(diagnostic.path == folder.path(indexName))
  }

  @Test func listsAllMissingShards() throws {
    try writeIndex(correct + [("x", "8.safetensors"), ("y", "9.safetensors")])
    let diagnostic = try failure()
    #expect(diagnostic.code == "checkpoint.shard-missing")
    #expect(diagnostic.kind == .missingInput)
    #expect(diagnostic.message.contains("8.safetensors, 9.safetensors"))
  }

  @Test func rejectsATensorThatItsShardLacks() throws {
    try writeIndex(correct + [("x", "1.safetensors")])
    let diagnostic = try failure()
    #expect(diagnostic.code == "checkpoint.index-tensor-absent")
    #expect(diagnostic.tensor == "x")
    #expect(diagnostic.message.contains("1.safetensors"))
  }

  @Test func saysWhichShardHasAMisplacedTensor() throws {
    try writeIndex([("a", "1.safetensors"), ("b", "1.safetensors"), ("c", "2.safetensors")])
    let diagnostic = try failure()
    #expect(diagnostic.code == "checkpoint.index-tensor-absent")
    #expect(diagnostic.tensor == "b")
    #expect(diagnostic.message.hasSuffix("2.safetensors has it"))
  }

  @Test func rejectsATensorThatIsNotListed() throws {
    try writeIndex([("a", "1.safetensors"), ("b", "2.safetensors")])
    let diagnostic = try failure()
    #expect(diagnostic.code == "checkpoint.index-tensor-unlisted")
    #expect(diagnostic.tensor == "c")
  }

  @Test func rejectsATensorInTwoShards() throws {
    try folder.write("2.safetensors", vectors(["b", "a"]))
    try writeIndex(correct)
    let diagnostic = try failure()
    #expect(diagnostic.code == "checkpoint.index-tensor-in-two-shards")
    #expect(diagnostic.tensor == "a")
    #expect(diagnostic.message.contains("1.safetensors, 2.safetensors"))
  }

  private func failure() throws -> Diagnostic {
    try #require(throws: CheckpointError.self) { try CheckpointFolder(path: folder.path) }
      .diagnostic
  }
}
