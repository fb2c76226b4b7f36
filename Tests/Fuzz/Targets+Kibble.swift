import ByteIO
import ModelFile
import Quantization

@testable import Calibration
@testable import Conversion
@testable import KibbleFormat

/// All that `kibble check` does.
func checkKibble(_ input: [UInt8]) throws {
  let memory = try MemoryBuffer(count: input.count)
  try input.withUnsafeBytes { try memory.write($0, at: 0) }
  let file = try KibbleFile(region: memory, path: "input")
  try file.check()
  _ = try StoredModel(file: file)
}

/// The input as a file of its own length, in which every checksum is right that can be.
func sealedKibble(_ input: [UInt8]) -> [UInt8] {
  var file = input
  guard file.count >= KibbleFormat.headerBytes else { return file }
  file.put(UInt64(file.count), at: 16)
  let tensors = Int(file.integer(at: 24, bytes: 4))
  let blobs = Int(file.integer(at: 28, bytes: 4))
  let payload = Int(clamping: file.integer(at: 40, bytes: 8))
  let end = KibbleFormat.headerBytes + tensors * 128 + blobs * 32
  guard end <= payload, payload <= file.count else { return file }

  func checksum(_ places: [Int]) -> UInt32 {
    var checksum = CRC32()
    for place in places {
      let start = Int(clamping: file.integer(at: place, bytes: 8))
      let count = Int(clamping: file.integer(at: place + 8, bytes: 8))
      guard start <= file.count, count <= file.count - start else { return 0 }
      file[start..<start + count].withUnsafeBytes { checksum.update($0) }
    }
    return checksum.value
  }
  for record in 0..<tensors {
    let start = KibbleFormat.headerBytes + record * KibbleFormat.tensorRecordBytes
    let planes = min(Int(file[start + 11]), 2)
    file.put(checksum((0..<planes).map { start + 56 + 16 * $0 }), at: start + 20)
  }
  for record in 0..<blobs {
    let start = KibbleFormat.headerBytes + tensors * 128 + record * 32
    file.put(checksum([start + 8]), at: start + 24)
  }
  let covered = Array(file[..<KibbleFormat.checksumOffset] + file[128..<payload])
  file.put(CRC32.checksum(covered), at: KibbleFormat.checksumOffset)
  return file
}

// MARK: The state of a calibration

private let plan = Result {
  var recipe = EncodingRecipe(target: .weights(.int4))
  recipe.groupSize = 32
  return try ConversionPlan(
    source: ModelSource.open(path: "fixtures/cases/act-gelu-new"), recipe: recipe,
    toolVersion: "fuzz")
}

private let identity = ConversionIdentity(model: 1, recipe: 2, version: 3)

func state(_ input: [UInt8]) throws {
  let plan = try plan.get()
  let path = ScratchFile.path(holding: input)
  try CalibrationState.check(path: path)
  let state = try CalibrationState(
    path: path, identity: identity, plan: plan, sequences: [[1, 2, 3]])
  for index in plan.records.indices { _ = try state.record(of: index) }
}

/// The records of the input behind the right header, with right checksums.
func sealedState(_ input: [UInt8]) -> [UInt8] {
  var file = StateHeader(identity, sequences: [[1, 2, 3]]).bytes
  var start = file.count
  file += input
  while file.count - start >= StateRecord.prefixLength + 4 {
    let payload = start + StateRecord.prefixLength
    let length = Int(clamping: file.integer(at: start + 4, bytes: 8))
    file.put(CRC32.checksum(Array(file[start..<start + 12])), at: start + 12)
    guard length <= file.count - payload - 4 else { break }
    file.put(CRC32.checksum(Array(file[payload..<payload + length])), at: payload + length)
    start = payload + length + 4
  }
  return file
}

extension [UInt8] {
  func integer(at offset: Int, bytes: Int) -> UInt64 {
    (0..<bytes).reduce(0) { $0 | UInt64(self[offset + $1]) << (8 * $1) }
  }

  mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
    for index in 0..<value.bitWidth / 8 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }
}
