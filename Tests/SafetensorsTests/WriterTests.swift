import ByteIO
import Safetensors
import TensorCore
import Testing

@Suite struct WriterTests {
  private let plan: [SafetensorsWriter.Tensor] = [
    .init(name: "b", type: .bf16, shape: [3, 5]), .init(name: "a", type: .f32, shape: []),
    .init(name: "empty", type: .f32, shape: [0, 4]), .init(name: "q\"\n", type: .u8, shape: [2]),
  ]

  @Test func writesWhatTheReaderReads() throws {
    let writer = try SafetensorsWriter(tensors: plan, metadata: [("format", "pt"), ("é", "\n")])
    let buffer = try MemoryBuffer(count: writer.fileSize)
    try writer.writeHeader(to: buffer)
    let header = try buffer.withBytes { (bytes) throws(SafetensorsError) in
      try SafetensorsHeader.parse(bytes, path: "m")
    }
    #expect(header.tensors.map(\.name) == plan.map(\.name))
    #expect(header.tensors.map(\.type) == plan.map(\.type))
    #expect(header.tensors.map(\.shape) == plan.map(\.shape))
    #expect(header.tensors.map(\.byteRange) == writer.byteRanges)
    #expect(header.metadata.map(\.key) == ["format", "é"])
    #expect(header.metadata.map(\.value) == ["pt", "\n"])
  }

  /// The bytes are pinned: they may not change by accident.
  @Test func hasTheBytesOfTheFormat() throws {
    let writer = try SafetensorsWriter(
      tensors: [.init(name: "w", type: .f32, shape: [2])], metadata: [("format", "pt")])
    let text =
      #"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let padding = (8 - text.utf8.count % 8) % 8
    #expect(
      writer.headerBytes == [UInt8(text.utf8.count + padding), 0, 0, 0, 0, 0, 0, 0]
        + Array(text.utf8) + [UInt8](repeating: 0x20, count: padding))
    #expect(writer.fileSize == writer.headerBytes.count + 8)
  }

  @Test(arguments: 1..<20)
  func dataBeginAtAMultipleOf8(nameLength: Int) throws {
    let name = String(repeating: "n", count: nameLength)
    let writer = try SafetensorsWriter(tensors: [.init(name: name, type: .u8, shape: [1])])
    #expect(writer.headerBytes.count % 8 == 0)
    #expect(writer.byteRanges.first?.lowerBound == writer.headerBytes.count)
  }

  @Test func writesAFileWithoutTensors() throws {
    let writer = try SafetensorsWriter(tensors: [])
    #expect(writer.headerBytes == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
  }

  @Test(
    arguments: [
      [SafetensorsWriter.Tensor(name: "__metadata__", type: .f32, shape: [1])],
      [.init(name: "w", type: .f32, shape: [1]), .init(name: "w", type: .f32, shape: [1])],
      [.init(name: "w", type: .f32, shape: [-1])],
      [.init(name: "w", type: .f32, shape: [1 << 32, 1 << 32])],
      [.init(name: "w", type: .f4, shape: [3])],
      [
        .init(name: "w", type: .u8, shape: [1 << 47]),
        .init(name: "v", type: .u8, shape: [1 << 47]),
      ],
    ])
  func refusesImpossiblePlans(plan: [SafetensorsWriter.Tensor]) {
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsWriter(tensors: plan) }
    #expect(error?.diagnostic.code == "safetensors.cannot-write")
  }
}
