import ByteIO
import JSONCore
import KibbleFormat
import TensorCore
import Testing

/// What goes into a test's file.
struct SampleFile {
  var tensors: [SampleTensor]
  var blobs: [(name: String, bytes: [UInt8])] = [
    ("kibble.json", Array(#"{"schema":"kibble.metadata/1"}"#.utf8)),
    ("config.json", Array(#"{"model_type":"doge"}"#.utf8)),
  ]
  /// Whether the blobs are compressed where that makes them shorter.
  var compressesBlobs = false

  /// The example at the end of formats/kibble-v1.md.
  static func example() throws -> SampleFile {
    func codes(_ rows: [[Int]]) -> [[UInt32]] {
      rows.map { $0.map { UInt32(truncatingIfNeeded: $0) } }
    }
    return SampleFile(tensors: [
      try SampleTensor(
        "model.embed_tokens.weight", .int4, .rows, shape: [2, 10],
        rows: codes([Array(-8...1), (-2...7).reversed()]), groupSize: 32,
        scales: [[0x3800], [0xBC00]], exponent: -4),
      try SampleTensor(
        "model.norm.weight", .f32, .rows, shape: [3],
        rows: [[1, -2.5, 0.15625].map { (value: Float) in value.bitPattern }]),
      try SampleTensor(
        "lm_head.weight", .int8, .tiles, shape: [2, 6],
        rows: codes([[1, 2, 3, 4, 5, 6], [-1, -2, -3, 127, -127, 0]]), groupSize: 32,
        scales: [[0x3C00], [0x3A00]], exponent: -7),
    ])
  }

  /// The layout, with checksums and exponents.
  func plan() -> KibblePlan {
    var plan = KibblePlan(
      tensors: tensors.map { ($0.name, $0.shape, $0.geometry) },
      blobs: blobs.map {
        BlobContent(name: $0.name, bytes: $0.bytes, compressed: compressesBlobs)
      })
    for (index, tensor) in tensors.enumerated() {
      plan.tensors[index].exponent = tensor.exponent
      plan.tensors[index].crc32 = CRC32.checksum(tensor.planes.flatMap { $0 })
    }
    return plan
  }

  /// Writes all of the file.
  func write(to sink: some ByteSink) throws {
    let plan = plan()
    try plan.writeFrame(to: sink)
    for (tensor, record) in zip(tensors, plan.tensors) {
      for (plane, range) in zip(tensor.planes, record.planes) {
        try sink.write(plane, at: range.lowerBound)
      }
    }
  }

  /// All of the file.
  func bytes() throws -> [UInt8] {
    let buffer = try MemoryBuffer(count: plan().fileLength)
    try write(to: buffer)
    return buffer.bytes(0..<buffer.count)
  }
}

/// The path that errors of `open` have.
let samplePath = "m.kibble"

/// Opens bytes as a file.
@discardableResult
func open(_ bytes: [UInt8]) throws -> KibbleFile {
  let buffer = try MemoryBuffer(count: bytes.count)
  try buffer.write(bytes, at: 0)
  return try KibbleFile(region: buffer, path: samplePath)
}

/// Opens bytes as a file and reads all of it.
func check(_ bytes: [UInt8]) throws {
  try open(bytes).check()
}
