import ByteIO
import Conversion
import Diagnostics
import TensorCore

/// The matrices that a calibration has rounded so far, in a file from which it can be resumed.
final class CalibrationState {
  private let file: AppendFile
  private let records: [PlannedRecord]
  /// Where the payloads are, by the records' indices in the plan; not of those appended here.
  private var payloads: [Int: Range<Int>] = [:]
  /// What one should know about the file, a sentence each.
  private(set) var warnings: [String] = []

  /// Opens the state of a run, or begins it.
  ///
  /// - Parameters:
  ///   - path: the file; it is only written where it is this run's.
  ///   - identity: what the run's output is made of.
  ///   - plan: the output.
  ///   - sequences: the tokens.
  /// - Throws: `CalibrationError` where the file is not this run's state, or `FileError`.
  init(
    path: String, identity: ConversionIdentity, plan: ConversionPlan, sequences: [[Int]]
  ) throws {
    file = try AppendFile(path: path)
    records = plan.records
    let header = StateHeader(identity, sequences: sequences)
    let start = try file.bytes(0..<min(StateHeader.length, file.count))
    if let found = try StateHeader.read(start, path: path) {
      guard found == header else {
        throw CalibrationError.otherRun(path: path, differences: header.differences(of: found))
      }
      try file.truncate(to: readRecords())
    } else {
      guard header.bytes.starts(with: start) else { throw CalibrationError.notState(path: path) }
      try file.truncate(to: 0)
      try file.append(header.bytes)
    }
  }

  /// Refuses a file that is no state, before any work is done for it; there need not be one.
  static func check(path: String) throws {
    let folder = FileSystem.folder(of: path)
    guard FileSystem.isFolder(folder) else {
      throw FileError.missingFolder(path: path, folder: folder)
    }
    guard FileSystem.exists(path) else { return }
    let file = try MappedFile(path: path)
    _ = try StateHeader.read(file.bytes(0..<min(StateHeader.length, file.count)), path: path)
  }

  /// Whether a matrix was rounded before this run.
  func holds(_ index: Int) -> Bool { payloads[index] != nil }

  /// What became of a matrix before this run; nil where it was not reached.
  func record(of index: Int) throws -> StateRecord? {
    guard let range = payloads[index] else { return nil }
    let bytes = try file.bytes(range)
    let record = StateRecord(index, payload: bytes, geometry: records[index].geometry)
    // It was whole when it was read first.
    guard let record else { throw CalibrationError.notState(path: file.path) }
    return record
  }

  /// Keeps a matrix.
  func append(_ record: StateRecord) throws { try file.append(record.bytes) }

  /// Removes the file when it is not needed any more; returns a warning where that failed.
  func remove() -> String? {
    guard !file.remove() else { return nil }
    return "'\(escaped(file.path))' is not needed any more, but could not be removed"
  }

  /// Finds the whole records from the start, and returns where they end.
  private func readRecords() throws -> Int {
    var end = StateHeader.length
    while file.count - end >= StateRecord.prefixLength {
      let start = end + StateRecord.prefixLength
      let prefix = StateRecord.readPrefix(try file.bytes(end..<start))
      // A crash in the middle of a write leaves part of a record.
      if let prefix, prefix.length > file.count - start - 4 { break }
      guard let prefix, records.indices.contains(prefix.index),
        records[prefix.index].geometry.type.isQuantized
      else { return damaged(at: end) }
      let payload = start..<start + prefix.length + 4
      let record = StateRecord(
        prefix.index, payload: try file.bytes(payload),
        geometry: records[prefix.index].geometry)
      guard let record else { return damaged(at: end) }
      guard record.isSound(records[prefix.index].geometry) else {
        throw CalibrationError.badValues(
          path: file.path, tensor: records[prefix.index].name, offset: end)
      }
      payloads[prefix.index] = payload
      end = payload.upperBound
    }
    return end
  }

  private func damaged(at offset: Int) -> Int {
    warnings.append(
      "'\(escaped(file.path))' is damaged at byte \(offset): the matrices from there on are "
        + "rounded again")
    return offset
  }
}
