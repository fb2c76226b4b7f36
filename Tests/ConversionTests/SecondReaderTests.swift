import ByteIO
import Conversion
import Foundation
import KibbleFormat
import ModelFile
import PackedFormat
import Parallel
import TestSupport
import Testing

/// Compares the converter with `formats/read_kibble.py`.
///
/// That was written from the format's description alone: where they disagree, one of the three
/// is wrong.
@Suite(.enabled(if: Python.withNumPy != nil))
struct SecondReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// It decodes every type to the bits of an export.
  @Test(
    arguments: ["cases/odd-shapes", "cases/doge2-moe-untied", "reference/e3-oldnames-f32"],
    [
      ("source", 32), ("f32", 32), ("f16", 32), ("bf16", 32),
      ("int8", 64), ("int4", 32), ("int4", 128), ("int5", 32), ("int5", 128), ("int6", 64),
      ("int3", 32), ("int3", 128), ("int2", 32), ("int2", 64), ("int8s", 64), ("int6s", 32),
      ("int5s", 128), ("int4s", 32), ("int3s", 64), ("int2s", 32),
    ])
  func sameBits(fixture: String, type: (name: String, group: Int)) throws {
    let (file, checkpoint) = try exported(fixture, type.name, group: type.group)
    let run = try SecondReader.run([file, "--compare", checkpoint])
    #expect(run.status == 0, "\(run.output)")
  }

  /// It unpacks what was packed.
  @Test(arguments: [
    "source", "f32", "int8", "int6", "int5", "int4", "int3", "int2", "int8s", "int4s", "int3s",
  ])
  func packed(type: String) throws {
    let (file, checkpoint) = try exported("cases/odd-shapes", type)
    let packed = try Packer(ThreadPool(threads: 1)).pack(KibbleFile(path: file))
    let memory = try MemoryBuffer(count: packed.length)
    try packed.write(to: memory)
    let path = try folder.write("packed.kibble", memory.bytes(0..<memory.count))
    let run = try SecondReader.run([path, "--compare", checkpoint])
    #expect(run.status == 0, "\(run.output)")
  }

  /// It decompresses blobs, and finds that one is damaged.
  @Test func compressedBlobs() throws {
    let (path, checkpoint) = try exported("doge-nano", "int2")
    let file = try KibbleFile(path: path)
    let blob = try #require(file.blobs.first { $0.inflatedBytes != nil })
    let run = try SecondReader.run([path, "--compare", checkpoint])
    #expect(run.status == 0, "\(run.output)")
    for place in [blob.range.lowerBound, blob.range.upperBound - 1] {
      var bytes = file.bytes
      bytes[place] ^= 1
      let damaged = try folder.write("damaged.kibble", bytes)
      let run = try SecondReader.run([damaged])
      #expect(run.status == 65 && run.output.contains(blob.name), "\(run.output)")
    }
  }

  /// It names the tensor whose bits differ.
  @Test func otherBits() throws {
    let (file, checkpoint) = try exported("cases/residual-weight", "int4")
    var bytes = try fileBytes(checkpoint)
    bytes[bytes.count - 4] ^= 1
    try folder.write("changed.safetensors", bytes)
    let run = try SecondReader.run([file, "--compare", folder.path("changed.safetensors")])
    #expect(run.status == 1, "\(run.output)")
    #expect(run.output.split(separator: "\n").count == 1, "\(run.output)")
    #expect(run.output.contains(": differs or is missing"), "\(run.output)")
  }

  /// Both refuse a file with a byte that is wrong.
  @Test(arguments: Damage.allCases)
  private func damaged(damage: Damage) throws {
    let plan = try plan(Fixtures.folder("cases/odd-shapes"), recipe("int4"))
    let file = try converter().load(plan).model.file
    let path = try folder.write("damaged.kibble", try damage.bytes(of: file))
    let run = try SecondReader.run([path])
    let refusal = try diagnostic { try KibbleFile(path: path).check() }
    #expect(run.status == damage.exitCode, "\(run.output)")
    #expect(refusal.kind.rawValue == damage.exitCode, "\(refusal.message)")
  }

  /// The paths of a converted file and of the weights that an export of it has.
  private func exported(
    _ fixture: String, _ type: String, group: Int = 32
  ) throws -> (file: String, checkpoint: String) {
    let file = folder.path("model.kibble")
    _ = try converter().write(
      plan(Fixtures.folder(fixture), recipe(type, group: group)), to: file)
    guard case .kibble(let model) = try ModelSource.open(path: file) else {
      throw CocoaError(.fileReadUnknown)
    }
    _ = try converter().export(model, to: folder.path("out"))
    return (file, folder.path("out/model.safetensors"))
  }
}

/// One changed byte each.
private enum Damage: CaseIterable {
  case magic, directory, blob, gap, plane, feature

  /// What the reader must end with: `feature` stands for a newer version's file.
  var exitCode: Int32 { self == .feature ? 69 : 65 }

  func bytes(of file: KibbleFile) throws -> [UInt8] {
    var bytes = file.bytes
    let plane = try #require(file.tensors.first?.planes.first)
    switch self {
    case .magic: bytes[0] ^= 0x80
    case .directory: bytes[128 + 24] ^= 1
    case .blob: bytes[try #require(file.blobs.last).range.lowerBound] ^= 1
    case .gap:
      try #require(try #require(file.blobs.last).range.upperBound < plane.lowerBound)
      bytes[plane.lowerBound - 1] = 1
    case .plane: bytes[plane.lowerBound] ^= 1
    case .feature: bytes[12] = 8
    }
    return bytes
  }
}

/// Runs `formats/read_kibble.py`.
private enum SecondReader {
  static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let script = Fixtures.repository.appending(path: "formats/read_kibble.py").path
    // -B: no folder of compiled modules appears in the repository.
    return try Python.run(["-B", script] + arguments)
  }
}
