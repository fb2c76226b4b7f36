import DogeModel
import Kernels
import ModelFile
import TensorCore

/// Sixteen rows of a matrix while their codes and scales are chosen.
///
/// A lane is a row: rows never meet, so what comes out depends on no thread.
@safe package struct TileRounding: ~Copyable {
  let columns: Int
  let groupSize: Int
  let range: CodeRange
  let metric: RoundingMetric
  /// What is to be rounded, times 2^-E.
  package let values: UnsafeMutablePointer<Lanes>  // [columns]
  package let codes: UnsafeMutablePointer<Lanes>  // [columns]
  /// Values that later columns have, to make up for the errors of earlier ones; then gradients.
  private let work: UnsafeMutablePointer<Lanes>  // [columns]
  private let products: UnsafeMutablePointer<Lanes>  // [columns]
  /// The scales, as they are stored.
  package private(set) var halves: [SIMD16<UInt16>]  // [groups]
  package private(set) var scales: [Lanes]  // [groups]

  package init(_ geometry: TensorGeometry, metric: RoundingMetric) {
    columns = geometry.columns
    groupSize = geometry.groupSize
    range = CodeRange(geometry.type)
    self.metric = metric
    unsafe values = .allocate(capacity: columns)
    unsafe codes = .allocate(capacity: columns)
    unsafe work = .allocate(capacity: columns)
    unsafe products = .allocate(capacity: columns)
    unsafe codes.initialize(repeating: .zero, count: columns)
    unsafe values.initialize(repeating: .zero, count: columns)
    unsafe work.initialize(repeating: .zero, count: columns)
    unsafe products.initialize(repeating: .zero, count: columns)
    halves = Array(repeating: SIMD16(repeating: 0), count: geometry.groupsPerRow)
    scales = Array(repeating: .zero, count: geometry.groupsPerRow)
  }

  deinit {
    unsafe values.deallocate()
    unsafe codes.deallocate()
    unsafe work.deallocate()
    unsafe products.deallocate()
  }

  private func group(_ index: Int) -> Range<Int> {
    index * groupSize..<min((index + 1) * groupSize, columns)
  }

  private mutating func setScale(_ scale: Lanes, of group: Int) {
    halves[group] = scale.binary16
    scales[group] = Lanes(binary16: halves[group])
  }

  /// GPTQ: column after column is rounded, and its error spread over the columns to come.
  ///
  /// - Returns: what is left costs, rᵀDr.
  @discardableResult package mutating func compensate() -> Lanes {
    unsafe work.update(from: values, count: columns)
    var cost = Lanes(repeating: 0)
    for group in scales.indices {
      setScale(searchedScale(self.group(group)), of: group)
      let scale = scales[group]
      let reciprocal = scale.reciprocalOrZero
      for column in self.group(group) {
        let code = unsafe range.code(work[column] * reciprocal)
        unsafe codes[column] = code
        let error = unsafe work[column] - code * scale
        cost += error * error * metric.cost(column)
        guard let coupling = metric.coupling else { continue }
        let factors = unsafe coupling.compensation[column]
        for later in column + 1..<max(columns, column + 1) {
          unsafe work[later] -= error * factors[later]
        }
      }
    }
    return cost
  }

  /// The scale of a group with the least cost among the candidates, fitted to its codes.
  private func searchedScale(_ group: Range<Int>) -> Lanes {
    var largest = Lanes(repeating: 0)
    var extreme = Lanes(repeating: 0)
    for column in group {
      let value = unsafe work[column]
      let magnitude = value.replacing(with: -value, where: value .< 0)
      extreme.replace(with: value, where: magnitude .> largest)
      largest.replace(with: magnitude, where: magnitude .> largest)
    }
    let inverse = extreme.reciprocalOrZero
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

  /// Σ cost·w·q and Σ cost·q² for the codes that a reciprocal of the scale gives.
  private func fit(_ group: Range<Int>, reciprocal: Lanes) -> (wq: Lanes, qq: Lanes) {
    var wq = Lanes(repeating: 0)
    var qq = Lanes(repeating: 0)
    for column in group {
      let value = unsafe work[column]
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
  package mutating func descend(sweeps: Int) {
    guard let moments = metric.coupling?.moments, sweeps > 0 else { return }
    // work = H r
    unsafe work.update(repeating: .zero, count: columns)
    for group in scales.indices {
      for column in self.group(group) {
        let rest = unsafe values[column] - codes[column] * scales[group]
        subtract(-rest, moments, column)
      }
    }
    for _ in 0..<sweeps {
      for group in scales.indices {
        descendCodes(of: group, moments)
        fitScale(of: group, moments)
      }
    }
  }

  /// work -= change · H's column.
  @inline(__always) private func subtract(
    _ change: Lanes, _ moments: FloatMatrix, _ column: Int
  ) {
    let row = unsafe moments[column]
    for other in 0..<columns { unsafe work[other] -= change * row[other] }
  }

  private func descendCodes(of group: Int, _ moments: FloatMatrix) {
    let scale = scales[group]
    let reciprocal = scale.reciprocalOrZero
    for column in self.group(group) {
      let diagonal = unsafe moments[column][column]
      let code = unsafe codes[column]
      let wanted = unsafe range.code(code + work[column] / diagonal * reciprocal)
      let change = (wanted - code) * scale
      guard any(change .!= 0) else { continue }
      unsafe codes[column] = wanted
      subtract(change, moments, column)
    }
  }

  private mutating func fitScale(of group: Int, _ moments: FloatMatrix) {
    // products = H q, over the group's columns
    unsafe products.update(repeating: .zero, count: columns)
    for column in self.group(group) {
      let row = unsafe moments[column]
      let code = unsafe codes[column]
      for other in 0..<columns { unsafe products[other] += code * row[other] }
    }
    var gradient = Lanes(repeating: 0)
    var curvature = Lanes(repeating: 0)
    for column in self.group(group) {
      unsafe gradient += codes[column] * work[column]
      unsafe curvature += codes[column] * products[column]
    }
    let old = scales[group]
    setScale(old + gradient * curvature.reciprocalOrZero, of: group)
    let change = scales[group] - old
    for other in 0..<columns { unsafe work[other] -= change * products[other] }
  }

  /// Descends further in one lane, by an H of the row's own.
  package mutating func descend(lane: Int, _ moments: FloatMatrix, sweeps: Int) {
    var row = RowDescent(
      values: (0..<columns).map { unsafe values[$0][lane] },
      codes: (0..<columns).map { unsafe codes[$0][lane] },
      halves: halves.map { $0[lane] }, groupSize: groupSize, range: range)
    row.run(moments, sweeps: sweeps)
    for column in 0..<columns { unsafe codes[column][lane] = row.codes[column] }
    for group in halves.indices {
      halves[group][lane] = row.halves[group]
      scales[group] = Lanes(binary16: halves[group])
    }
  }

  /// Takes the codes and scales of a lane of another tile of the same shape.
  package mutating func copy(lane: Int, of other: borrowing TileRounding) {
    for column in 0..<columns { unsafe codes[column][lane] = other.codes[column][lane] }
    for group in halves.indices {
      halves[group][lane] = other.halves[group][lane]
      scales[group][lane] = other.scales[group][lane]
    }
  }

  /// The codes of the first rows, row by row.
  ///
  /// Where values left the range of float32 they are no numbers; encoding then refuses the matrix.
  func codes(rows: Int) -> [Int8] {
    (0..<rows).flatMap { lane in
      (0..<columns).map { unsafe Int8(exactly: codes[$0][lane]) ?? 0 }
    }
  }

  /// The values that the codes stand for, times 2^-E.
  package func restored(_ column: Int) -> Lanes {
    unsafe codes[column] * scales[column / groupSize]
  }
}
