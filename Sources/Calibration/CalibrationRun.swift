import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// One calibration: a model's matrices are rounded in place, and encoded one after the other.
///
/// Matrices that a state holds are restored instead, and what only serves to round is left out
/// where nothing is to be rounded by it.
final class CalibrationRun {
  private static let sweeps = 4

  private let stream: StreamedModel
  private let output: ConversionOutput
  private let state: CalibrationState?
  /// Gives matrices their steps where they are rounded to be packed.
  private let packing: StepChoice?
  private let compute: Compute
  private let progress: any ProgressSink
  private(set) var warnings: [String] = []
  /// How many of the warnings the state holds.
  private var keptWarnings = 0

  private var plan: ConversionPlan { stream.plan }
  private var model: DogeModel { stream.model }

  init(
    _ stream: StreamedModel, output: ConversionOutput, state: CalibrationState?,
    packing: StepChoice? = nil, compute: Compute, progress: any ProgressSink
  ) {
    self.stream = stream
    self.output = output
    self.state = state
    self.packing = packing
    self.compute = compute
    self.progress = progress
  }

  /// The multiplications that will be reported as progress.
  var work: Int {
    let tokens = stream.tokenCount
    var work = 0
    for (record, planned) in plan.records.enumerated() where isToDo(record: record) {
      work += MatrixRounding.work(planned.geometry, sweeps: Self.sweeps)
    }
    let hasHead = isToDo(quantized(stream.headRoles))
    for layer in 0..<model.config.layerCount {
      for half in [StreamedModel.Half.attention, .feedForward] {
        let isWatched = isToDo(watched(half, layer))
        let runs = (hasHead ? 1 : 0) + (isWatched ? 1 : 0) + (hasToDo ? 1 : 0)
        work += runs * tokens * stream.weights(of: half, layer: layer)
      }
    }
    return work
  }

  /// Rounds the head, and then block after block.
  func roundAll() throws {
    checkTokenCount()
    let hidden = try stream.withTensors([.embedding]) {
      try roundHead()
      if !model.layout.tied { try round(quantized([.embedding]), .plain) }
      return try stream.embeddings()
    }
    for layer in 0..<model.config.layerCount {
      try stream.withTensors(layer: layer) {
        try round(.attention, layer, hidden)
        try round(.feedForward, layer, hidden)
      }
    }
  }

  /// The head's inputs are those of the model as it was; a tied embedding has only that use here.
  private func roundHead() throws {
    let head = quantized(stream.headRoles)
    guard isToDo(head) else {
      return try stream.withTensors([.head]) { try round(head, .plain) }
    }
    var hidden = try stream.embeddings()
    try stream.run(layers: 0..<model.config.layerCount, hidden)
    try stream.withTensors([.head]) {
      let moments = stream.makeMoments(model.config.hiddenSize)
      // Steps say already what the rows of the head are worth.
      let uncertainty =
        packing == nil
        ? TokenUncertainty(model, tokens: stream.tokenCount, compute: compute) : nil
      for (sequence, tokens) in stream.sequences.enumerated() {
        try progress.checkCancellation()
        let normed = model.normed(hidden[sequence], for: .head)
        moments.add(normed, count: normed.rows)
        uncertainty?.add(tokens, hidden: hidden[sequence], normed: normed)
        hidden[sequence] = FloatMatrix(rows: 0, columns: 0)
      }
      let metric = try metric(moments, for: head)
      guard let common = metric.coupling else {
        preconditionFailure("second moments that couple no inputs")
      }
      try round(
        head, metric,
        rowCosts: uncertainty?.costs(
          common: common.moments, meanSquare: common.meanSquare, isInput: model.layout.tied))
    }
  }

  /// Rounds the matrices of half a block, then runs it: `hidden` holds its results.
  private func round(_ half: StreamedModel.Half, _ layer: Int, _ hidden: [FloatMatrix]) throws {
    let inputs = quantized(half.inputs, layer: layer)
    let experts = half == .feedForward ? quantized([.downEmbed], layer: layer) : []
    var inputMetric = RoundingMetric.plain
    if isToDo(inputs + experts) {
      let moments = stream.inputMoments(half, layer: layer, hidden)
      inputMetric = try metric(moments, for: inputs + experts)
    }
    try round(inputs, inputMetric)
    try roundOutput(half, layer, hidden, expertMetric: inputMetric)
    if hasToDo { try stream.run(half, layer: layer, hidden) }
  }

  /// Rounds what makes the output of half a block, by what it gets from the half's other matrices.
  private func roundOutput(
    _ half: StreamedModel.Half, _ layer: Int, _ hidden: [FloatMatrix],
    expertMetric: RoundingMetric
  ) throws {
    let output = quantized([half.output], layer: layer)
    let down = half == .feedForward ? quantized([.downEmbed], layer: layer) : []
    let up = half == .feedForward ? quantized([.upEmbed], layer: layer) : []
    guard isToDo(output + down + up) else { return try round(output + up + down, .plain) }
    let watched = stream.output(of: half, layer: layer)
    var chosen = Set<Int>()
    stream.tap.onExpert = down.isEmpty ? nil : { chosen.insert($0) }
    defer { stream.tap.onExpert = nil }
    let moments = try stream.outputMoments(of: watched, half, layer: layer, hidden)
    if !output.isEmpty { try round(output, metric(moments, for: output)) }
    // An expert's output is a multiple of its row of up_embed: there, errors cost their squares.
    try round(up, .plain)
    for tensor in down.map({ plan.tensors[$0] }) {
      let experts = tensor.spec.shape[0]
      let idle = experts - chosen.count
      guard idle > 0 else { continue }
      warn(
        "\(idle) of the \(experts) experts of \(tensor.name) "
          + "were not chosen by any token: they were rounded without calibration")
    }
    try round(down, expertMetric, isPlain: { !chosen.contains($0) })
  }

  /// What of half a block is rounded by what it gets from the half's other matrices.
  private func watched(_ half: StreamedModel.Half, _ layer: Int) -> [Int] {
    quantized(half == .feedForward ? [.down, .downEmbed, .upEmbed] : [.o], layer: layer)
  }

  /// Whether some of the matrices are to be rounded, and not only to be restored.
  private func isToDo(_ tensors: [Int]) -> Bool {
    tensors.contains { plan.tensors[$0].records.contains(where: isToDo(record:)) }
  }

  private func isToDo(record: Int) -> Bool {
    plan.isRounded(record) && state?.holds(record) != true
  }

  /// Whether any matrix of the model is.
  private lazy var hasToDo = isToDo(Array(plan.tensors.indices))

  private func warn(_ warning: String) {
    // A step that was interrupted gives the warnings that the state has of it again.
    if !warnings.contains(warning) { warnings.append(warning) }
  }

  /// The quantized matrices of those roles: their indices in the plan.
  private func quantized(_ roles: Set<TensorRole>, layer: Int? = nil) -> [Int] {
    stream.tensors(roles, layer: layer).filter {
      plan.isRounded(plan.tensors[$0].records.lowerBound)
    }
  }

  /// A layer of many inputs wants more tokens than one of few.
  private func checkTokenCount() {
    let calibrated = plan.records.map(\.geometry).filter {
      $0.type.isQuantized && $0.arrangement == .tiles
    }
    let inputs = calibrated.map(\.columns).max() ?? 0
    guard stream.tokenCount < 8 * inputs else { return }
    warn(
      "the calibration has \(stream.tokenCount) tokens; for layers of \(inputs) inputs, "
        + "\(8 * inputs) or more are wanted")
  }

  /// What errors cost for those inputs.
  private func metric(
    _ moments: SecondMoments, for tensors: [Int]
  ) throws -> RoundingMetric {
    guard let first = tensors.first else { preconditionFailure("a metric for nothing") }
    let (metric, factor) = try stream.metric(moments, for: first)
    if factor.damping > RoundingMetric.damping {
      warn(
        "the inputs of \(plan.tensors[first].name) do not determine its outputs: damping was "
          + "raised to \(factor.damping)")
    }
    return metric
  }

  /// Rounds and encodes matrices that have the same inputs.
  private func round(
    _ tensors: [Int], _ metric: RoundingMetric, rowCosts: (() -> TokenUncertainty.RowCosts)? = nil,
    isPlain: ((_ row: Int) -> Bool)? = nil
  ) throws {
    for index in tensors.flatMap({ plan.tensors[$0].records }) {
      try progress.checkCancellation()
      let record = plan.records[index]
      let geometry = record.geometry
      let matrix = MatrixRounding(
        geometry, values: stream.resident.values(of: record.tensor, rows: record.rows),
        metric: metric, names: plan.rows(of: record))
      let nonZeroGroups = matrix.nonZeroGroups()
      func encode(_ rounded: RoundedTensor) throws {
        var rounded = rounded
        rounded.noteFlushedGroups(nonZeroGroups, geometry)
        try output.encode(index, rounded, from: stream.resident)
      }
      if let kept = try state?.record(of: index) {
        matrix.restore(kept.rounded, pool: compute.pool)
        kept.warnings.forEach(warn)
        keptWarnings = warnings.count
        try encode(kept.rounded.tensor)
        continue
      }
      let steps = packing?.steps(
        of: plan.tensors[record.tensor], record, matrix, metric, compute.pool)
      let rounded = matrix.round(
        sweeps: Self.sweeps, steps: steps, rowCosts: rowCosts, isPlain: isPlain,
        keepsCodes: state != nil, pool: compute.pool)
      // What is not finite in how errors were weighed shows in the errors.
      guard rounded.tensor.statistics.squaredError.isFinite else {
        throw CalibrationError.notFinite(tensor: record.name)
      }
      try encode(rounded.tensor)
      try state?.append(
        StateRecord(
          index: index, rounded: rounded, warnings: Array(warnings[keptWarnings...])))
      keptWarnings = warnings.count
      progress.report(.advanced(by: MatrixRounding.work(geometry, sweeps: Self.sweeps)))
    }
  }
}
