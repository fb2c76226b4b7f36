import JSONCore
import TestSupport
import Testing

/// A packed file stands for the file that it was made of.
@Suite struct PackTests {
  let bench: Workbench
  let file: String
  let packed: String

  init() throws {
    bench = try Workbench()
    file = try bench.convert("a.kibble", "--type", "int8", "--tensor", "*norm*=source")
    packed = bench.path("a.packed.kibble")
    let run = try kibble("pack", file, "-o", packed)
    try #require(run.code == 0, "\(run.errors)")
  }

  @Test func thereAndBack() throws {
    let (bytes, short) = (try fileBytes(file), try fileBytes(packed))
    #expect(short.count < bytes.count)
    let back = bench.path("back.kibble")
    let run = try kibble("unpack", packed, "-o", back, "--json")
    #expect(run.code == 0 && run.errors == "")
    #expect(try fileBytes(back) == bytes)
    let json = try run.json
    #expect(json.keys == ["schema", "version", "output", "bytes", "input_bytes"])
    #expect(json["output"]?.stringValue == back)
    #expect(json["bytes"]?.intValue == bytes.count)
    #expect(json["input_bytes"]?.intValue == short.count)
    let quiet = try kibble("unpack", packed, "-o", back, "--force", "--quiet")
    #expect(quiet.code == 0 && quiet.output == "" && quiet.errors == "")
  }

  @Test(arguments: ["source", "f16", "int6", "int5", "int4", "int3", "int2", "int8s", "int2s"])
  func everyType(_ type: String) throws {
    let file = try bench.convert("\(type).kibble", "--type", type)
    let (packed, back) = (bench.path("packed"), bench.path("back.kibble"))
    let run = try kibble("pack", file, "-o", packed, "--json")
    #expect(try run.json["bytes"]?.intValue == fileBytes(packed).count)
    #expect(try kibble("unpack", packed, "-o", back).code == 0)
    #expect(try fileBytes(back) == fileBytes(file))
  }

  @Test func threadsDoNotMatter() throws {
    for threads in ["1", "2", "3"] {
      let other = bench.path("t\(threads).kibble")
      #expect(try kibble("pack", file, "-o", other, "--threads", threads).code == 0)
      #expect(try fileBytes(other) == fileBytes(packed))
    }
  }

  // MARK: Other commands

  @Test func checkReadsIt() throws {
    let whole = try kibble("check", packed, "--json").json
    #expect(whole["passed"] == true)
    #expect(whole["bytes"]?.intValue == (try fileBytes(packed)).count)
    let plain = try kibble("check", file, "--json").json
    for key in ["tensors", "blobs", "layout"] { #expect(whole[key] == plain[key]) }
    let bytes = try fileBytes(packed)
    for place in [20, 100, bytes.count / 2, bytes.count - 1] {
      var changed = bytes
      changed[place] ^= 1
      let damaged = try bench.folder.write("damaged.kibble", changed)
      expectRefusal(try kibble("check", damaged), 65, damaged)
      expectRefusal(try kibble("unpack", damaged, "-o", bench.path("out")), 65, damaged)
    }
    var newer = bytes
    newer[8] = 2
    let path = try bench.folder.write("newer.kibble", newer)
    expectRefusal(try kibble("check", path), 69, path, "newer", "Update kibble")
    #expect(try !bench.folder.names().contains("out"))
  }

  @Test func inspectReadsIt() throws {
    let (short, plain) = (
      try kibble("inspect", packed, "--json").json, try kibble("inspect", file, "--json").json
    )
    #expect(short.keys == plain.keys.union(["packed_bytes"]))
    #expect(try short["packed_bytes"]?.intValue == fileBytes(packed).count)
    for key in plain.keys.subtracting(["path", "bits_per_weight"]) {
      #expect(short[key] == plain[key], "\(key)")
    }
    let bits = try #require(short["bits_per_weight"]?.doubleValue)
    #expect(try bits < #require(plain["bits_per_weight"]?.doubleValue))
    let stats = ["--tensor", "model.norm.weight", "--stats", "--json"]
    #expect(
      try Program.run(["inspect", packed] + stats).json["tensors"]
        == Program.run(["inspect", file] + stats).json["tensors"])
  }

  @Test func verifyReadsIt() throws {
    func figures(_ reference: String, _ candidate: String) throws -> [JSON?] {
      let run = try kibble("verify", reference, candidate, "--random", "40", "--json")
      #expect(run.code == 0, "\(run.errors)")
      let json = try run.json
      return [
        "tokens", "max_abs_diff", "rmse", "nmse", "kld", "top1_agreement", "ppl", "delta_p",
      ].map { json[$0] }
    }
    #expect(try figures(bench.checkpoint, packed) == figures(bench.checkpoint, file))
    let gate = ["--mode", "exact", "--max-abs-diff", "0"]
    let same = try Program.run(["verify", file, packed, "--random", "40"] + gate)
    #expect(same.code == 0)
  }

  @Test func logitsReadIt() throws {
    let tokens = try bench.folder.write("t.json", "[1, 2, 3, 4, 5]")
    let outputs = try [file, packed].map { model in
      let output = bench.path("logits.safetensors")
      let run = try kibble("logits", model, "--tokens", tokens, "-o", output, "--force")
      #expect(run.code == 0)
      return try fileBytes(output)
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test func exportReadsIt() throws {
    let folders = try [file, packed].map { model in
      let folder = bench.path("out")
      #expect(try kibble("export", model, "-o", folder, "--force").code == 0)
      return try fileBytes(folder + "/model.safetensors")
    }
    #expect(folders[0] == folders[1])
  }

  // MARK: Refusals

  @Test func filesThatAreNotForThem() throws {
    let output = bench.path("out")
    expectRefusal(
      try kibble("pack", packed, "-o", output), 65, packed, "packed already", "kibble unpack")
    expectRefusal(
      try kibble("unpack", file, "-o", output), 65, file, "not packed", "as it is")
    for command in ["pack", "unpack"] {
      expectRefusal(try kibble(command, bench.path("none"), "-o", output), 66, "none")
      expectRefusal(try kibble(command, bench.checkpoint, "-o", output), 66, bench.checkpoint)
      let text = try bench.folder.write("text.kibble", "no model")
      expectRefusal(try kibble(command, text, "-o", output), 65, text)
      expectRefusal(try kibble(command, file), 64, "-o FILE")
      expectRefusal(try kibble(command), 64, "FILE")
    }
    // What is not whole would not come back as it is.
    var bytes = try fileBytes(file)
    bytes[bytes.count - 1] ^= 1
    let damaged = try bench.folder.write("damaged.kibble", bytes)
    expectRefusal(try kibble("pack", damaged, "-o", output), 65, damaged, "tensor:")
    #expect(try !bench.folder.names().contains("out"))
  }

  @Test func outputs() throws {
    let before = (try fileBytes(file), try fileBytes(packed))
    for (command, input) in [("pack", file), ("unpack", packed)] {
      let name = "\(command).out"
      let output = bench.path(name)
      let dry = try kibble(command, input, "-o", output, "--dry-run", "--json")
      #expect(dry.code == 0)
      #expect(try dry.json["output"] == .null)
      let text = try kibble(command, input, "-o", output, "--dry-run")
      #expect(text.code == 0 && text.output.contains("would write"))
      #expect(try !bench.folder.names().contains(name))

      try bench.folder.write(name, "here before")
      expectRefusal(try kibble(command, input, "-o", output), 73, output, "--force")
      expectRefusal(try kibble(command, input, "-o", output, "--dry-run"), 73, output)
      #expect(try fileBytes(output) == Array("here before".utf8))
      let forced = try kibble(command, input, "-o", output, "--force", "--json").json
      #expect(forced["bytes"] == (try dry.json["bytes"]))
      #expect(try fileBytes(output) == (command == "pack" ? before.1 : before.0))
      expectRefusal(try kibble(command, input, "-o", input, "--force"), 73, "input")
    }
    #expect(try fileBytes(file) == before.0 && fileBytes(packed) == before.1)
  }
}
