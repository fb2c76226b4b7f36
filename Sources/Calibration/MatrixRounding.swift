import Conversion
import DogeModel
import Parallel
import Quantization
import TensorCore

/// A matrix of float32 tiles that is rounded in place.
@safe struct MatrixRounding: @unchecked Sendable {
  private let geometry: TensorGeometry
  private let tileFloats: Int
  private let metric: RoundingMetric
  private let base: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - geometry: how the matrix will be stored.
  ///   - values: how its values lie in memory: float32, in tiles.
  ///   - metric: what errors cost.
  ///   - base: the first value.
  init(
    _ geometry: TensorGeometry, values: TensorGeometry, metric: RoundingMetric,
    base: UnsafeMutableRawPointer
  ) {
    precondition(values.type == .f32 && values.arrangement == .tiles, "not float32 tiles")
    self.geometry = geometry
    tileFloats = values.paddedColumns * TensorGeometry.tileRows
    self.metric = metric
    unsafe self.base = base.assumingMemoryBound(to: Float.self)
  }

  /// Rounds all rows, and leaves what the codes stand for in their place.
  ///
  /// - Parameters:
  ///   - sweeps: of coordinate descent.
  ///   - rowMoments: what errors of a row cost, where rows differ in that.
  ///   - pool: the threads.
  /// - Returns: the scales, and the error made.
  func round(
    sweeps: Int, rowMoments: ((_ row: Int) -> FloatMatrix)? = nil, pool: ThreadPool
  ) -> RoundedTensor {
    let exponent = TensorExponent.forMagnitude(magnitude(pool))
    let tiles = pool.map(geometry.tileCount) {
      round(tile: $0, exponent, sweeps: sweeps, rowMoments)
    }
    var statistics = ErrorStatistics()
    for tile in tiles { statistics.add(tile.statistics) }
    return RoundedTensor(
      exponent: exponent, scales: tiles.flatMap(\.scales), statistics: statistics)
  }

  private func magnitude(_ pool: ThreadPool) -> Float {
    let tiles = pool.map(geometry.tileCount) { tile in
      let values = unsafe UnsafeBufferPointer(start: base + tile * tileFloats, count: tileFloats)
      return unsafe values.reduce(0) { max($0, abs($1)) }
    }
    return tiles.reduce(0, max)
  }

  private func round(
    tile: Int, _ exponent: Int, sweeps: Int, _ rowMoments: ((_ row: Int) -> FloatMatrix)?
  ) -> (scales: [UInt16], statistics: ErrorStatistics) {
    let unit = Float(sign: .plus, exponent: exponent, significand: 1)
    let inverse = Float(sign: .plus, exponent: -exponent, significand: 1)
    let lanes = TensorGeometry.tileRows
    let start = unsafe base + tile * tileFloats
    var rounding = TileRounding(geometry, metric: metric)
    for column in 0..<geometry.columns {
      for lane in 0..<lanes {
        unsafe rounding.values[column][lane] = start[column * lanes + lane] * inverse
      }
    }
    rounding.compensate()
    rounding.descend(sweeps: sweeps)
    let rows = min(lanes, geometry.rows - tile * lanes)
    if let rowMoments {
      for lane in 0..<rows {
        rounding.descend(lane: lane, rowMoments(tile * lanes + lane), sweeps: sweeps)
      }
    }
    var statistics = ErrorStatistics()
    for column in 0..<geometry.columns {
      let restored = rounding.restored(column) * unit
      for lane in 0..<lanes {
        let place = column * lanes + lane
        if lane < rows { unsafe statistics.add(value: start[place], stored: restored[lane]) }
        unsafe start[place] = restored[lane]
      }
    }
    let scales = rounding.halves.flatMap { half in (0..<lanes).map { half[$0] } }
    return (scales, statistics)
  }
}
