import ModelFile
import Parallel

@testable import ByteIO
@testable import KibbleFormat
@testable import PackedFormat

/// All that `kibble check` does with a packed file.
func checkPacked(_ input: [UInt8]) throws {
  // What a file may grow to is by far more than a second's work under the sanitizer.
  guard input.count < 32 || input.integer(at: 24, bytes: 8) <= 4 << 20 else { return }
  let memory = try MemoryBuffer(count: input.count)
  try input.withUnsafeBytes { try memory.write($0, at: 0) }
  let file = try PackedFile(region: memory, path: "input").unpack(ThreadPool(threads: 1))
  try file.check()
  _ = try StoredModel(file: file)
}

/// A packed file of the right lengths and checksums: of the input's frame and parts, which are not
/// compressed in it and whose lengths it begins with, and of the data behind them.
func sealedPacked(_ input: [UInt8]) -> [UInt8] {
  guard input.count >= 8 else { return input }
  let middle = 8 + min(Int(input.integer(at: 0, bytes: 4)), input.count - 8)
  let end = middle + min(Int(input.integer(at: 4, bytes: 4)), input.count - middle)
  var frame = Array(input[8..<middle])
  let payload = frame.count < 128 ? 0 : Int(clamping: frame.integer(at: 40, bytes: 8))
  if payload >= KibbleFormat.headerBytes, payload <= frame.count {
    let covered = Array(frame[..<KibbleFormat.checksumOffset] + frame[128..<payload])
    frame.put(CRC32.checksum(covered), at: KibbleFormat.checksumOffset)
  }
  let parts = Array(input[middle..<end])
  guard let shortFrame = Deflation.zlib(frame), let shortParts = Deflation.zlib(parts) else {
    return input
  }
  let whole = frame.count < 24 ? 0 : frame.integer(at: 16, bytes: 8)
  var file = [UInt8](repeating: 0, count: PackedFormat.headerBytes)
  file.replaceSubrange(..<8, with: PackedFormat.magic)
  file.put(PackedFormat.majorVersion, at: 8)
  let length = file.count + shortFrame.count + shortParts.count + input.count - end
  let sizes = [
    UInt64(length), whole, UInt64(frame.count), UInt64(shortFrame.count), UInt64(parts.count),
    UInt64(shortParts.count),
  ]
  for (index, size) in sizes.enumerated() { file.put(size, at: 16 + 8 * index) }
  let covered = Array(file[..<PackedFormat.checksumOffset]) + shortFrame + shortParts
  let checksum = CRC32.checksum(covered)
  file.put(checksum, at: PackedFormat.checksumOffset)
  return file + shortFrame + shortParts + input[end...]
}
