import Foundation
import TestSupport
import Testing

/// What the built program says of typical mistakes: what, where, what was expected, what to do.
///
/// `KIBBLE_UPDATE_SNAPSHOTS=1` writes Snapshots/mistakes.log anew; read what changed.
@Suite struct MistakeTests {
  /// A command line, of whose words those that begin with @ are paths in a folder of their own.
  private static let commands = [
    // The command line.
    "", "nano", "generat @nano", "quantise @nano", "convert", "convert --type int4 @nano",
    "convert @nano -o", "convert @nano -o @a --type int4 --type int8",
    "convert @nano -o @a --typ int4",
    "convert @nano @int8.kibble -o @a", "convert @nano -o @a --json=yes",
    "--type int4 convert @nano",
    "help nothing", "generate @nano hello", "generate @nano -p hello", "generate @nano --prompt",
    "generate @nano --prompt --greedy", "chat @nano hello", "verify @nano",
    "verify --golden @golden",
    "verify @nano @nano --dry-run", "inspect @nano --dry-run", "doctor @nano",
    "quantize @nano -o @a",
    "score @nano", "tokenize @nano", "diff @nano", "plot", "pack @int8.kibble extra -o @a",
    // Values.
    "quantize @nano -o @a --type q4_k_m", "quantize @nano -o @a --type Q8_0",
    "quantize @nano -o @a --type int7", "convert @nano -o @a --type fp16",
    "quantize @nano -o @a --type int4 --group-size 48",
    "quantize @nano -o @a --type int4 --method awq",
    "quantize @nano -o @a --type int4 --calibration @text", "quantize @nano -o @a --type mixed",
    "quantize @nano -o @a --type int4 --max-size 1M",
    "quantize @nano -o @a --type int4 --tensor embed",
    "quantize @nano -o @a --type int4 --tensor embed=int8", "verify @nano @nano --gate int9",
    "verify @nano @nano --max-mean-kld 1e999", "verify @nano @nano --min-top1 95",
    "generate @nano --prompt a --temperature 0", "generate @nano --prompt a --top-p 2",
    "generate @nano --prompt a --max-new-tokens 1e3", "generate @nano --prompt a --logit-bias x=1",
    "inspect @nano --threads 0", "inspect @nano --isa sse", "inspect @nano --tensor q_proj",
    // Inputs.
    "inspect @nowhere", "convert SmallDoge/Doge-20M -o @a", "inspect @text", "inspect @empty",
    "convert @pointer -o @a", "inspect @model.gguf", "inspect @array.npy", "inspect @object.json",
    "check @nano", "check @cut.kibble", "check @damaged.kibble", "verify @nano @cut.kibble",
    "quantize @int8.kibble -o @a --type int4", "pack @nano -o @a", "unpack @int8.kibble -o @a",
    "chat @base --message hello", "tokenize @bare hello", "verify @nano @other",
    "verify @nano @nano --tokens @nowhere", "verify @nano @nano --tokens @text",
    "verify @nano @nano --tokens @far.json", "perplexity @nano --text @nothing",
    "verify @nano @nano --gate @object.json", "convert @nano -o @a --recipe @text",
    "generate @nano --prompt a --tokens @far.json", "score @nano --jsonl @text",
    // Outputs.
    "convert @nano -o @int8.kibble", "convert @nano -o @no/where.kibble", "convert @nano -o @empty",
    "convert @nano -o -", "convert @nano -o @nano/model.safetensors --force",
    "export @int8.kibble -o @empty", "export @int8.kibble -o @text/folder",
  ]

  @Test func messages() throws {
    let bench = try Workbench(checkpoint: Fixtures.folder("doge-nano"))
    try fill(bench)
    let program = try #require(Program.path)
    var text = ""
    for command in Self.commands {
      let words = command.split(separator: " ").map {
        $0.hasPrefix("@") ? bench.path(String($0.dropFirst())) : String($0)
      }
      let run = try Child(
        ["HF_HUB_CACHE=/hub", "LANG=C", "COLUMNS=80", "TERM=dumb", program] + words, program: "env"
      ).wait()
      // Progress says how long things took.
      let errors = run.errors.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { $0.hasPrefix("kibble: ") || !$0.contains(" ... ") }.joined(separator: "\n")
      text += "$ kibble \(command)\n\(run.output)\(errors)exit code \(run.code)\n\n"
      #expect(run.code != 0 && run.code < 80, "\(command)")
      if !command.isEmpty {
        #expect(run.output == "" && errors.hasPrefix("kibble: error: "), "\(command)")
        #expect(errors.contains("\n  help: "), "\(command)")
      }
    }
    text = text.replacingOccurrences(of: bench.folder.path + "/", with: "@")
    #expect(try bench.folder.names() == Self.files)
    let file = Fixtures.repository.appending(path: "Tests/CommandTests/Snapshots/mistakes.log")
    if ProcessInfo.processInfo.environment["KIBBLE_UPDATE_SNAPSHOTS"] == "1" {
      try Data(text.utf8).write(to: file)
    }
    #expect(try text == String(contentsOf: file, encoding: .utf8))
  }

  private static let files = [
    "array.npy", "bare", "base", "cut.kibble", "damaged.kibble", "empty", "far.json", "int8.kibble",
    "model.gguf", "nano", "nothing", "object.json", "other", "pointer", "text",
  ]

  /// Makes the inputs.
  private func fill(_ bench: Workbench) throws {
    let manager = FileManager.default
    for (name, files) in [
      ("base", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]),
      ("bare", ["config.json", "model.safetensors"]), ("pointer", ["config.json"]), ("empty", []),
    ] {
      try manager.createDirectory(atPath: bench.path(name), withIntermediateDirectories: false)
      for file in files {
        try manager.copyItem(
          atPath: bench.checkpoint + "/" + file, toPath: bench.path(name) + "/" + file)
      }
    }
    _ = try bench.folder.copy(fixture: "doge-nano", as: "nano")
    _ = try bench.folder.copy(fixture: "cases/act-gelu-new", as: "other")
    let hash = String(repeating: "0", count: 64)
    try bench.folder.write(
      "pointer/model.safetensors",
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(hash)\nsize 2109536\n")
    let bytes = try fileBytes(bench.convert("int8.kibble", "--type", "int8"))
    try bench.folder.write("cut.kibble", Array(bytes[..<(bytes.count / 2)]))
    var damaged = bytes
    damaged[bytes.count - 100] ^= 1
    try bench.folder.write("damaged.kibble", damaged)
    try bench.folder.write("model.gguf", "GGUF\u{3}\u{0}\u{0}\u{0}")
    try bench.folder.write("array.npy", [0x93] + Array("NUMPY\u{1}\u{0}".utf8))
    try bench.folder.write("object.json", "{\"weights\": []}")
    try bench.folder.write("far.json", "[1, 2, 99999]")
    try bench.folder.write("text", "plain text\n")
    try bench.folder.write("nothing", "")
  }
}
