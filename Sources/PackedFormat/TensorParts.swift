import TensorCore

/// What a packed file says of a quantized tensor beside its codes.
struct TensorParts: Equatable, Sendable {
  /// How its scales are stored.
  enum Scales: Equatable, Sendable {
    /// Binary16, `[rows, groups]`.
    case halves([UInt16])
    case grid(ScaleGrid)
    /// Integers of 8 bits, `[rows, groups]`.
    case bytes([UInt8])
  }

  var scales: Scales
  /// The tables of its codes.
  var tables: ClosedRange<Int>
  /// How the sizes of its codes choose one of them, from `tables.lowerBound` for a size of 0; nil
  /// where there is only one.
  var sizes: CodeSizes?
  /// What each column's codes are multiplied by; nil where that is 1.
  var multipliers: [UInt8]?
  /// The bytes of its chunks.
  var chunks: [Int]

  /// The ranges of rows of its chunks.
  static func chunkRows(_ geometry: TensorGeometry) -> [Range<Int>] {
    let step = PackedFormat.rowsPerChunk(columns: geometry.columns)
    return stride(from: 0, to: geometry.rows, by: step).map {
      $0..<min($0 + step, geometry.rows)
    }
  }

  /// The numbers of the tables of some rows' groups, `[rows, groups]`, before columns add theirs.
  func groupTables(_ rows: Range<Int>, groups: Int) -> [Int32] {
    guard let sizes else {
      return [Int32](repeating: Int32(tables.lowerBound), count: rows.count * groups)
    }
    var numbers: [Int32] = []
    numbers.reserveCapacity(rows.count * groups)
    for row in rows {
      let own = tables.lowerBound + sizes.base + Int(sizes.rows[row])
      for group in 0..<groups {
        numbers.append(Int32(own - excess(row, group, of: groups) / 2))
      }
    }
    return numbers
  }

  /// By how many eighths of an octave the codes of a group are smaller than its row's and columns'.
  private func excess(_ row: Int, _ group: Int, of groups: Int) -> Int {
    guard case .grid(let grid) = scales else { return 0 }
    return Int(grid.excess[row * groups + group])
  }
}

// MARK: As bytes

extension TensorParts {
  private enum Flag {
    static let grid: UInt8 = 1
    static let sizes: UInt8 = 2
    static let multipliers: UInt8 = 4
  }

  func write(to writer: inout ByteWriter) {
    var flags: UInt8 = 0
    if case .grid = scales { flags |= Flag.grid }
    if sizes != nil { flags |= Flag.sizes }
    if multipliers != nil { flags |= Flag.multipliers }
    writer.append(flags)
    writer.append([UInt8(tables.lowerBound), UInt8(tables.upperBound)])
    writer.append(Int8(sizes?.base ?? 0))
    for length in chunks { writer.append(UInt32(length)) }
    switch scales {
    case .grid(let grid):
      for part in [grid.rows, grid.groups, grid.excess] { writer.append(part) }
    case .halves(let halves):
      // High bytes are alike, low ones are not.
      writer.append(halves.map { UInt8(truncatingIfNeeded: $0) })
      writer.append(halves.map { UInt8($0 >> 8) })
    case .bytes(let bytes): writer.append(bytes)
    }
    if let sizes {
      writer.append(sizes.rows)
      writer.append(sizes.columns)
    }
    if let multipliers { writer.append(multipliers) }
  }

  /// A part that is not as it should be.
  struct Fault: Error {
    let field: String
    let found: Int
    let expected: String
  }

  /// Reads the parts of a tensor, of a file with so many tables.
  init(
    _ reader: inout ByteReader, _ geometry: TensorGeometry, tableCount: Int
  ) throws(Fault) {
    func bytes(_ count: Int, _ reader: inout ByteReader) throws(Fault) -> [UInt8] {
      guard let bytes = reader.take(count) else {
        throw Fault(field: "length of what is said", found: reader.offset, expected: "more bytes")
      }
      return bytes
    }
    let (rows, columns) = (geometry.rows, geometry.columns)
    let (groups, scaleCount) = (geometry.groupsPerRow, geometry.rows * geometry.groupsPerRow)
    let head = try bytes(4, &reader)
    let flags = head[0]
    let all = Flag.grid | Flag.sizes | Flag.multipliers
    let allowed = geometry.type.hasShortScales ? all & ~Flag.grid : all
    guard flags & ~allowed == 0 else {
      throw Fault(field: "flags", found: Int(flags), expected: "only bits of \(allowed)")
    }
    let (first, last) = (Int(head[1]), Int(head[2]))
    guard first <= last, last < tableCount else {
      throw Fault(field: "last table", found: last, expected: "\(first) ... \(tableCount - 1)")
    }
    tables = first...last
    chunks = []
    for _ in Self.chunkRows(geometry) {
      guard let length = reader.integer(UInt32.self) else {
        throw Fault(field: "number of chunks", found: chunks.count, expected: "more")
      }
      chunks.append(Int(length))
    }
    if flags & Flag.grid != 0 {
      scales = .grid(
        ScaleGrid(
          rows: try bytes(rows, &reader), groups: try bytes(groups, &reader),
          excess: try bytes(scaleCount, &reader)))
    } else if geometry.type.hasShortScales {
      scales = .bytes(try bytes(scaleCount, &reader))
    } else {
      let low = try bytes(scaleCount, &reader)
      let high = try bytes(scaleCount, &reader)
      scales = .halves(zip(low, high).map { UInt16($1) << 8 | UInt16($0) })
    }
    let base = Int(Int8(bitPattern: head[3]))
    if flags & Flag.sizes != 0 {
      sizes = CodeSizes(
        base: base, rows: try bytes(rows, &reader), columns: try bytes(columns, &reader))
    } else {
      guard base == 0 else { throw Fault(field: "base size", found: base, expected: "0") }
    }
    if flags & Flag.multipliers != 0 { multipliers = try bytes(columns, &reader) }
  }
}
