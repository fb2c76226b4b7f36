import ByteIO
import CKernels
import TensorCore

/// How the codes of a tensor's rows were coded.
package struct CodedRows: Sendable {
  /// The tensor.
  package let geometry: TensorGeometry
  /// The tables that its codes use.
  package let tables: ClosedRange<Int>
  /// What each column adds to the number of a table.
  package let columnTables: [UInt8]
  /// What each column's codes are multiplied by; nil where that is 1.
  package let multipliers: [UInt8]?

  package init(
    _ geometry: TensorGeometry, tables: ClosedRange<Int>, columnTables: [UInt8],
    multipliers: [UInt8]?
  ) {
    precondition(
      columnTables.count == geometry.columns
        && multipliers?.count ?? geometry.columns == geometry.columns, "a value for each column")
    self.geometry = geometry
    self.tables = tables
    self.columnTables = columnTables
    self.multipliers = multipliers
  }
}

/// Decodes what was coded by some tables (formats/packed-v1.md).
@safe package final class EntropyTables: @unchecked Sendable {
  private let slots: UnsafeMutablePointer<UInt32>
  /// How many there are.
  package let count: Int

  /// Lays the tables out for decoding.
  package init(_ tables: [FrequencyTable]) {
    count = tables.count
    unsafe slots = .allocate(capacity: max(1, count) * FrequencyTable.total)
    for (number, table) in tables.enumerated() {
      var slot = number * FrequencyTable.total
      for (index, frequency) in table.frequencies.enumerated() {
        let symbol = UInt32(UInt8(truncatingIfNeeded: table.lowest + index))
        for place in 0..<UInt32(frequency) {
          let range = (UInt32(frequency) - 1) << UInt32(KB_ENTROPY_BITS)
          unsafe slots[slot] = symbol << 24 | range | place
          slot += 1
        }
      }
    }
  }

  deinit { unsafe slots.deallocate() }

  /// Decodes some rows of a tensor, which make up a chunk.
  ///
  /// - Parameters:
  ///   - rows: which rows.
  ///   - tensor: whose.
  ///   - chunk: where the chunk lies in `source`.
  ///   - source: the packed file.
  ///   - groupTables: the number of a table for each of the rows' groups, `[rows, groups]`.
  ///   - plane: where the tensor's codes lie in `memory`, which holds zeros there.
  ///   - memory: takes the codes.
  /// - Returns: false where the chunk holds something else than these rows.
  package func decode(
    _ rows: Range<Int>, of tensor: CodedRows, chunk: Range<Int>, in source: any ByteRegion,
    groupTables: [Int32], to plane: Range<Int>, of memory: MemoryBuffer
  ) -> Bool {
    let geometry = tensor.geometry
    let groups = geometry.groupsPerRow
    precondition(
      groupTables.count == rows.count * groups && tensor.tables.upperBound < count
        && plane.count == geometry.codeBytes && plane.upperBound <= memory.count
        && rows.upperBound <= geometry.rows, "rows and tables that do not fit")
    let lanes = geometry.arrangement == .tiles ? TensorGeometry.tileRows : 1
    let bytes = unsafe source.buffer(chunk)
    var codes = [Int8](repeating: 0, count: geometry.paddedColumns)
    var state = unsafe kb_entropy()
    guard let start = bytes.baseAddress,
      unsafe kb_entropy_begin(&state, start.assumingMemoryBound(to: UInt8.self), bytes.count)
    else { return false }
    let isWhole = unsafe groupTables.withUnsafeBufferPointer { groupTables in
      unsafe tensor.columnTables.withUnsafeBufferPointer { columnTables in
        unsafe withOptional(tensor.multipliers) { multipliers in
          for row in rows {
            guard let ofGroups = groupTables.baseAddress else { return false }
            var coded = unsafe kb_coded_row(
              tables: slots, group_tables: ofGroups + (row - rows.lowerBound) * groups,
              column_tables: columnTables.baseAddress, first: Int32(tensor.tables.lowerBound),
              last: Int32(tensor.tables.upperBound), cols: UInt32(geometry.columns),
              group: UInt32(geometry.groupSize), multipliers: multipliers)
            let type = geometry.type.kernelCode
            guard unsafe kb_entropy_row(&state, &coded, Int32(type), &codes) else { return false }
            let line = (row / lanes * geometry.unitsPerRow * lanes + row % lanes) * 4
            let units = unsafe memory.mutablePointer(at: plane.lowerBound + line)
            unsafe kb_put_codes(
              Int32(type), codes, UInt32(geometry.paddedColumns),
              units.assumingMemoryBound(to: UInt32.self), lanes)
          }
          return true
        }
      }
    }
    return unsafe isWhole && kb_entropy_ends(&state)
  }
}

/// Calls `body` with the address of an array's elements, or with nil.
private func withOptional(
  _ array: [UInt8]?, _ body: (UnsafePointer<UInt8>?) -> Bool
) -> Bool {
  guard let array else { return body(nil) }
  return unsafe array.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}

extension StoredBand {
  /// The codes of a row of a quantized tensor, `[columns]`.
  package func codes(ofRow row: Int, into codes: inout [Int8]) {
    precondition(
      geometry.type.isQuantized && row >= 0 && row < geometry.rows
        && codes.count == geometry.columns, "no such row")
    unsafe withUnsafePointer(to: matrix) { matrix in
      unsafe kb_codes(matrix, UInt32(row), &codes)
    }
  }
}
