import ByteIO
import Conversion
import KibbleFormat
import ModelFile
import Quantization
import TestSupport
import Testing

/// What is written passes the check, and damage does not.
@Suite struct CheckTests {
  @Test func thereAreCheckpoints() { #expect(Fixtures.checkpoints.count > 1) }

  /// Every fixture in every type.
  @Test(
    arguments: Fixtures.checkpoints,
    ["source", "int8", "int6", "int5", "int4", "int3", "int2", "int4s"])
  func outputs(fixture: String, type: String) throws {
    let plan = try plan(Fixtures.folder(fixture), recipe(type, group: 64, .rtn))
    let file = try converter().load(plan).model.file
    try file.check()
    #expect(file.bytes.count == plan.fileLength)
    for tensor in file.tensors {
      #expect(tensor.geometry == plan.records.first { $0.name == tensor.name }?.geometry)
    }
  }

  /// Every damaged byte is found, in payload, padding and between planes.
  @Test(arguments: ["int2", "int3", "int4", "int5", "int6", "int3s"])
  func damage(type: String) throws {
    let plan = try plan(Fixtures.folder("cases/odd-shapes"), recipe(type))
    let bytes = try converter().load(plan).model.file.bytes
    let region = try MemoryBuffer(count: bytes.count)
    try region.write(bytes, at: 0)
    // Steps of a prime, so that all kinds of places are met; what is opened and what is checked
    // differ only in which of the two finds the damage.
    for offset in stride(from: 0, to: bytes.count, by: 31) {
      try region.write([bytes[offset] ^ 0x10], at: offset)
      #expect(throws: (any Error).self, "byte \(offset)") {
        try KibbleFile(region: region, path: "a.kibble").check()
      }
      try region.write([bytes[offset]], at: offset)
    }
    try KibbleFile(region: region, path: "a.kibble").check()
  }

  /// A damaged float file is not quantized or exported.
  @Test func damagedInput() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.kibble")
    _ = try converter().write(
      plan(Fixtures.folder("reference/e6-moe"), recipe("source")), to: path)
    var bytes = try fileBytes(path)
    let tensor = try #require(KibbleFile(path: path).tensors.last)
    bytes[tensor.planes[0].lowerBound] ^= 1
    try folder.write("a.kibble", bytes)
    let quantizing = try diagnostic {
      _ = try converter().write(plan(path, recipe("int4")), to: folder.path("b.kibble"))
    }
    #expect(quantizing.code == "kibble.payload-checksum")
    #expect(quantizing.tensor == tensor.name)
    let exporting = try diagnostic {
      guard case .kibble(let model) = try ModelSource.open(path: path) else { return }
      _ = try converter().export(model, to: folder.path("b"))
    }
    #expect(exporting.code == "kibble.payload-checksum")
    #expect(try folder.names() == ["a.kibble"])
  }
}
