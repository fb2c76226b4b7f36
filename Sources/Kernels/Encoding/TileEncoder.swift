import CKernels
import TensorCore

/// A value that a float type cannot hold.
package struct Overflow: Error, Equatable, Sendable {
  /// The row of the value.
  package let row: Int
  /// The column of the value.
  package let column: Int
  /// The value.
  package let value: Float
}

/// Encodes a tensor as one of a file's types; `EncodingBuffers` take what it makes.
package struct TileEncoder: Sendable {
  /// The tensor's new type, arrangement and sizes.
  package let geometry: TensorGeometry
  private let source: TileSource
  private let scaleChoice: ScaleChoice
  private let exponent: Int
  private let kernels: KernelSet

  /// - Parameters:
  ///   - geometry: the new type, arrangement and sizes.
  ///   - source: the values.
  ///   - scaleChoice: how scales are chosen; floats have none.
  ///   - exponent: the power of two that the scales share.
  ///   - kernels: what computes.
  /// - Precondition: the source has as many rows and columns, and scales that are given suffice.
  package init(
    _ geometry: TensorGeometry, source: TileSource, scales scaleChoice: ScaleChoice, exponent: Int,
    kernels: KernelSet
  ) {
    precondition(source.fits(geometry), "a source of another size")
    if case .given(let scales) = scaleChoice {
      let rows = geometry.tileCount * TensorGeometry.tileRows
      precondition(scales.count == rows * geometry.groupsPerRow, "scales of another size")
    }
    self.geometry = geometry
    self.source = source
    self.scaleChoice = scaleChoice
    self.exponent = exponent
    self.kernels = kernels
  }

  /// Floats of scratch that encoding a tensor of that geometry needs.
  static func scratchFloats(_ geometry: TensorGeometry) -> Int {
    // Loaded rows, the tile, its units, and its scales (two to a float).
    let tile = geometry.paddedColumns * TensorGeometry.tileRows
    let units = geometry.unitsPerRow * TensorGeometry.tileRows
    // A stored source may pad its rows to 32 columns where this geometry pads them to 4: the tile
    // is then loaded beyond its end, before the units are written there.
    let overhang = 28 * TensorGeometry.tileRows
    return TileSource.scratchFloats + tile + units + geometry.groupsPerRow * TensorGeometry.tileRows
      / 2 + overhang
  }

  /// Encodes some tiles into their part of the planes.
  ///
  /// - Parameters:
  ///   - tiles: which 16-row tiles.
  ///   - codes: where the first tile's units go.
  ///   - scales: where its scales go; not used for floats.
  ///   - scratch: room for `scratchFloats`.
  /// - Returns: the error made.
  /// - Throws: the first value that overflows a float type.
  func encode(
    tiles: Range<Int>, codes: UnsafeMutablePointer<UInt32>,
    scales: UnsafeMutablePointer<UInt16>?, scratch: UnsafeMutablePointer<Float>
  ) throws(Overflow) -> ErrorStatistics {
    precondition(tiles.lowerBound >= 0 && tiles.upperBound <= geometry.tileCount, "no such tiles")
    let lanes = TensorGeometry.tileRows
    let units = geometry.unitsPerRow
    let groups = geometry.groupsPerRow
    let rows = unsafe scratch
    let tile = unsafe rows + TileSource.scratchFloats
    let tileUnits = unsafe UnsafeMutableRawPointer(tile + geometry.paddedColumns * lanes)
      .assumingMemoryBound(to: UInt32.self)
    let tileScales = unsafe UnsafeMutableRawPointer(tileUnits + units * lanes)
      .assumingMemoryBound(to: UInt16.self)
    var statistics = ErrorStatistics()
    for index in tiles {
      unsafe source.load(tile: index, of: geometry, kernels: kernels, scratch: rows, into: tile)
      let first = index * lanes
      let count = min(lanes, geometry.rows - first)
      let done = index - tiles.lowerBound
      let isTiled = geometry.arrangement == .tiles
      let unitsOut = unsafe isTiled ? codes + done * units * lanes : tileUnits
      let scalesOut = unsafe isTiled ? (scales ?? tileScales) + done * groups * lanes : tileScales
      if case .given(let given) = scaleChoice {
        for scale in 0..<groups * lanes {
          unsafe scalesOut[scale] = given[index * groups * lanes + scale]
        }
      }
      var error = kb_tile_error()
      try unsafe encode(tile, units: unitsOut, scales: scalesOut, first, &error)
      statistics.add(error, rows: count, columns: geometry.columns)
      if geometry.type.isQuantized {
        unsafe statistics.flushedGroups += flushedGroups(tile, scales: scalesOut, rows: count)
      }
      guard !isTiled else { continue }
      unsafe kernels.table.pointee.untile(
        tileUnits, UInt32(units), UInt32(count), codes + done * lanes * units, units)
      guard let scales = unsafe scales else { continue }
      for row in 0..<count {
        for group in 0..<groups {
          unsafe scales[(done * lanes + row) * groups + group] = tileScales[group * lanes + row]
        }
      }
    }
    return statistics
  }

  private func encode(
    _ tile: UnsafePointer<Float>, units: UnsafeMutablePointer<UInt32>,
    scales: UnsafeMutablePointer<UInt16>, _ firstRow: Int, _ error: inout kb_tile_error
  ) throws(Overflow) {
    let type = Int32(geometry.type.kernelCode)
    let width = UInt32(geometry.paddedColumns)
    guard !geometry.type.isQuantized else {
      try unsafe checkMagnitudes(tile, firstRow)
      unsafe kernels.table.pointee.quantize(
        type, scaleChoice.kernelCode(geometry.type), tile, width, UInt32(geometry.groupSize),
        Int32(exponent), units, scales, &error)
      return
    }
    let fault = unsafe kernels.table.pointee.encode_float(type, tile, width, units, &error)
    guard fault < 0 else {
      let (column, lane) = Int(fault).quotientAndRemainder(dividingBy: TensorGeometry.tileRows)
      throw Overflow(row: firstRow + lane, column: column, value: unsafe tile[Int(fault)])
    }
  }

  /// How many groups of the tile's first rows have a scale of 0, though not only zeros.
  private func flushedGroups(
    _ tile: UnsafePointer<Float>, scales: UnsafePointer<UInt16>, rows: Int
  ) -> Int {
    let lanes = TensorGeometry.tileRows
    var count = 0
    for group in 0..<geometry.groupsPerRow {
      let first = group * geometry.groupSize
      let columns = first..<min(first + geometry.groupSize, geometry.columns)
      for lane in 0..<rows where unsafe scales[group * lanes + lane] == 0 {
        if columns.contains(where: { unsafe tile[$0 * lanes + lane] != 0 }) { count += 1 }
      }
    }
    return count
  }

  /// Refuses values so large that a code times its scale might leave binary32.
  ///
  /// Rounding with an eye on other columns takes a code as far as its type goes, 8 / 5.8 times the
  /// value that the scale was chosen by.
  private func checkMagnitudes(_ tile: UnsafePointer<Float>, _ firstRow: Int) throws(Overflow) {
    guard exponent >= Self.largestMagnitude.exponent - 14 else { return }
    let lanes = TensorGeometry.tileRows
    for index in 0..<geometry.columns * lanes {
      let value = unsafe tile[index]
      guard abs(value) <= Self.largestMagnitude else {
        throw Overflow(row: firstRow + index % lanes, column: index / lanes, value: value)
      }
    }
  }

  /// The largest value that codes with scales may stand for.
  private static let largestMagnitude: Float = 0x1p127
}

extension ErrorStatistics {
  /// Adds the first `rows` lanes of a tile, in order.
  fileprivate mutating func add(_ tile: kb_tile_error, rows: Int, columns: Int) {
    unsafe withUnsafeBytes(of: tile.squared_error) { errors in
      unsafe withUnsafeBytes(of: tile.squared_value) { values in
        unsafe withUnsafeBytes(of: tile.squared_stored) { stored in
          unsafe withUnsafeBytes(of: tile.max_abs_error) { maxima in
            for lane in 0..<rows {
              let offset = lane * MemoryLayout<Double>.stride
              unsafe add(
                ErrorStatistics(
                  count: columns,
                  squaredError: errors.load(fromByteOffset: offset, as: Double.self),
                  squaredValue: values.load(fromByteOffset: offset, as: Double.self),
                  squaredStored: stored.load(fromByteOffset: offset, as: Double.self),
                  maxAbsoluteError: maxima.load(fromByteOffset: offset, as: Double.self)))
            }
          }
        }
      }
    }
  }
}
