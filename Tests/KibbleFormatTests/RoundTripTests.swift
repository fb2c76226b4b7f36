import ByteIO
import Diagnostics
import Foundation
import KibbleFormat
import Synchronization
import TensorCore
import Testing

@Suite struct RoundTripTests {
  /// A tensor of every type in both arrangements, with and without padding.
  static func everything() throws -> SampleFile {
    var tensors: [SampleTensor] = []
    for type in WeightType.allCases {
      for arrangement in [Arrangement.rows, .tiles] {
        for shape in [[1], [7], [1, 1], [3, 5], [16, 32], [17, 33], [40, 72]] {
          tensors.append(
            try SampleTensor(
              "\(type).\(arrangement).\(shape.map(String.init).joined(separator: "x"))", type,
              arrangement, shape: shape))
        }
      }
    }
    var sample = SampleFile(tensors: tensors)
    sample.blobs.append(("tokenizer.json", (0..<1000).map { UInt8($0 % 251) }))
    sample.blobs.append(("empty.txt", []))
    return sample
  }

  @Test func everythingComesBack() throws {
    let sample = try Self.everything()
    let file = try open(sample.bytes())
    try file.check()
    #expect(file.tensors.count == sample.tensors.count)
    for (tensor, record) in zip(sample.tensors, file.tensors) {
      #expect(record.name == tensor.name)
      #expect(record.shape == tensor.shape)
      #expect(record.geometry == tensor.geometry)
      #expect(record.exponent == tensor.exponent)
      #expect(record.planes.map(\.count) == tensor.geometry.planeBytes)
      #expect(record.planes.map { file.region.bytes($0) } == tensor.planes)
      #expect(record.planes.allSatisfy { $0.lowerBound % 64 == 0 })
      #expect(file.tensor(named: tensor.name) == record)
    }
    #expect(file.blobs.map(\.name) == sample.blobs.map(\.name))
    for (blob, record) in zip(sample.blobs, file.blobs) {
      #expect(try file.checkedBytes(of: record) == blob.bytes)
    }
    #expect(file.tensor(named: "config.json") == nil)
  }

  @Test func aFileOnDiskIsTheSame() throws {
    let sample = try Self.everything()
    let path = FileManager.default.temporaryDirectory
      .appending(path: "\(UUID().uuidString).kibble").path(percentEncoded: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(sample.bytes()).write(to: URL(filePath: path))
    let file = try KibbleFile(path: path)
    try file.check()
    #expect(file.path == path)
    #expect(file.tensors == sample.plan().tensors)
    #expect(file.blobs == sample.plan().blobs)
  }

  @Test func planesLieAsEarlyAsTheyCan() throws {
    let plan = try Self.everything().plan()
    var end = plan.frame().count
    for range in plan.blobs.map(\.range) + plan.tensors.flatMap(\.planes) {
      #expect(range.lowerBound == (end + 63) / 64 * 64)
      end = range.upperBound
    }
    #expect(plan.fileLength == end)
  }

  @Test(arguments: [0, 1])
  func aFileMayHaveFewEntries(blobsAfterMetadata: Int) throws {
    var sample = SampleFile(tensors: [])
    sample.blobs.removeLast(1 - blobsAfterMetadata)
    let file = try open(sample.bytes())
    try file.check()
    #expect(file.tensors.isEmpty)
    #expect(file.blobs.count == 1 + blobsAfterMetadata)
  }

  @Test func anEmptyBlobMayEndTheFile() throws {
    var sample = SampleFile(tensors: [])
    sample.blobs.append(("empty.txt", []))
    let file = try open(sample.bytes())
    try file.check()
    #expect(file.region.count % 64 == 0)
    #expect(try file.checkedBytes(of: file.blobs[2]) == [])
  }

  /// The minor version is the least that has the file's types, and no feature bit is set for them.
  @Test(arguments: WeightType.allCases) func minorVersionOfATypeOnly(type: WeightType) throws {
    let sample = SampleFile(tensors: [
      try SampleTensor("a", .int4, .tiles, shape: [3, 5]),
      try SampleTensor("b", type, .tiles, shape: [3, 5]),
      try SampleTensor("c", .f32, .rows, shape: [3]),
    ])
    let file = try PatchedFile(sample)
    let isOfOne = type.rawValue > WeightType.int8.rawValue
    #expect(file.read(UInt16.self, at: 10) == (isOfOne ? 1 : 0))
    #expect(file.read(UInt32.self, at: 12) == 0)
  }

  @Test func minorVersionsAreNotRefused() throws {
    var file = try PatchedFile(.example())
    file.set(UInt16.max, at: 10)
    file.sealFrame()
    try check(file.bytes)
  }

  @Test func recognizesItsFiles() throws {
    let bytes = try SampleFile.example().bytes()
    #expect(KibbleFile.isKibble(Array(bytes.prefix(8))))
    #expect(KibbleFile.isKibble(bytes))
    #expect(!KibbleFile.isKibble(Array(bytes.prefix(7))))
    #expect(!KibbleFile.isKibble(Array("GGUF\u{3}\0\0\0".utf8)))
  }

  @Test func checkReportsItsProgress() throws {
    final class Recorder: ProgressSink {
      let events = Mutex<[ProgressEvent]>([])
      func report(_ event: ProgressEvent) { events.withLock { $0.append(event) } }
    }
    let recorder = Recorder()
    let file = try open(SampleFile.example().bytes())
    try file.check(progress: recorder)
    let events = recorder.events.withLock { $0 }
    let total = 30 + 21 + 20 + 16 + 160
    #expect(events.first == .began(phase: "checking", total: total, unit: .bytes))
    #expect(events.last == .ended)
    let done = events.reduce(0) { sum, event in
      if case .advanced(let count) = event { sum + count } else { sum }
    }
    #expect(done == total)
  }

  @Test func checkCanBeInterrupted() throws {
    struct Impatient: ProgressSink {
      var isCancelled: Bool { true }
      func report(_ event: ProgressEvent) {}
    }
    let file = try open(SampleFile.example().bytes())
    #expect(throws: Interruption()) { try file.check(progress: Impatient()) }
  }
}
