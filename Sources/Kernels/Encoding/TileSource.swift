import ByteIO
import CKernels
import TensorCore

/// Where a tensor's values come from: a checkpoint's elements, or a stored matrix.
package enum TileSource: Sendable {
  /// A tensor of a safetensors file.
  case elements(SourceElements)
  /// A tensor of a `.kibble` file.
  case stored(StoredMatrix)

  private static let columnsAtOnce = 128
  /// Floats of scratch that `load` needs.
  static let scratchFloats = columnsAtOnce * TensorGeometry.tileRows

  /// Whether it has the rows and columns of a tensor of that geometry.
  func fits(_ geometry: TensorGeometry) -> Bool {
    switch self {
    case .elements(let elements): elements.count == geometry.elementCount
    case .stored(let stored):
      stored.rows == geometry.rows && stored.columns == geometry.columns
    }
  }

  /// Loads 16 rows of a tensor of that geometry as a tile `[paddedColumns][16]`, zeros for padding.
  ///
  /// `rows` is scratch for `scratchFloats`.
  func load(
    tile: Int, of geometry: TensorGeometry, kernels: KernelSet,
    rows: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
  ) {
    let width = geometry.paddedColumns
    switch self {
    case .stored(let stored):
      // Its own padding may be narrower than ours; where it is wider, scratch has room for it.
      unsafe out.update(repeating: 0, count: width * TensorGeometry.tileRows)
      let (band, row) = stored.place(of: tile * TensorGeometry.tileRows)
      unsafe withUnsafePointer(to: band.matrix) {
        unsafe kernels.table.pointee.values($0, UInt32(row / TensorGeometry.tileRows), out)
      }
    case .elements(let elements):
      let start = unsafe elements.start
      let first = tile * TensorGeometry.tileRows
      let count = min(TensorGeometry.tileRows, geometry.rows - first)
      // Some columns at a time, so that the rows stay in the first cache between the two steps.
      for column in stride(from: 0, to: width, by: Self.columnsAtOnce) {
        let columns = min(Self.columnsAtOnce, geometry.columns - column)
        if count < TensorGeometry.tileRows || column + Self.columnsAtOnce > geometry.columns {
          unsafe rows.update(repeating: 0, count: Self.scratchFloats)
        }
        for row in 0..<count {
          let element = (first + row) * geometry.columns + column
          unsafe kernels.table.pointee.widen(
            elements.code, start + element * elements.type.bits / 8, columns,
            rows + row * Self.columnsAtOnce)
        }
        unsafe kernels.table.pointee.tile(
          rows, Self.columnsAtOnce, UInt32(min(Self.columnsAtOnce, width - column)),
          out + column * TensorGeometry.tileRows)
      }
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
