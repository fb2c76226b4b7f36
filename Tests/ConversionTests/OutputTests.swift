import ByteIO
import Conversion
import Diagnostics
import Foundation
import Quantization
import Safetensors
import Synchronization
import TestSupport
import Testing

/// Outputs appear complete or not at all.
@Suite struct OutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Converts a copy of a fixture after `change`; returns the error and checks that no file came.
  private func failure(
    _ fixture: String, type: String = "source",
    _ change: (_ path: String, _ file: SafetensorsFile, _ bytes: inout [UInt8]) throws -> Void
  ) throws -> Diagnostic {
    let path = try folder.copy(fixture: fixture)
    let weights = path + "/model.safetensors"
    var bytes = try fileBytes(weights)
    try change(path, SafetensorsFile(path: weights), &bytes)
    try folder.write("checkpoint/model.safetensors", bytes)
    let error = try diagnostic {
      _ = try converter().write(plan(path, recipe(type)), to: folder.path("out.kibble"))
    }
    #expect(try folder.names() == ["checkpoint"])
    return error
  }

  /// Values that are not finite are all listed, and nothing is written.
  @Test func notFinite() throws {
    let error = try failure("reference/e6-mha-untied-f32") { _, file, bytes in
      let norm = try #require(file["model.norm.weight"]).byteRange.lowerBound
      bytes.replaceSubrange(norm + 12..<norm + 16, with: [0, 0, 0xC0, 0x7F])
      let q = try #require(file["model.layers.1.self_attn.q_proj.weight"])
      let row = q.byteRange.lowerBound + 4 * (2 * q.shape[1] + 5)
      bytes.replaceSubrange(row..<row + 4, with: [0, 0, 0x80, 0xFF])
    }
    #expect(error.kind == .badData)
    #expect(error.code == "conversion.not-finite")
    #expect(error.path == folder.path("checkpoint/model.safetensors"))
    #expect(error.message.contains("model.norm.weight [3] is NaN"))
    #expect(error.message.contains("model.layers.1.self_attn.q_proj.weight [2, 5] is infinite"))
  }

  /// F64 beyond float32 is refused.
  @Test func tooLargeForFloat32() throws {
    let error = try failure("cases/weights-f64") { _, file, bytes in
      let start = try #require(file["model.norm.weight"]).byteRange.lowerBound
      bytes.replaceSubrange(
        start..<start + 8, with: withUnsafeBytes(of: 1e39.bitPattern.littleEndian) { [UInt8]($0) })
    }
    #expect(error.message.contains("model.norm.weight [0] is too large for float32"))
  }

  /// A value that f16 cannot hold is named with its place.
  @Test func overflow() throws {
    let error = try failure("reference/e6-mha-untied-f32", type: "f16") { _, file, bytes in
      let q = try #require(file["model.layers.0.mlp.up_proj.weight"])
      let place = q.byteRange.lowerBound + 4 * (7 * q.shape[1] + 3)
      let value = Float(70000).bitPattern.littleEndian
      bytes.replaceSubrange(place..<place + 4, with: withUnsafeBytes(of: value) { [UInt8]($0) })
    }
    #expect(error.code == "conversion.overflow")
    #expect(error.tensor == "model.layers.0.mlp.up_proj.weight")
    #expect(error.message.contains("70000.0 at [7, 3]"))
    #expect(error.hint?.contains("bf16") == true)
  }

  /// A head that is declared tied and differs is refused, both named.
  @Test func headDiffers() throws {
    let error = try failure("cases/head-duplicate") { _, file, bytes in
      let head = try #require(file["lm_head.weight"])
      let size = head.type.bits / 8
      bytes[head.byteRange.lowerBound + size * (head.shape[1] + 2) + size - 1] ^= 0x80
    }
    #expect(error.code == "conversion.head-differs")
    #expect(error.message.contains("lm_head.weight"))
    #expect(error.message.contains("model.embed_tokens.weight"))
    #expect(error.message.contains("[1, 2]"))
  }

  /// An existing output stays unless it may be replaced.
  @Test func existing() throws {
    let path = try folder.write("out.kibble", "precious")
    let plan = try plan(Fixtures.folder("cases/odd-shapes"), recipe("source"))
    let error = try diagnostic { _ = try converter().write(plan, to: path) }
    #expect(error.kind == .cannotCreate)
    #expect(try fileBytes(path) == Array("precious".utf8))
    _ = try converter().write(plan, to: path, overwrite: true)
    #expect(try fileBytes(path).count == plan.fileLength)
    #expect(try folder.names() == ["out.kibble"])
  }

  /// No input is overwritten, by whatever name.
  @Test func inputAsOutput() throws {
    let checkpoint = try folder.copy(fixture: "doge-nano")
    let link = folder.path("link")
    let tokenizer = checkpoint + "/tokenizer.json"
    try FileManager.default.linkItem(atPath: tokenizer, toPath: link)
    let plan = try plan(checkpoint, recipe("source"))
    for path in [checkpoint + "/model.safetensors", checkpoint + "/config.json", link] {
      let before = try fileBytes(path)
      let error = try diagnostic { _ = try converter().write(plan, to: path, overwrite: true) }
      #expect(error.code == "file.output-is-input")
      #expect(try fileBytes(path) == before)
    }
    let kibble = folder.path("a.kibble")
    _ = try converter().write(plan, to: kibble)
    let quantized = try ConversionTests.plan(kibble, recipe("int4"))
    let error = try diagnostic {
      _ = try converter().write(quantized, to: kibble, overwrite: true)
    }
    #expect(error.code == "file.output-is-input")
  }

  /// An interruption leaves nothing behind.
  @Test(arguments: [0, 2, 9])
  func interruption(after steps: Int) throws {
    let plan = try plan(Fixtures.folder("doge-nano"), recipe("int4", .rtn))
    let progress = StoppingProgress(after: steps)
    let error = try diagnostic {
      _ = try converter(progress: progress).write(plan, to: folder.path("out.kibble"))
    }
    #expect(error.kind == .interrupted)
    #expect(try folder.names().isEmpty)
  }

  /// Progress counts every byte that is read and laid out.
  @Test func progress() throws {
    let plan = try plan(Fixtures.folder("reference/e6-sharded-f32"), recipe("int8"))
    let progress = StoppingProgress(after: .max)
    _ = try converter(progress: progress).load(plan)
    let events = progress.events.withLock { $0 }
    var totals: [String: Int] = [:]
    var phase = ""
    for event in events {
      switch event {
      case .began(let name, let total, let unit):
        phase = name
        totals[name] = total
        #expect(unit == .bytes)
      case .advanced(let amount): totals[phase, default: 0] -= amount
      case .ended: break
      }
    }
    #expect(totals == ["reading": 0, "loading": 0])
  }
}

/// Collects events and asks for an end after some of them.
private final class StoppingProgress: ProgressSink {
  let events = Mutex<[ProgressEvent]>([])
  private let limit: Int

  init(after limit: Int) { self.limit = limit }

  func report(_ event: ProgressEvent) { events.withLock { $0.append(event) } }

  var isCancelled: Bool { events.withLock { $0.count } > limit }
}
