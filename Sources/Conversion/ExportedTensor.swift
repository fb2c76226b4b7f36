import ByteIO
import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import TensorCore

/// A tensor of an export, and where its values come from.
struct ExportedTensor {
  enum Content {
    /// A tensor of the model, rows and columns at new places where there is a map for them.
    case stored(StoredModel.Tensor, rows: AxisMap?, columns: AxisMap?)
    /// A vector.
    case values([Float])
  }

  /// The name in the checkpoint to be.
  let name: String
  let shape: [Int]
  let content: Content

  /// The shape of what is encoded.
  var sourceShape: [Int] {
    switch content {
    case .stored(let tensor, _, _): tensor.spec.shape
    case .values(let values): [values.count]
    }
  }

  /// The name of the model's tensor, for errors.
  var sourceName: String {
    switch content {
    case .stored(let tensor, _, _): tensor.name
    case .values: name
    }
  }

  /// The values to encode.
  func input(of model: StoredModel) throws(FileError) -> TensorInput {
    switch content {
    case .stored(let tensor, _, _):
      TensorInput(tensor.bands, order: tensor.order, in: model.file.region)
    case .values(let values): try TensorInput(values)
    }
  }

  /// Writes some rows to their places, of which there may be several.
  ///
  /// Places that nothing goes to are left alone: what is not written of a file is zero.
  ///
  /// - Parameters:
  ///   - codes: the rows, as they were encoded, perhaps with padding at their ends.
  ///   - rows: which rows of the source.
  ///   - elementBytes: bytes of an element.
  ///   - start: where the tensor begins in the file.
  ///   - sink: takes the bytes.
  /// - Throws: `FileError` where the file system refuses.
  func write(
    _ codes: RawSpan, rows: Range<Int>, elementBytes: Int, at start: Int, to sink: FileSink
  ) throws(FileError) {
    var map: (rows: AxisMap?, columns: AxisMap?) = (nil, nil)
    if case .stored(_, let rows, let columns) = content { map = (rows, columns) }
    let width = (shape.last ?? 1) * elementBytes

    func place(_ bytes: RawSpan) throws(FileError) {
      guard let map = map.rows else {
        return try sink.write(bytes, at: start + rows.lowerBound * width)
      }
      for run in map.runs where run.source.overlaps(rows) {
        let part = run.source.clamped(to: rows)
        let first = (part.lowerBound - rows.lowerBound) * width
        for target in run.targets {
          try sink.write(
            bytes.extracting(first..<first + part.count * width),
            at: start + (target + part.lowerBound - run.source.lowerBound) * width)
        }
      }
    }

    if map.columns == nil, codes.byteCount == rows.count * width {
      try place(codes)
    } else {
      let columns = map.columns?.runs ?? [.init(source: 0..<width / elementBytes, targets: [0])]
      let spread = Self.spread(
        codes, rows: rows.count, columns, width: width, elementBytes: elementBytes)
      try spread.withRawSpan { (bytes) throws(FileError) in try place(bytes) }
    }
  }

  /// Rows of `width` bytes with the columns at their places.
  private static func spread(
    _ codes: RawSpan, rows: Int, _ columns: [AxisMap.Run], width: Int, elementBytes: Int
  ) -> [UInt8] {
    let stride = codes.byteCount / rows
    var result = [UInt8](repeating: 0, count: rows * width)
    for row in 0..<rows {
      for run in columns {
        let source = row * stride + run.source.lowerBound * elementBytes
        let count = run.source.count * elementBytes
        for target in run.targets {
          let place = row * width + target * elementBytes
          result.replaceSubrange(
            place..<place + count, with: codes.bytes(source..<source + count) ?? [])
        }
      }
    }
    return result
  }
}
