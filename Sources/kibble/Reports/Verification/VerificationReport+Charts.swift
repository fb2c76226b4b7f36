import DogeArchitecture
import DogeModel
import Kernels
import Verification

// What the charts of the page show.

extension VerificationReport {
  /// Bins of an eighth of a decade.
  func divergence(_ candidate: Candidate) -> ReportPage.Divergence? {
    let values = candidate.columns.map { $0.statistics.kld.sorted }
    let positive = values.joined().filter { $0 > 0 }
    guard let least = positive.min(), let most = positive.max() else { return nil }
    func eighths(_ value: Double) -> Double { 8 * deterministicLog(value) / deterministicLog(10.0) }
    // What is under a millionth of the largest says nothing but that it is small.
    let first = Int(eighths(max(least, most * 1e-6)).rounded(.down))
    let last = Int(eighths(most).rounded(.up))
    let edges = (first...max(last, first + 1)).map {
      deterministicExp(Double($0) / 8 * deterministicLog(10.0))
    }
    let series = zip(candidate.columns, values).map { column, values in
      var counts = [Int](repeating: 0, count: edges.count + 1)
      for value in values { counts[edges.firstIndex { value < $0 } ?? edges.count] += 1 }
      return (name: column.mode.rawValue, counts: counts)
    }
    return (edges, series)
  }

  func tensorErrors(_ tensors: [TensorDifference]) -> ReportPage.TensorErrors {
    var roles: [String] = []
    var layers: [[String: Double]] = []
    for tensor in tensors where tensor.relativeError > 0 {
      guard let layer = tensor.layer else { continue }
      let name = tensor.role.shortName
      if !roles.contains(name) { roles.append(name) }
      while layers.count <= layer { layers.append([:]) }
      layers[layer][name] = tensor.relativeError
    }
    return (
      layers.indices.map { "\($0)" }, roles, layers.map { row in roles.map { row[$0] } },
      tensors.filter { $0.layer == nil && $0.relativeError > 0 }.map {
        ($0.name, .share($0.relativeError))
      },
      "The Frobenius norm of the difference over that of the reference; tensors that are equal are "
        + "left out."
    )
  }
}

extension VerificationReport.Column {
  var density: ReportPage.LogitDensity {
    let density = statistics.density
    let cells = LogitDensity.cells
    let width = (density.range.upperBound - density.range.lowerBound) / Double(cells)
    return (
      (0...cells).map { density.range.lowerBound + Double($0) * width },
      (0..<cells).map { Array(density.counts[$0 * cells..<($0 + 1) * cells]) },
      "In \(mode.rawValue) mode; some logits of each position."
    )
  }
}

extension LayerReport {
  var page: ReportPage.Layers {
    let steps = errors.map { error -> ReportPage.Layers.Step in
      let tick = if case .attention(let layer) = error.state { "\(layer)" } else { "" }
      return (
        error.state.words, tick, error.relativeError, error.cosine, error.signalToNoise,
        error.maxAbsDifference, error.ownError
      )
    }
    let bands = errors.first?.byPosition ?? []
    let shown = [0, errors.count / 2, errors.count - 1].filter { errors.indices.contains($0) }
    return ReportPage.Layers(
      steps: steps, firstDivergence: divergenceSentence,
      drift: bands.count < 2
        ? nil
        : (
          bands.map { Double($0.positions.lowerBound + $0.positions.upperBound - 1) / 2 },
          shown.map { index in
            (errors[index].state.words, errors[index].byPosition.map(\.relativeError))
          }
        ))
  }
}
