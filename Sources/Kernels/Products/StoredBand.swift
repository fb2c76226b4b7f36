import ByteIO
import CKernels
import TensorCore

/// Rows of a tensor that are stored alike: their planes in place, in a mapped file or in memory.
///
/// It keeps the bytes that it points into.
@safe public struct StoredBand: @unchecked Sendable {
  /// Type, arrangement and sizes.
  public let geometry: TensorGeometry
  var matrix: kb_matrix
  private let region: any ByteRegion

  /// Describes planes of a region.
  ///
  /// - Parameters:
  ///   - geometry: type, arrangement and sizes.
  ///   - planes: where the units and, for quantized types, the scales lie.
  ///   - exponent: the power of two by which scales are multiplied.
  ///   - region: what holds the planes.
  /// - Precondition: the planes have the lengths of the geometry, and lie in the region.
  package init(
    _ geometry: TensorGeometry, planes: [Range<Int>], exponent: Int = 0, in region: any ByteRegion
  ) {
    precondition(
      planes.map(\.count) == geometry.planeBytes
        && planes.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= region.count },
      "planes that do not fit")
    let lanes = geometry.arrangement == .tiles ? TensorGeometry.tileRows : 1
    let codes = unsafe region.pointer(at: planes[0].lowerBound)
    let scales = unsafe planes.count > 1 ? region.pointer(at: planes[1].lowerBound) : nil
    self.geometry = geometry
    self.region = region
    unsafe matrix = kb_matrix(
      codes: codes.assumingMemoryBound(to: UInt8.self),
      scales: scales?.assumingMemoryBound(to: UInt8.self),
      tile_stride: geometry.unitsPerRow * lanes * 4,
      scale_unit: Float(sign: .plus, exponent: exponent, significand: 1),
      rows: UInt32(geometry.rows), cols: UInt32(geometry.columns),
      group: UInt32(geometry.groupSize), type: geometry.type.kernelCode,
      tiled: geometry.arrangement == .tiles ? 1 : 0,
      scale_bytes: UInt8(geometry.type.bytesPerScale), follows: 0)
  }

  /// A scale without the power of two that all share; 0 for floats.
  package func scale(row: Int, group: Int) -> Float {
    Float(binary16: half(row: row, group: group))
  }

  /// Its binary16, which has the integers of short scales, too.
  package func half(row: Int, group: Int) -> UInt16 {
    precondition(
      row >= 0 && row < geometry.rows && group >= 0 && group < geometry.groupsPerRow,
      "no such scale")
    guard let scales = unsafe matrix.scales else { return 0 }
    let place = geometry.scalePlace(row: row, group: group)
    guard !geometry.type.hasShortScales else {
      return unsafe Float(Int8(bitPattern: scales[place])).binary16
    }
    return unsafe UInt16(scales[2 * place]) | UInt16(scales[2 * place + 1]) << 8
  }
}
