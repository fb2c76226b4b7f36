import CKernels
import TensorCore

/// A matrix whose tiles of 16 rows are rows of a `FloatMatrix`, `[rows / 16][columns][16]`; with
/// binary16 values two columns lie side by side, `[columns / 2][16][2]`.
///
/// Attention's keys and values lie so: what it multiplies them by is a matrix product like others.
package struct TiledFloats {
  /// The row of the `FloatMatrix` that holds the first tile.
  let firstTile: Int
  /// Rows, without padding.
  let rows: Int
  /// Columns.
  let columns: Int
  /// Whether values are binary16.
  let areHalves: Bool

  package init(firstTile: Int, rows: Int, columns: Int, areHalves: Bool = false) {
    self.firstTile = firstTile
    self.rows = rows
    self.columns = columns
    self.areHalves = areHalves
  }

  /// Floats, or words of two halves, of a tile with so many columns.
  package static func words(columns: Int, areHalves: Bool) -> Int {
    // Tiles of halves are read in whole units of four columns.
    (areHalves ? columns.roundedUp(to: 4) / 2 : columns) * TensorGeometry.tileRows
  }

  /// Tiles of 16 rows; the last may be partly padding.
  package var tileCount: Int {
    rows.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows
  }
}

extension MatrixRow where Element == Float {
  /// Stores a number as binary16 in one of the halves of the row's words.
  package func setHalf(_ index: Int, _ value: Float) {
    assert(index >= 0 && index < 2 * count && isAlive, "no such element")
    unsafe UnsafeMutableRawPointer(base).storeBytes(
      of: value.binary16, toByteOffset: 2 * index, as: UInt16.self)
  }
}

extension KernelSet {
  /// Rearranges the columns `columns` of the first `rows` rows of x for `multiply`.
  ///
  /// - Parameters:
  ///   - x: `[at least rows, …]`.
  ///   - rows: how many.
  ///   - columns: which. Ranges of one matrix may be packed apart where all rows fit one block
  ///     (`packedBlock`) and are a power of two.
  ///   - packed: one row, which gets `rows · columns.upperBound` floats.
  package func pack(_ x: FloatMatrix, rows: Int, columns: Range<Int>, into packed: FloatMatrix) {
    assert(
      rows <= x.rows && columns.upperBound <= x.columns
        && packed.columns >= rows * columns.upperBound, "too few elements")
    unsafe table.pointee.pack(
      x.pointer() + columns.lowerBound, x.stride, UInt32(rows), UInt32(columns.count),
      packed.pointer() + columns.lowerBound * rows)
  }

  /// out[q][r] = Σ_c packed[q][c] · tiles[r][c] for the rows r of some tiles.
  ///
  /// - Parameters:
  ///   - packed: `pack` of all columns of `rows` rows.
  ///   - rows: how many.
  ///   - matrix: holds the tiles, beside others.
  ///   - tiled: which they are.
  ///   - tiles: those to multiply by.
  ///   - out: `[at least rows, …]`, with room for whole tiles.
  package func multiply(
    _ packed: FloatMatrix, rows: Int, by matrix: FloatMatrix, _ tiled: TiledFloats,
    tiles: Range<Int>, into out: FloatMatrix
  ) {
    precondition(
      tiled.firstTile >= 0 && tiled.firstTile + tiles.upperBound <= matrix.rows
        && TiledFloats.words(columns: tiled.columns, areHalves: tiled.areHalves) <= matrix.stride
        && rows <= out.rows
        && tiles.upperBound * TensorGeometry.tileRows <= out.stride
        && rows * tiled.columns <= packed.columns, "tiles that do not fit")
    let stored = unsafe kb_matrix(
      floats: matrix.pointer(tiled.firstTile), rows: tiled.rows, columns: tiled.columns,
      tileStride: matrix.stride, type: tiled.areHalves ? .f16 : .f32)
    unsafe withUnsafePointer(to: stored) {
      unsafe table.pointee.matmul(
        $0, packed.pointer(), UInt32(rows), UInt32(tiles.lowerBound), UInt32(tiles.upperBound),
        out.pointer(), out.stride)
    }
  }
}

extension kb_matrix {
  /// A matrix of floats in tiles, `tileStride` words from one to the next.
  init(
    floats: UnsafePointer<Float>, rows: Int, columns: Int, tileStride: Int,
    type: WeightType = .f32
  ) {
    unsafe self.init(
      codes: UnsafeRawPointer(floats).assumingMemoryBound(to: UInt8.self), scales: nil,
      tile_stride: tileStride * 4, scale_unit: 1, rows: UInt32(rows), cols: UInt32(columns),
      group: 0, type: type.kernelCode, tiled: 1, scale_bytes: 0, follows: 0)
  }
}
