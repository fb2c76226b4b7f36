import ByteIO
import CKernels
import TensorCore

/// Where a tensor's values come from: a checkpoint's elements, or a stored matrix.
package struct TileSource: Sendable {
  private enum Values {
    case elements(SourceElements)
    case stored(StoredMatrix)
  }

  private let values: Values
  /// Which rows they are, in which order; nil for all as they are.
  private let rows: [UInt32]?
  /// The row behind the last of these.
  private let rowsEnd: Int

  private init(_ values: Values, rows: [UInt32]?) {
    self.values = values
    self.rows = rows
    rowsEnd = rows?.max().map { Int($0) + 1 } ?? 0
  }

  private static let columnsAtOnce = 128
  /// Floats of scratch that `load` needs.
  static let scratchFloats = columnsAtOnce * TensorGeometry.tileRows

  /// A tensor of a safetensors file, or some of its rows.
  package static func elements(_ elements: SourceElements, rows: [UInt32]? = nil) -> TileSource {
    TileSource(.elements(elements), rows: rows)
  }

  /// A tensor of a `.kibble` file, or some of its rows.
  package static func stored(_ stored: StoredMatrix, rows: [UInt32]? = nil) -> TileSource {
    TileSource(.stored(stored), rows: rows)
  }

  /// Whether it has the rows and columns of a tensor of that geometry.
  func fits(_ geometry: TensorGeometry) -> Bool {
    switch values {
    case .elements(let elements):
      guard let rows else { return elements.count == geometry.elementCount }
      return rows.count == geometry.rows && elements.count % geometry.columns == 0
        && rowsEnd <= elements.count / geometry.columns
    case .stored(let stored):
      return (rows?.count ?? stored.rows) == geometry.rows && stored.columns == geometry.columns
        && rowsEnd <= stored.rows
    }
  }

  /// Loads 16 rows of a tensor of that geometry as a tile `[paddedColumns][16]`, zeros for padding.
  ///
  /// `scratch` has room for `scratchFloats`.
  func load(
    tile: Int, of geometry: TensorGeometry, kernels: KernelSet,
    scratch: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
  ) {
    let first = tile * TensorGeometry.tileRows
    switch values {
    case .stored(let stored) where rows == nil && stored.order == nil:
      // Its own padding may be narrower than ours; where it is wider, scratch has room for it.
      let floats = geometry.paddedColumns * TensorGeometry.tileRows
      unsafe out.update(repeating: 0, count: floats)
      let (band, row) = stored.place(of: first)
      unsafe withUnsafePointer(to: band.matrix) {
        unsafe kernels.table.pointee.values($0, UInt32(row / TensorGeometry.tileRows), out)
      }
    case .stored(let stored):
      let tile = FloatMatrix(
        rows: TensorGeometry.tileRows, columns: geometry.columns.roundedUp(to: 32))
      for lane in 0..<min(TensorGeometry.tileRows, geometry.rows - first) {
        kernels.row(row(first + lane), of: stored, into: tile[lane])
      }
      unsafe kernels.table.pointee.tile(
        tile.pointer(), tile.stride, UInt32(geometry.paddedColumns), out)
    case .elements(let elements):
      unsafe load(first, of: geometry, elements, kernels, scratch, out)
    }
  }

  private func row(_ index: Int) -> Int { rows.map { Int($0[index]) } ?? index }

  private func load(
    _ first: Int, of geometry: TensorGeometry, _ elements: SourceElements, _ kernels: KernelSet,
    _ scratch: UnsafeMutablePointer<Float>, _ out: UnsafeMutablePointer<Float>
  ) {
    let width = geometry.paddedColumns
    let start = unsafe elements.start
    let count = min(TensorGeometry.tileRows, geometry.rows - first)
    // Some columns at a time, so that the rows stay in the first cache between the two steps.
    for column in stride(from: 0, to: width, by: Self.columnsAtOnce) {
      let columns = min(Self.columnsAtOnce, geometry.columns - column)
      if count < TensorGeometry.tileRows || column + Self.columnsAtOnce > geometry.columns {
        unsafe scratch.update(repeating: 0, count: Self.scratchFloats)
      }
      for lane in 0..<count {
        let element = row(first + lane) * geometry.columns + column
        unsafe kernels.table.pointee.widen(
          elements.code, start + element * elements.type.bits / 8, columns,
          scratch + lane * Self.columnsAtOnce)
      }
      unsafe kernels.table.pointee.tile(
        scratch, Self.columnsAtOnce, UInt32(min(Self.columnsAtOnce, width - column)),
        out + column * TensorGeometry.tileRows)
    }
  }
}

/// Row-major elements of a source tensor, as they lie in a file: float32, float64 or half floats.
///
/// It keeps the bytes that it names.
package struct SourceElements: Sendable {
  /// The elements' type.
  package let type: ElementType
  /// The type in the C kernels.
  let code: Int32
  private let region: any ByteRegion
  private let range: Range<Int>

  /// The elements that lie in a range of a region.
  ///
  /// - Precondition: kibble reads weights of that type, and the range lies in the region.
  package init(_ type: ElementType, in region: any ByteRegion, bytes range: Range<Int>) {
    guard let code = type.kernelCode else { preconditionFailure("\(type) holds no weights") }
    precondition(range.lowerBound >= 0 && range.upperBound <= region.count, "no such bytes")
    self.type = type
    self.code = code
    self.region = region
    self.range = range
  }

  /// How many they are.
  package var count: Int { range.count * 8 / type.bits }

  /// The address of the first, for kernels.
  var start: UnsafeRawPointer { unsafe region.pointer(at: range.lowerBound) }
}

extension KernelSet {
  /// The largest magnitude of elements, and the first that is not finite as float32.
  package func scan(_ elements: SourceElements) -> (magnitude: Float, firstNonFinite: Int?) {
    var magnitude: Float = 0
    let count = elements.count
    let first = unsafe table.pointee.scan(elements.code, elements.start, count, &magnitude)
    return (magnitude, first < count ? first : nil)
  }

  /// Writes elements as float32 into a row of as many.
  package func load(_ elements: SourceElements, into row: FloatRow) {
    precondition(elements.count == row.count, "another number of elements")
    unsafe table.pointee.widen(elements.code, elements.start, row.count, row.base)
  }

  /// Elements as float32.
  package func values(of elements: SourceElements) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: elements.count) { buffer, initialized in
      guard let out = buffer.baseAddress else { return }
      unsafe table.pointee.widen(elements.code, elements.start, elements.count, out)
      initialized = elements.count
    }
  }
}
