import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore

/// Which of a candidate's tensors cost how much: one part at a time is the candidate's, and all others
/// are the reference's.
public struct Ablation: Equatable, Sendable {
  /// What a part is.
  public enum Unit: String, CaseIterable, Sendable {
    /// One tensor.
    case tensor
    /// The tensors of all blocks that do the same.
    case kind
    /// The tensors of one block; embedding, last norm and head are parts of their own.
    case layer
  }

  /// A part and what it costs.
  public struct Part: Equatable, Sendable {
    /// The tensor's name, its name within a block, or the block's.
    public let name: String
    /// Mean KL(reference ‖ reference with that part of the candidate), in nats.
    public let kld: Estimate
    /// Tensors that it consists of.
    public let tensors: Int
  }

  /// What a part is.
  public let unit: Unit
  /// The parts in falling order of their cost.
  public let parts: [Part]
  /// Mean KL divergence of the candidate itself on the same tokens, in nats.
  public let whole: Double

  /// The sum of the parts; small errors that are independent of each other add up to the whole.
  public var sum: Double { parts.reduce(0) { $0 + $1.kld.value } }
}

/// Runs ablations.
public struct Ablator {
  private let reference: DogeModel
  private let candidate: DogeModel
  private let compute: Compute
  private let routing: ExpertRouting

  /// A part, as the numbers of its tensors.
  private struct Member {
    let name: String
    var tensors: Set<Int>
    /// The first block that has one of them; 0 with the embedding, the number of blocks without any.
    var firstLayer: Int
    var kld = Moments()
  }

  /// Puts a candidate beside a reference whose tensors are the same but for their values.
  ///
  /// - Throws: `VerificationError.tensorsDiffer` where they are not.
  public init(
    reference: DogeModel, candidate: DogeModel, compute: Compute, routing: ExpertRouting
  ) throws(VerificationError) {
    guard reference.stored.tensors.map(\.spec) == candidate.stored.tensors.map(\.spec),
      reference.layout.tied == candidate.layout.tied
    else {
      throw .tensorsDiffer(reference: reference.path, candidate: candidate.path)
    }
    self.reference = reference
    self.candidate = candidate
    self.compute = compute
    self.routing = routing
  }

  /// Measures what each part costs.
  ///
  /// The reference runs once; each part runs from its first block on.
  ///
  /// - Parameters:
  ///   - unit: what a part is.
  ///   - sequences: the tokens.
  ///   - progress: hears of the parts.
  /// - Returns: the parts, ranked.
  /// - Throws: `ModelError`, `VerificationError.notFinite`, or `Interruption`.
  public func run(
    _ unit: Ablation.Unit, on sequences: [[Int]], progress: any ProgressSink
  ) throws -> Ablation {
    var parts = members(unit)
    var whole = Member(name: "", tensors: Set(parts.flatMap(\.tensors)), firstLayer: 0)
    let total = sequences.count * (parts.count + 1)
    let workspace = Workspace()
    try progress.phase("ablating", total: total, unit: .items) {
      for (number, tokens) in sequences.enumerated() {
        var inputs: [FloatMatrix] = []
        let last = try reference.forward(
          tokens, cache: reference.makeCache(maximum: tokens.count), workspace: workspace,
          routing: routing
        ) { state, values in
          switch state {
          case .attention: break
          case .embedding, .feedForward: inputs.append(values.copy())
          }
        }
        func measure(_ part: inout Member) throws {
          try progress.checkCancellation()
          let model = DogeModel(
            reference.stored, with: part.tensors, of: candidate.stored, compute: compute,
            mode: candidate.mode)
          let start =
            part.tensors.contains(reference.stored.tensorIndex(.embedding))
            ? try model.embedding(of: tokens) : inputs[part.firstLayer].copy()
          let output = try model.output(
            of: start, from: part.firstLayer, workspace: workspace, routing: routing)
          try compare(last, model, output, number, into: &part.kld)
          progress.report(.advanced(by: 1))
        }
        try measure(&whole)
        for index in parts.indices { try measure(&parts[index]) }
      }
    }
    let ranked = parts.sorted { $0.kld.mean > $1.kld.mean }
    return Ablation(
      unit: unit,
      parts: ranked.map {
        Ablation.Part(name: $0.name, kld: $0.kld.estimate, tensors: $0.tensors.count)
      }, whole: whole.kld.mean)
  }

  private func compare(
    _ right: FloatMatrix, _ model: DogeModel, _ output: FloatMatrix, _ number: Int,
    into kld: inout Moments
  ) throws {
    for start in stride(from: 0, to: output.rows, by: reference.logitsBlock) {
      let rows = start..<min(start + reference.logitsBlock, output.rows)
      let (a, b) = (reference.logits(right, rows: rows), model.logits(output, rows: rows))
      let differences = compute.pool.map(rows.count) { row in
        LogitDifference(
          reference: a, row: row, candidate: b, row: row, kernels: compute.kernels)
      }
      if !differences.allSatisfy({ $0.maxAbsDifference.isFinite }) {
        try a.checkFinite(
          path: reference.path, sequence: number, first: rows.lowerBound, compute)
        try b.checkFinite(
          path: candidate.path, sequence: number, first: rows.lowerBound, compute)
      }
      for difference in differences { kld.add(difference.kld) }
    }
  }

  /// Whether a tensor has other values; of another quantized type it is taken to.
  private func differs(_ index: Int) -> Bool {
    let (a, b) = (reference.stored.tensors[index], candidate.stored.tensors[index])
    if a.order == b.order, a.bands.map(\.geometry) == b.bands.map(\.geometry),
      a.bands.map(\.exponent) == b.bands.map(\.exponent)
    {
      return a.bands.map(\.crc32) != b.bands.map(\.crc32)
    }
    if a.isQuantized || b.isQuantized { return true }
    let (x, y) = (
      reference.stored.values(of: a, kernels: compute.kernels),
      candidate.stored.values(of: b, kernels: compute.kernels)
    )
    return (0..<x.rows).contains { x.row($0) != y.row($0) }
  }

  /// The parts of tensors that differ, in file order.
  private func members(_ unit: Ablation.Unit) -> [Member] {
    var members: [Member] = []
    for (index, tensor) in candidate.stored.tensors.enumerated() {
      guard differs(index) else { continue }
      let spec = tensor.spec
      let name =
        switch unit {
        case .tensor: spec.canonicalName
        case .kind: spec.role.rawValue
        case .layer: spec.layer.map { "layers.\($0)" } ?? spec.role.rawValue
        }
      let first = spec.role == .embedding ? 0 : spec.layer ?? reference.config.layerCount
      if let place = members.firstIndex(where: { $0.name == name }) {
        members[place].tensors.insert(index)
        members[place].firstLayer = min(members[place].firstLayer, first)
      } else {
        members.append(Member(name: name, tensors: [index], firstLayer: first))
      }
    }
    return members
  }
}
