import ByteIO
import Safetensors
import TensorCore

/// A file put together from parts that need not fit together.
struct RawFile {
  var header: [UInt8]
  var data: [UInt8]
  /// What the first 8 bytes claim; the header's length unless given.
  var length: UInt64?

  init(_ header: String, data: Int = 0, length: UInt64? = nil) {
    self.init(Array(header.utf8), data: [UInt8](repeating: 0, count: data), length: length)
  }

  init(_ header: [UInt8], data: [UInt8], length: UInt64? = nil) {
    self.header = header
    self.data = data
    self.length = length
  }

  var bytes: [UInt8] {
    let length = length ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + data
  }

  /// Parses the file.
  func parse() throws(SafetensorsError) -> SafetensorsHeader {
    try SafetensorsHeader.parse(bytes.span.bytes, path: "m.safetensors")
  }
}

/// The entry of an F32 vector in a header.
func entry(_ name: String, _ begin: Int, _ end: Int) -> String {
  #""\#(name)":{"dtype":"F32","shape":[\#((end - begin) / 4)],"data_offsets":[\#(begin),\#(end)]}"#
}

/// A complete file of F32 vectors, one element each, whose value is the position in the list.
func vectors(_ names: [String]) throws -> [UInt8] {
  let writer = try SafetensorsWriter(
    tensors: names.map { .init(name: $0, type: .f32, shape: [1]) })
  let values = names.indices.flatMap { index in
    withUnsafeBytes(of: Float(index).bitPattern.littleEndian) { [UInt8]($0) }
  }
  return writer.headerBytes + values
}
