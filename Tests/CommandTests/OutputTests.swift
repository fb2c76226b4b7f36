import Foundation
import JSONCore
import Kernels
import TestSupport
import Testing

/// The same input and options give the same bytes, whatever the way.
@Suite struct SameBytesTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  @Test(arguments: ["source", "f16", "int8", "int6", "int5", "int4", "int3", "int2", "int4s"])
  func machinesDoNotMatter(_ type: String) throws {
    let expected = try fileBytes(bench.convert("first.kibble", "--type", type))
    #expect(try fileBytes(bench.convert("second.kibble", "--type", type)) == expected)
    for threads in ["1", "2", "3"] {
      let file = try bench.convert("t\(threads).kibble", "--type", type, "--threads", threads)
      #expect(try fileBytes(file) == expected, "\(threads) threads")
    }
    for isa in InstructionSet.available {
      let file = try bench.convert("\(isa).kibble", "--type", type, "--isa", isa.rawValue)
      #expect(try fileBytes(file) == expected, "\(isa)")
    }
  }

  @Test(
    arguments: ["int8", "int6", "int5", "int4", "int3", "int2", "int8s", "int3s"],
    ["source", "f32"])
  func quantizingAConvertedFile(_ type: String, _ between: String) throws {
    let expected = try fileBytes(bench.convert("direct.kibble", "--type", type))
    let float = try bench.convert("float.kibble", "--type", between)
    let output = bench.path("quantized.kibble")
    #expect(try kibble("quantize", float, "-o", output, "--type", type).code == 0)
    #expect(try fileBytes(output) == expected)
    let fromFolder = bench.path("folder.kibble")
    #expect(try kibble("quantize", bench.checkpoint, "-o", fromFolder, "--type", type).code == 0)
    #expect(try fileBytes(fromFolder) == expected)
  }

  @Test func optionsMatter() throws {
    let variants = try [
      bench.convert("a.kibble", "--type", "int4"),
      bench.convert("b.kibble", "--type", "int4", "--group-size", "64"),
      bench.convert("c.kibble", "--type", "int4", "--tensor", "model.embed_tokens.weight=int8"),
      bench.convert("e.kibble", "--type", "int4", "--tensor", "model.embed_tokens.weight=int6"),
      bench.convert("f.kibble", "--type", "int5"),
    ].map { try fileBytes($0) }
    let rtn = bench.path("d.kibble")
    let run = try kibble(
      "quantize", bench.checkpoint, "-o", rtn, "--type", "int4", "--method", "rtn")
    #expect(run.code == 0)
    #expect(Set(variants + [try fileBytes(rtn)]).count == 6)
  }

  @Test func verifyDoesNotDependOnTheMachine() throws {
    let file = try bench.convert("a.kibble", "--type", "int4")
    func figures(_ options: String...) throws -> [JSON?] {
      let run = try Program.run(
        ["verify", bench.checkpoint, file, "--random", "40", "--json"] + options)
      let json = try run.json
      return ["kld", "max_abs_diff", "rmse", "nmse", "ppl", "delta_p"].map { json[$0] }
    }
    let expected = try figures()
    for isa in InstructionSet.available {
      #expect(try figures("--isa", isa.rawValue, "--threads", "1") == expected)
    }
    #expect(try figures("--threads", "3") == expected)
    #expect(try figures("--seed", "1") != expected)
  }
}

@Suite struct TensorRuleTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  private func types(_ rules: String...) throws -> [String: String] {
    let options = rules.flatMap { ["--tensor", $0] }
    let run = try Program.run(
      ["convert", bench.checkpoint, "-o", bench.path("a.kibble"), "--force", "--type", "int4"]
        + ["--json"] + options)
    try #require(run.code == 0, "\(run.errors)")
    let tensors = try run.json["tensors"]?.arrayValue ?? []
    return Dictionary(
      uniqueKeysWithValues: tensors.map {
        ($0["name"]?.stringValue ?? "", $0["type"]?.stringValue ?? "")
      })
  }

  @Test func theFirstMatchWins() throws {
    let q = "model.layers.0.self_attn.q_proj.weight"
    let plain = try types()
    #expect(plain[q] == "int4" && plain["model.norm.weight"] == "f32")
    let ruled = try types("*q_proj*=f16", "model.layers.0.*proj.weight=INT8", "*norm*=source")
    #expect(ruled[q] == "f16")
    #expect(ruled["model.layers.0.mlp.up_proj.weight"] == "int8")
    #expect(ruled["model.layers.1.mlp.up_proj.weight"] == "int4")
    #expect(ruled["model.norm.weight"] == "bf16")
  }

  @Test(arguments: [
    ("nothing*=int8", "nothing*"), ("*norm.weight=int8", "norm.weight"),
  ])
  func rulesThatCannotBeKept(_ rule: String, _ mentioned: String) throws {
    let output = bench.path("a.kibble")
    for options in [[], ["--dry-run"]] {
      let run = try Program.run(
        ["convert", bench.checkpoint, "-o", output, "--tensor", rule] + options)
      expectRefusal(run, 64, mentioned)
    }
    #expect(try bench.folder.names() == [])
  }
}

@Suite struct CacheFolderTests {
  /// A folder as the Hugging Face hub's client makes it: links to files named by their hashes.
  private func makeCache() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let source = Fixtures.folder("reference/e6-gqa-tied-bf16")
    for (index, name) in ["config.json", "model.safetensors"].enumerated() {
      try folder.write("models--org--nano/blobs/\(index)", fileBytes(source + "/" + name))
      let link = folder.path("models--org--nano/snapshots/0123abcd/" + name)
      try FileManager.default.createDirectory(
        atPath: folder.path("models--org--nano/snapshots/0123abcd"),
        withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: "../../blobs/\(index)")
    }
    try folder.write("models--org--nano/refs/main", "0123abcd\n")
    return folder
  }

  @Test func cacheAndSnapshot() throws {
    let folder = try makeCache()
    let cache = folder.path("models--org--nano")
    for path in [cache, cache + "/snapshots/0123abcd"] {
      let output = folder.path("a.kibble")
      #expect(try kibble("convert", path, "-o", output, "--force").code == 0)
      let plain = Fixtures.folder("reference/e6-gqa-tied-bf16")
      #expect(try kibble("verify", plain, output, "--max-abs-diff", "0").code == 0)
      #expect(try kibble("verify", plain, path, "--max-abs-diff", "0").code == 0)
    }
    let blob = cache + "/blobs/1"
    expectRefusal(try kibble("convert", cache, "-o", blob, "--force"), 73, blob)
  }

  @Test func aReferenceToNothing() throws {
    let folder = try makeCache()
    try folder.write("models--org--nano/refs/main", "feed")
    let run = try kibble("convert", folder.path("models--org--nano"), "-o", folder.path("a"))
    expectRefusal(run, 66, "feed")
  }
}
