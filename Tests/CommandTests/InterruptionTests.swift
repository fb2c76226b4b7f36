import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Readers that go away, disks that are full, and users who lose patience.
@Suite struct InterruptionTests {
  @Test(arguments: [
    ["help"], ["doctor"], ["doctor", "--json"],
    ["inspect", Fixtures.folder("reference/e6-gqa-tied-bf16")],
    ["inspect", Fixtures.folder("reference/e6-gqa-tied-bf16"), "--json"],
  ])
  func nobodyReads(_ arguments: [String]) throws {
    // A named pipe's ends can be opened such that no program that another test starts in between
    // inherits the reader's, which would then be there.
    let folder = try TemporaryFolder()
    let path = folder.path("pipe")
    try #require(mkfifo(path, 0o600) == 0)
    let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    let writer = open(path, O_WRONLY | O_CLOEXEC)
    close(reader)
    defer { close(writer) }
    let run = try Program.run(arguments, output: writer)
    #expect(run.code == 141 && run.errors == "")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func noRoomForTheOutput() throws {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    let run = try Program.run(["doctor"], output: full)
    #expect(run.code == 74 && run.errors.hasPrefix("kibble: error: "))
  }

  /// Whenever the signal comes, there is a whole file or none.
  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)])
  func signals(_ signal: Int32, _ code: Int) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try largeCheckpoint(in: folder)
    try FileManager.default.createDirectory(
      atPath: folder.path("out"), withIntermediateDirectories: false)
    let output = folder.path("out/model.kibble")
    var interrupted = 0
    // While the input is read, and (nil) once the temporary file is there.
    for delay: UInt32? in [25_000, nil, 5_000, 60_000, nil] {
      let child = try Child(["convert", checkpoint, "-o", output, "--type", "int4", "--quiet"])
      if let delay {
        usleep(delay)
      } else {
        for _ in 0..<10_000 {
          if try !folder.names(in: "out").isEmpty { break }
          usleep(100)
        }
      }
      child.send(signal)
      let run = try child.wait()
      if run.code == 0 {
        #expect(try folder.names(in: "out") == ["model.kibble"])
        try FileManager.default.removeItem(atPath: output)
      } else {
        // Before its handler is there, a signal ends the program by itself.
        #expect(run.code == code || run.code == 1000 + Int(signal), "\(run.errors)")
        #expect(try folder.names(in: "out") == [])
        if run.code == code {
          interrupted += 1
          #expect(run.errors.contains("interrupted"))
        }
      }
    }
    #expect(interrupted > 0, "the checkpoint is too small for this test")
  }

  /// A checkpoint of zeros in a file without blocks, with an embedding of 134 MB.
  private func largeCheckpoint(in folder: TemporaryFolder) throws -> String {
    let (vocabulary, d) = (131_072, 256)
    let config = """
      {"architectures": ["DogeForCausalLM"], "model_type": "doge", "vocab_size": \(vocabulary),
      "hidden_size": \(d), "intermediate_size": 64, "num_hidden_layers": 1,
      "num_attention_heads": 2, "num_key_value_heads": 1, "tie_word_embeddings": true}
      """
    try folder.write("large/config.json", config)
    let layer = "model.layers.0."
    let shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [vocabulary, d]), ("model.norm.weight", [d]),
      (layer + "input_layernorm.weight", [d]), (layer + "input_residual", [d]),
      (layer + "post_attention_layernorm.weight", [d]), (layer + "post_attention_residual", [d]),
      (layer + "self_attn.q_proj.weight", [256, d]), (layer + "self_attn.k_proj.weight", [128, d]),
      (layer + "self_attn.v_proj.weight", [128, d]), (layer + "self_attn.o_proj.weight", [d, 256]),
      (layer + "self_attn.dt_proj.weight", [1, 128]), (layer + "self_attn.A", [1]),
      (layer + "self_attn.q_norm.weight", [128]), (layer + "self_attn.k_norm.weight", [128]),
      (layer + "mlp.gate_proj.weight", [64, d]), (layer + "mlp.up_proj.weight", [64, d]),
      (layer + "mlp.down_proj.weight", [d, 64]),
    ]
    var end = 0
    let entries = shapes.map { name, shape in
      let start = end
      end += 4 * shape.reduce(1, *)
      return "\"\(name)\": {\"dtype\": \"F32\", \"shape\": \(shape), "
        + "\"data_offsets\": [\(start), \(end)]}"
    }
    let header = "{" + entries.joined(separator: ", ") + "}"
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let path = try folder.write("large/model.safetensors", length + Array(header.utf8))
    #expect(truncate(path, 8 + header.utf8.count + end) == 0)
    return folder.path("large")
  }
}
