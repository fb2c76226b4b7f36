import CKernels
import Parallel
import TensorCore

// Products of activations with the matrices of a group, for one of the threads that share them.

extension KernelSet {
  /// Rearranges rows of x as the products with a group want them.
  ///
  /// - Parameters:
  ///   - x: `[…, inputs]`.
  ///   - rows: which rows of it.
  ///   - group: what they will be multiplied by.
  ///   - packed: gets them, as its first rows.
  package func pack(
    _ x: FloatMatrix, rows: Range<Int>, for group: LinearGroup, into packed: PackedRows
  ) {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= x.rows && packed.holds(rows.count, x.columns),
      "rows that are not there")
    let columns = UInt32(x.columns)
    let first = unsafe x.pointer(rows.lowerBound)
    if group.mode == .fast && group.hasQuantized {
      unsafe table.pointee.quantize_rows(
        first, x.stride, UInt32(rows.count), columns, packed.codes.pointer())
    }
    if group.mode == .exact || group.hasFloats {
      unsafe table.pointee.pack(
        first, x.stride, UInt32(rows.count), columns, packed.floats.pointer())
    }
  }

  /// Multiplies packed rows by a share of the tiles of a group's matrices: out = x Wᵀ + b.
  ///
  /// Where the group `reorders`, outputs are there after `putInOrder`, for which all shares must be
  /// done.
  ///
  /// - Parameters:
  ///   - packed: `pack` of the rows for this group.
  ///   - rows: how many.
  ///   - group: the matrices, `[outputs, inputs]` each.
  ///   - share: whose share of the tiles of each matrix is computed.
  ///   - outputs: where the results go, `[…, outputs]` for each matrix.
  ///   - first: the row of the outputs where the first result goes.
  package func multiply(
    _ packed: PackedRows, rows: Int, by group: LinearGroup, share: TileShare,
    into outputs: ProductOutputs, from first: Int = 0
  ) {
    guard rows > 0 else { return }
    for index in unsafe group.matrices.indices {
      let matrix = unsafe group.matrices[index]
      let mine = share.range(of: matrix.tiles, in: group.tileCount)
      guard !mine.isEmpty else { continue }
      for place in matrix.parts {
        let part = unsafe group.parts[place]
        let tiles = mine.clamped(to: part.tiles)
        guard !tiles.isEmpty else { continue }
        let begin = part.tiles.lowerBound
        let out = unsafe matrix.places == nil ? outputs.views[index] : outputs.stored(index)
        multiply(
          packed, rows: rows, by: part, mode: group.mode,
          tiles: tiles.lowerBound - begin..<tiles.upperBound - begin,
          into: out.from(row: first, column: begin * TensorGeometry.tileRows))
      }
    }
  }

  /// Puts a share of the outputs of a product into the order of the matrices, as far as theirs is
  /// another one.
  ///
  /// - Parameters:
  ///   - outputs: where `multiply` left them, and where they go.
  ///   - rows: which rows of the outputs.
  ///   - group: the matrices.
  ///   - share: whose share of the tiles of each matrix, once its rows are in order.
  package func putInOrder(
    _ outputs: ProductOutputs, rows: Range<Int>, of group: LinearGroup, share: TileShare
  ) {
    guard group.reorders else { return }
    for index in unsafe group.matrices.indices {
      let matrix = unsafe group.matrices[index]
      guard let places = unsafe matrix.places else { continue }
      let tiles = share.range(of: matrix.tiles, in: group.tileCount)
      let begin = tiles.lowerBound * TensorGeometry.tileRows
      let end = min(tiles.upperBound * TensorGeometry.tileRows, places.count)
      guard begin < end else { continue }
      for row in rows {
        let stored = unsafe outputs.stored(index).from(row: row, column: 0).base
        let out = unsafe outputs.views[index].from(row: row, column: 0).base
        for column in begin..<end { unsafe out[column] = stored[Int(places[column])] }
        if let bias = unsafe matrix.bias {
          unsafe table.pointee.add(out + begin, bias + begin, UInt32(end - begin))
        }
      }
    }
  }

  private func multiply(
    _ packed: PackedRows, rows: Int, by part: LinearGroup.Part, mode: ComputeMode,
    tiles: Range<Int>, into out: FloatMatrix.View
  ) {
    let (first, last) = (UInt32(tiles.lowerBound), UInt32(tiles.upperBound))
    unsafe withUnsafePointer(to: part.band) { matrix in
      if mode == .fast && part.isQuantized {
        unsafe table.pointee.matmul_fast(
          matrix, packed.codes.pointer(), UInt32(rows), first, last, out.base, out.stride)
      } else {
        unsafe table.pointee.matmul(
          matrix, packed.floats.pointer(), UInt32(rows), first, last, out.base, out.stride)
      }
    }
    guard let bias = unsafe part.bias else { return }
    let begin = tiles.lowerBound * TensorGeometry.tileRows
    let end = min(tiles.upperBound * TensorGeometry.tileRows, part.outputs)
    for row in 0..<rows {
      unsafe table.pointee.add(
        out.base + row * out.stride + begin, bias + begin, UInt32(end - begin))
    }
  }
}

extension ProductOutputs {
  /// Where outputs of a matrix go before they are in order.
  fileprivate func stored(_ index: Int) -> FloatMatrix.View {
    guard let stored = unsafe stored else { preconditionFailure("no memory for another order") }
    return unsafe stored[index]
  }
}

/// One thread's part of the tiles of a product.
package enum TileShare: BitwiseCopyable, Sendable {
  /// All of them.
  case all
  /// A contiguous part of all matrices' tiles, one behind the other.
  case contiguous(TeamMember)
  /// The same part of each matrix: of matrices alike, the same rows.
  case alike(TeamMember)

  /// Those of one matrix, by their numbers in it.
  ///
  /// - Parameters:
  ///   - tiles: the matrix's tiles among those of all.
  ///   - total: how many all matrices have.
  /// - Returns: the range.
  fileprivate func range(of tiles: Range<Int>, in total: Int) -> Range<Int> {
    switch self {
    case .all: return 0..<tiles.count
    case .alike(let member): return member.share(of: tiles.count)
    case .contiguous(let member):
      let mine = member.share(of: total).clamped(to: tiles)
      return mine.lowerBound - tiles.lowerBound..<mine.upperBound - tiles.lowerBound
    }
  }
}
