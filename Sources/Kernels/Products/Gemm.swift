import CKernels
import Parallel
import TensorCore

/// Products of float32 matrices, all of them on the exact kernels.
///
/// Each output is one chain of fused multiply-adds over 1024 columns at a time, and those chains
/// are added in order: threads share out rows and columns of the result, never a sum.
package final class Gemm {
  /// What is summed before it is rounded into the result: as much of the left side as stays close.
  private static let depthStep = 1024
  /// Rows of the result that one task computes: about 120, in whole blocks of the kernels.
  private let taskRows: Int
  /// Tiles of 16 columns of the result that one task computes at most.
  private static let taskTiles = 16

  private let compute: Compute
  private var kernels: KernelSet { compute.kernels }
  private var pool: ThreadPool { compute.pool }
  private let left = GrowingMemory()
  private let right = Tiles()
  private let products = GrowingMemory()

  /// Products on those kernels and threads; it keeps memory from one to the next.
  package init(_ compute: Compute) {
    self.compute = compute
    let block = compute.kernels.packedBlock
    taskRows = max(1, 120 / block) * block
  }

  /// The right side of products, rearranged for the kernels: tiles of 16 columns,
  /// `[columns / 16][rows][16]`.
  package final class Tiles {
    package init() {}

    fileprivate let memory = GrowingMemory()
    fileprivate(set) var rows = 0
    fileprivate(set) var columns = 0

    /// Tiles of 16 columns; the last may be partly padding.
    var count: Int { columns.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows }
    /// Floats of a tile.
    var stride: Int { rows * TensorGeometry.tileRows }
  }

  /// out = a · b, or out += a · b.
  package func multiply(
    _ a: MatrixView, _ b: MatrixView, into out: MatrixView, adding: Bool = false
  ) {
    fill(right, with: b)
    multiply(a, right, into: out, adding: adding)
  }

  /// The same for a right side that is there already.
  package func multiply(_ a: MatrixView, _ b: Tiles, into out: MatrixView, adding: Bool = false) {
    precondition(a.columns == b.rows && a.rows == out.rows && b.columns == out.columns)
    pack(a)
    let rowTasks = (a.rows + taskRows - 1) / taskRows
    let wanted = (4 * pool.threadCount + rowTasks - 1) / rowTasks
    let tiles = min(Self.taskTiles, max(1, b.count / wanted))
    let tileTasks = (b.count + tiles - 1) / tiles
    let tasks = rowTasks * tileTasks
    let parts = min(tasks, 4 * pool.threadCount)
    let scratchSize = taskRows * tiles * TensorGeometry.tileRows
    products.reserve(parts * scratchSize)
    pool.run(parts) { part in
      let scratch = unsafe products.base + part * scratchSize
      for task in tasks * part / parts..<tasks * (part + 1) / parts {
        let (row, tile) = task.quotientAndRemainder(dividingBy: tileTasks)
        let rows = row * taskRows..<min((row + 1) * taskRows, a.rows)
        let range = tile * tiles..<min((tile + 1) * tiles, b.count)
        unsafe compute(rows, range, of: b, height: a.rows, into: out, adding, scratch)
      }
    }
  }

  /// Some rows and tiles of the result.
  private func compute(
    _ rows: Range<Int>, _ tiles: Range<Int>, of b: Tiles, height: Int, into out: MatrixView,
    _ adding: Bool, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let table = unsafe kernels.table
    let lanes = TensorGeometry.tileRows
    let first = tiles.lowerBound * lanes
    let columns = min(tiles.count * lanes, b.columns - first)
    for begin in stride(from: 0, to: b.rows, by: Self.depthStep) {
      let depth = min(Self.depthStep, b.rows - begin)
      let matrix = unsafe kb_matrix(
        floats: b.memory.base + tiles.lowerBound * b.stride + begin * lanes, rows: columns,
        columns: depth, tileStride: b.stride)
      let packed = unsafe left.base + height * begin + rows.lowerBound * depth
      let isDirect = begin == 0 && !adding && out.takesWholeTiles
      let target = unsafe isDirect ? out.pointer(rows.lowerBound) + first : scratch
      unsafe withUnsafePointer(to: matrix) {
        unsafe table.pointee.matmul(
          $0, packed, UInt32(rows.count), 0, UInt32(tiles.count), target,
          isDirect ? out.matrix.stride : tiles.count * lanes)
      }
      guard !isDirect else { continue }
      for row in 0..<rows.count {
        let source = unsafe scratch + row * tiles.count * lanes
        let target = unsafe out.pointer(rows.lowerBound + row) + first
        if begin == 0 && !adding {
          unsafe target.update(from: source, count: columns)
        } else {
          unsafe table.pointee.add(target, source, UInt32(columns))
        }
      }
    }
  }

  // MARK: the left side

  /// Rearranges the left side: `depthStep` columns after another, each as `pack` lays it out.
  private func pack(_ a: MatrixView) {
    left.reserve(a.rows * a.columns)
    let block = kernels.packedBlock
    for begin in stride(from: 0, to: a.columns, by: Self.depthStep) {
      let depth = min(Self.depthStep, a.columns - begin)
      pool.forRanges(of: a.rows, grain: block) { rows in
        let out = unsafe left.base + a.rows * begin + rows.lowerBound * depth
        if a.isTransposed {
          unsafe packLines(a, rows, begin..<begin + depth, block, out)
        } else {
          unsafe kernels.table.pointee.pack(
            a.pointer(rows.lowerBound) + begin, a.matrix.stride, UInt32(rows.count), UInt32(depth),
            out)
        }
      }
    }
  }

  /// What `pack` makes of a transposed view: its blocks of rows are pieces of lines already.
  private func packLines(
    _ a: MatrixView, _ rows: Range<Int>, _ columns: Range<Int>, _ block: Int,
    _ out: UnsafeMutablePointer<Float>
  ) {
    var out = unsafe out
    var row = rows.lowerBound
    while row < rows.upperBound {
      let left = rows.upperBound - row
      // As the kernels do: whole blocks, then the powers of two below them.
      var count = 1
      if left >= block { count = block }
      while count < block && count * 2 <= left && count * 2 < block { count *= 2 }
      for column in columns {
        unsafe out.update(from: a.pointer(column) + row, count: count)
        unsafe out += count
      }
      row += count
    }
  }

  // MARK: the right side

  /// Rearranges a right side.
  package func fill(_ tiles: Tiles, with b: MatrixView) {
    tiles.rows = b.rows
    tiles.columns = b.columns
    tiles.memory.reserve(tiles.count * tiles.stride)
    let lanes = TensorGeometry.tileRows
    pool.forRanges(of: tiles.count) { part in
      for tile in part {
        let out = unsafe tiles.memory.base + tile * tiles.stride
        let first = tile * lanes
        let columns = min(lanes, b.columns - first)
        if b.isTransposed && columns == lanes {
          unsafe kernels.table.pointee.tile(b.pointer(first), b.matrix.stride, UInt32(b.rows), out)
        } else {
          unsafe fillTile(b, first, columns, out)
        }
      }
    }
  }

  private func fillTile(
    _ b: MatrixView, _ first: Int, _ columns: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    let lanes = TensorGeometry.tileRows
    for row in 0..<b.rows {
      let target = unsafe out + row * lanes
      if b.isTransposed {
        for lane in 0..<columns { unsafe target[lane] = b.pointer(first + lane)[row] }
      } else {
        unsafe target.update(from: b.pointer(row) + first, count: columns)
      }
      for lane in columns..<lanes { unsafe target[lane] = 0 }
    }
  }
}

extension MatrixView {
  /// Where a row of the matrix's part begins; of a transposed view, a column.
  fileprivate func pointer(_ line: Int) -> UnsafeMutablePointer<Float> {
    unsafe matrix.pointer(rowRange.lowerBound + line) + columnRange.lowerBound
  }
}

/// Floats without a shape, which grow as they are needed.
private final class GrowingMemory {
  private var floats = FloatMatrix(rows: 1, columns: 1)

  var base: UnsafeMutablePointer<Float> { unsafe floats.pointer() }

  /// Makes room; what was there is lost where there was too little.
  func reserve(_ count: Int) {
    if floats.columns < count { floats = FloatMatrix(rows: 1, columns: count) }
  }
}
