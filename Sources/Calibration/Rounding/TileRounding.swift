import Kernels
import TensorCore

/// Sixteen rows of a matrix while their codes and scales are chosen.
///
/// A lane is a row: rows never meet, so what comes out depends on no thread.
package final class TileRounding {
  let columns: Int
  let groupSize: Int
  let type: WeightType
  let range: CodeRange
  let metric: RoundingMetric
  /// What is to be rounded, times 2^-E.
  package let values: FloatMatrix  // [columns, 16]
  package let codes: FloatMatrix  // [columns, 16]
  /// The scales, as they are stored.
  package let scales: FloatMatrix  // [groups, 16]
  /// Values that later columns have, to make up for the errors of earlier ones; then gradients.
  private let work: FloatMatrix  // [columns, 16]
  private let products: FloatMatrix  // [columns, 16]

  package init(_ geometry: TensorGeometry, metric: RoundingMetric) {
    columns = geometry.columns
    groupSize = geometry.groupSize
    type = geometry.type
    range = CodeRange(type)
    self.metric = metric
    let lanes = TensorGeometry.tileRows
    values = FloatMatrix(rows: columns, columns: lanes)
    codes = FloatMatrix(rows: columns, columns: lanes)
    scales = FloatMatrix(rows: geometry.groupsPerRow, columns: lanes)
    work = FloatMatrix(rows: columns, columns: lanes)
    products = FloatMatrix(rows: columns, columns: lanes)
  }

  /// The binary16 bits of the scales, `[groups][16]`.
  package var halves: [UInt16] {
    (0..<scales.rows).flatMap { group in
      (0..<TensorGeometry.tileRows).map { scales[group][$0].binary16 }
    }
  }

  private func group(_ index: Int) -> Range<Int> {
    index * groupSize..<min((index + 1) * groupSize, columns)
  }

  private func setScale(_ scale: Lanes, of group: Int) {
    scales.lanes[group] = scale.scales(of: type)
  }

  /// GPTQ: column after column is rounded, and its error spread over the columns to come.
  ///
  /// - Returns: what is left costs, rᵀDr.
  @discardableResult package func compensate() -> Lanes {
    let (work, codes) = (work.lanes, codes.lanes)
    work.copy(values.lanes)
    var cost = Lanes(repeating: 0)
    for group in 0..<scales.rows {
      setScale(searchedScale(self.group(group)), of: group)
      let scale = scales.lanes[group]
      let reciprocal = scale.reciprocalOrZero
      for column in self.group(group) {
        let code = range.code(work[column] * reciprocal)
        codes[column] = code
        let error = work[column] - code * scale
        cost += error * error * metric.cost(column)
        guard let coupling = metric.coupling else { continue }
        let factors = coupling.compensation[column]
        for later in column + 1..<max(columns, column + 1) {
          work[later] -= error * factors[later]
        }
      }
    }
    return cost
  }

  /// The same with scales that were chosen before: codes are multiples of what the steps say of
  /// their column, within the range of the type.
  func compensate(_ steps: MatrixSteps, _ rows: Range<Int>) {
    let (work, codes) = (work.lanes, codes.lanes)
    work.copy(values.lanes)
    for group in 0..<scales.rows {
      var scale = Lanes(repeating: 0)
      for (lane, row) in rows.enumerated() { scale[lane] = steps.scale(row: row, group: group) }
      setScale(scale, of: group)
      for column in self.group(group) {
        let multiplier = Float(steps.multipliers[column])
        let step = scale * multiplier
        let most = Lanes(repeating: (range.high[0] / multiplier).rounded(.down))
        var code = range.code(work[column] * step.reciprocalOrZero)
        code.replace(with: most, where: code .> most)
        code.replace(with: -most, where: code .< -most)
        codes[column] = code * multiplier
        let error = work[column] - code * step
        guard let coupling = metric.coupling else { continue }
        let factors = coupling.compensation[column]
        for later in column + 1..<max(columns, column + 1) {
          work[later] -= error * factors[later]
        }
      }
    }
  }

  /// The scale of a group with the least cost among the candidates, fitted to its codes.
  private func searchedScale(_ group: Range<Int>) -> Lanes {
    let work = work.lanes
    var largest = Lanes(repeating: 0)
    var extreme = Lanes(repeating: 0)
    for column in group {
      let value = work[column]
      let magnitude = value.replacing(with: -value, where: value .< 0)
      extreme.replace(with: value, where: magnitude .> largest)
      largest.replace(with: magnitude, where: magnitude .> largest)
    }
    let inverse = extreme.reciprocalOrZero
    guard !type.hasShortScales else { return searchedShortScale(group, inverse) }
    var best = Lanes(repeating: 0)
    var scale = Lanes(repeating: 0)
    for level in range.levels {
      let (wq, qq) = fit(group, reciprocal: inverse * level)
      let fitted = wq * qq.reciprocalOrZero
      let score = wq * fitted
      scale.replace(with: fitted, where: score .> best)
      best.replace(with: score, where: score .> best)
    }
    for _ in 0..<2 {
      let (wq, qq) = fit(group, reciprocal: scale.reciprocalOrZero)
      scale = wq * qq.reciprocalOrZero
    }
    return scale
  }

  /// The same among integers: those nearest to the candidates, and then their neighbors.
  private func searchedShortScale(_ group: Range<Int>, _ inverse: Lanes) -> Lanes {
    var scale = Lanes(repeating: 0)
    var least = Lanes(repeating: 0)
    func attempt(_ candidate: Lanes) {
      let candidate = candidate.scales(of: type)
      let (wq, qq) = fit(group, reciprocal: candidate.reciprocalOrZero)
      let cost = candidate * (candidate * qq - 2 * wq)
      scale.replace(with: candidate, where: cost .< least)
      least.replace(with: cost, where: cost .< least)
    }
    for level in range.levels { attempt((inverse * level).reciprocalOrZero) }
    for _ in 0..<2 {
      let middle = scale
      attempt(middle - 1)
      attempt(middle + 1)
    }
    return scale
  }

  /// Σ cost·w·q and Σ cost·q² for the codes that a reciprocal of the scale gives.
  private func fit(_ group: Range<Int>, reciprocal: Lanes) -> (wq: Lanes, qq: Lanes) {
    let work = work.lanes
    var wq = Lanes(repeating: 0)
    var qq = Lanes(repeating: 0)
    for column in group {
      let value = work[column]
      let code = range.code(value * reciprocal)
      let weighted = code * metric.cost(column)
      wq += weighted * value
      qq += weighted * code
    }
    return (wq, qq)
  }

  /// Coordinate descent over codes and scales.
  ///
  /// Each code in turn becomes the best one given all others, and then its group's scale does. The
  /// cost rᵀHr of what is left, r, never grows.
  package func descend(sweeps: Int) {
    guard let moments = metric.coupling?.moments, sweeps > 0 else { return }
    let (values, codes) = (values.lanes, codes.lanes)
    // work = H r
    work.lanes.clear()
    for group in 0..<scales.rows {
      let scale = scales.lanes[group]
      for column in self.group(group) {
        subtract(codes[column] * scale - values[column], moments[column])
      }
    }
    for _ in 0..<sweeps {
      for group in 0..<scales.rows {
        descendCodes(of: group, moments)
        fitScale(of: group, moments)
      }
    }
  }

  /// work -= change · H's row.
  @inline(__always) private func subtract(_ change: Lanes, _ row: FloatRow) {
    let work = work.lanes
    for other in 0..<columns { work[other] -= change * row[other] }
  }

  private func descendCodes(of group: Int, _ moments: FloatMatrix) {
    let (work, codes) = (work.lanes, codes.lanes)
    let scale = scales.lanes[group]
    let reciprocal = scale.reciprocalOrZero
    for column in self.group(group) {
      let row = moments[column]
      let code = codes[column]
      let wanted = range.code(code + work[column] / row[column] * reciprocal)
      let change = (wanted - code) * scale
      guard any(change .!= 0) else { continue }
      codes[column] = wanted
      subtract(change, row)
    }
  }

  private func fitScale(of group: Int, _ moments: FloatMatrix) {
    let (work, codes, products) = (work.lanes, codes.lanes, products.lanes)
    // products = H q, over the group's columns
    products.clear()
    for column in self.group(group) {
      let row = moments[column]
      let code = codes[column]
      for other in 0..<columns { products[other] += code * row[other] }
    }
    var gradient = Lanes(repeating: 0)
    var curvature = Lanes(repeating: 0)
    for column in self.group(group) {
      gradient += codes[column] * work[column]
      curvature += codes[column] * products[column]
    }
    let old = scales.lanes[group]
    setScale(old + gradient * curvature.reciprocalOrZero, of: group)
    let change = scales.lanes[group] - old
    for other in 0..<columns { work[other] -= change * products[other] }
  }

  /// Descends further in one lane, by an H of the row's own.
  package func descend(lane: Int, _ moments: FloatMatrix, sweeps: Int) {
    var row = RowDescent(
      values: (0..<columns).map { values[$0][lane] }, codes: (0..<columns).map { codes[$0][lane] },
      scales: (0..<scales.rows).map { scales[$0][lane] }, groupSize: groupSize, type: type)
    row.run(moments, sweeps: sweeps)
    for column in 0..<columns { codes[column][lane] = row.codes[column] }
    for group in 0..<scales.rows { scales[group][lane] = row.scales[group] }
  }

  /// Takes the codes and scales of a lane of another tile of the same shape.
  package func copy(lane: Int, of other: TileRounding) {
    for column in 0..<columns { codes[column][lane] = other.codes[column][lane] }
    for group in 0..<scales.rows { scales[group][lane] = other.scales[group][lane] }
  }

  /// The codes of the first rows, row by row.
  ///
  /// Where values left the range of float32 they are no numbers; encoding then refuses the matrix.
  func codes(rows: Int) -> [Int8] {
    (0..<rows).flatMap { lane in
      (0..<columns).map { Int8(exactly: codes[$0][lane]) ?? 0 }
    }
  }

  /// The values that the codes stand for, times 2^-E.
  package func restored(_ column: Int) -> Lanes {
    codes.lanes[column] * scales.lanes[column / groupSize]
  }
}
