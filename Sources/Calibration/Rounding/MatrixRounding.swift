import Conversion
import Kernels
import Parallel
import Quantization
import TensorCore

/// A matrix whose codes and scales were chosen.
struct RoundedMatrix: Sendable {
  /// The scales, and the error made.
  let tensor: RoundedTensor
  /// `[rows, columns]`; nothing where they were not to be kept.
  let codes: [Int8]
}

/// A matrix of float32 values that is rounded in place.
struct MatrixRounding: Sendable {
  private let geometry: TensorGeometry
  private let values: StoredFloats
  private let metric: RoundingMetric
  private let names: [Int]?

  /// - Parameters:
  ///   - geometry: how the matrix will be stored.
  ///   - values: the matrix.
  ///   - metric: what errors cost.
  ///   - names: what its rows are called, where it has some of a matrix's.
  init(
    _ geometry: TensorGeometry, values: StoredFloats, metric: RoundingMetric, names: [Int]? = nil
  ) {
    self.geometry = geometry
    self.values = values
    self.metric = metric
    self.names = names
  }

  /// Multiplications that rounding takes, about.
  static func work(_ geometry: TensorGeometry, sweeps: Int) -> Int {
    geometry.elementCount * geometry.columns * (2 + 2 * sweeps)
  }

  /// Rounds all rows, and leaves what the codes stand for in their place.
  ///
  /// - Parameters:
  ///   - sweeps: of coordinate descent, where there are no steps.
  ///   - steps: those of the matrix's columns and rows, if it is to be packed.
  ///   - rowCosts: makes `RowCosts` for a thread to work with, where rows differ in what errors
  ///     cost.
  ///   - isPlain: whether a row of the whole matrix is rounded without regard to the inputs.
  ///   - keepsCodes: whether the codes are returned, too.
  ///   - pool: the threads.
  /// - Returns: the scales, and the error made.
  func round(
    sweeps: Int, steps: MatrixSteps? = nil,
    rowCosts: (() -> TokenUncertainty.RowCosts)? = nil,
    isPlain: ((_ row: Int) -> Bool)? = nil, keepsCodes: Bool = false, pool: ThreadPool
  ) -> RoundedMatrix {
    let exponent = steps?.exponent ?? TensorExponent.forMagnitude(magnitude(pool), geometry.type)
    let tiles = pool.map(geometry.tileCount) { tile in
      let rounding = load(tile, exponent, metric)
      let rows = rows(of: tile)
      if let steps {
        rounding.compensate(steps, rows)
      } else {
        rounding.compensate()
        rounding.descend(sweeps: sweeps)
      }
      if let costs = rowCosts?() {
        for (lane, row) in rows.enumerated() {
          guard let moments = costs.moments(of: name(of: row)) else { continue }
          rounding.descend(lane: lane, moments, sweeps: sweeps)
        }
      }
      if let isPlain, rows.contains(where: { isPlain(name(of: $0)) }) {
        let plain = load(tile, exponent, .plain)
        if let steps { plain.compensate(steps, rows) } else { plain.compensate() }
        for (lane, row) in rows.enumerated() where isPlain(name(of: row)) {
          rounding.copy(lane: lane, of: plain)
        }
      }
      let codes = keepsCodes ? rounding.codes(rows: rows.count) : []
      let (scales, statistics) = store(rounding, tile, exponent)
      return (scales: scales, statistics: statistics, codes: codes)
    }
    var statistics = ErrorStatistics()
    for tile in tiles { statistics.add(tile.statistics) }
    return RoundedMatrix(
      tensor: RoundedTensor(
        exponent: exponent, scales: tiles.flatMap(\.scales), statistics: statistics),
      codes: tiles.flatMap(\.codes))
  }

  /// Leaves what codes that were chosen before stand for, with the bits that rounding left.
  func restore(_ rounded: RoundedMatrix, pool: ThreadPool) {
    let unit = Float(sign: .plus, exponent: rounded.tensor.exponent, significand: 1)
    pool.run(geometry.tileCount) { tile in
      for row in rows(of: tile) {
        let values = values[row]
        for column in 0..<geometry.columns {
          let place = geometry.tiledScalePlace(row: row, group: column / geometry.groupSize)
          let scale = Float(binary16: rounded.tensor.scales[place])
          let code = Float(rounded.codes[row * geometry.columns + column])
          values[column] = code * scale * unit
        }
      }
    }
  }

  /// Which groups hold more than zeros, `[rows][groups]`.
  func nonZeroGroups() -> [Bool] {
    (0..<geometry.rows).flatMap { row in
      let values = values[row]
      return (0..<geometry.groupsPerRow).map { group in
        let first = group * geometry.groupSize
        return (first..<min(first + geometry.groupSize, geometry.columns)).contains {
          values[$0] != 0
        }
      }
    }
  }

  /// What rounding would cost, compensated where the type is quantized: w rᵀDr of each row.
  ///
  /// Nothing is changed. The errors of a float type count as independent of each other.
  ///
  /// - Parameters:
  ///   - weights: what each row's errors count for; nil where all count alike.
  ///   - pool: the threads.
  /// - Returns: a cost for each row.
  func costs(_ weights: [Double]?, _ pool: ThreadPool) -> [Double] {
    let isQuantized = geometry.type.isQuantized
    let exponent =
      isQuantized ? TensorExponent.forMagnitude(magnitude(pool), geometry.type) : 0
    let unit = Double(sign: .plus, exponent: 2 * exponent, significand: 1)
    return pool.map(geometry.tileCount) { tile in
      let rows = rows(of: tile)
      let costs = isQuantized ? load(tile, exponent, metric).compensate() : floatCosts(rows)
      return rows.enumerated().map { (weights?[$1] ?? 1) * Double(costs[$0]) * unit }
    }.flatMap(\.self)
  }

  /// What rounding to a float type costs each of some rows.
  private func floatCosts(_ rows: Range<Int>) -> Lanes {
    var costs = Lanes(repeating: 0)
    guard geometry.type != .f32 else { return costs }
    for (lane, row) in rows.enumerated() {
      let values = values[row]
      var cost = 0.0
      for column in 0..<geometry.columns {
        let value = values[column]
        let error = Double(value - value.rounded(to: geometry.type))
        let weight = metric.coupling?.moments[column][column] ?? 1
        cost += error * error * Double(weight)
      }
      costs[lane] = Float(cost)
    }
    return costs
  }

  /// The largest magnitude of each group, `[rows][groups]`.
  func magnitudes(_ pool: ThreadPool) -> [[Float]] {
    pool.map(geometry.rows) { row in
      let values = values[row]
      return (0..<geometry.groupsPerRow).map { group in
        let first = group * geometry.groupSize
        return (first..<min(first + geometry.groupSize, geometry.columns))
          .reduce(Float(0)) { max($0, abs(values[$1])) }
      }
    }
  }

  private func magnitude(_ pool: ThreadPool) -> Float {
    pool.map(geometry.tileCount) { tile in
      var largest: Float = 0
      for row in rows(of: tile) {
        let values = values[row]
        for column in 0..<geometry.columns {
          largest = max(largest, abs(values[column]))
        }
      }
      return largest
    }.reduce(0, max)
  }

  /// What a row is called in the whole matrix.
  private func name(of row: Int) -> Int { names?[row] ?? row }

  private func rows(of tile: Int) -> Range<Int> {
    let first = tile * TensorGeometry.tileRows
    return first..<min(first + TensorGeometry.tileRows, geometry.rows)
  }

  private func load(_ tile: Int, _ exponent: Int, _ metric: RoundingMetric) -> TileRounding {
    let inverse = Float(sign: .plus, exponent: -exponent, significand: 1)
    let rounding = TileRounding(geometry, metric: metric)
    for (lane, row) in rows(of: tile).enumerated() {
      let values = values[row]
      for column in 0..<geometry.columns {
        rounding.values[column][lane] = values[column] * inverse
      }
    }
    return rounding
  }

  private func store(
    _ rounding: TileRounding, _ tile: Int, _ exponent: Int
  ) -> (scales: [UInt16], statistics: ErrorStatistics) {
    let unit = Float(sign: .plus, exponent: exponent, significand: 1)
    var statistics = ErrorStatistics()
    for (lane, row) in rows(of: tile).enumerated() {
      let values = values[row]
      for column in 0..<geometry.columns {
        let restored = rounding.restored(column)[lane] * unit
        statistics.add(value: values[column], stored: restored)
        values[column] = restored
      }
    }
    return (rounding.halves, statistics)
  }
}

extension Float {
  /// The nearest value of a float type, of two the even one.
  fileprivate func rounded(to type: WeightType) -> Float {
    switch type {
    case .f16: Float(binary16: binary16)
    case .bf16: roundedToBFloat16
    default: self
    }
  }
}
