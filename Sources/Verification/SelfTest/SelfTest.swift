import ByteIO
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel

/// What must hold of a model whatever its weights are, before a verdict about it means anything.
public struct SelfTest: Equatable, Sendable {
  /// What is tested; the raw value is the name in reports.
  public enum Kind: String, CaseIterable, Sendable {
    /// Another last token moves no earlier logit.
    case causality
    /// One call gives the logits that token by token gives.
    case stepwise
    /// One thread gives the logits that several give.
    case threads
    /// The bytes have the checksums that the file records.
    case checksums
    /// Exact mode is as close to a forward pass in binary64 as float32 allows.
    case noiseFloor = "noise_floor"
  }

  /// What is tested.
  public let kind: Kind
  /// The largest figure of any model; nil where the test does not apply.
  ///
  /// Of `noiseFloor` it is the mean KL divergence in nats, of `checksums` how many are wrong, of the
  /// others the largest |Δlogit|.
  public let value: Double?
  /// What the value may be at most.
  public let limit: Double
  /// Why the test does not apply, to some models or to all.
  public let note: String?

  /// Whether the value keeps its limit; nil where the test does not apply.
  public var passed: Bool? { value.map { $0 <= limit } }
}

/// Runs the tests of some models on the first tokens of a text.
public struct SelfTester {
  /// Tokens that are run.
  static let tokens = 32

  private let tokens: [Int]
  private let routing: ExpertRouting
  private let compute: Compute

  /// - Parameters:
  ///   - tokens: a sequence, of which the first tokens are used.
  ///   - routing: how experts are chosen.
  ///   - compute: what runs the models.
  public init(tokens: [Int], routing: ExpertRouting, compute: Compute) {
    self.tokens = Array(tokens.prefix(Self.tokens))
    self.routing = routing
    self.compute = compute
  }

  /// Runs all tests.
  ///
  /// - Parameter models: the models, each in its mode; checksums of their files were verified when
  ///   they were loaded.
  /// - Returns: a result for each kind.
  /// - Throws: `ModelError`.
  public func run(_ models: [DogeModel]) throws -> [SelfTest] {
    try SelfTest.Kind.allCases.map { kind in
      var values: [Double] = []
      var notes: [String] = []
      for model in models {
        if let reason = exemption(from: kind, of: model) {
          if !notes.contains(reason) { notes.append(reason) }
        } else {
          values.append(try value(kind, model))
        }
      }
      return SelfTest(
        kind: kind, value: values.isEmpty ? nil : largest(values),
        limit: kind == .noiseFloor ? 1e-7 : 0,
        note: notes.isEmpty ? nil : notes.joined(separator: "; "))
    }
  }

  /// Why a test says nothing of a model; nil where it does.
  private func exemption(from kind: SelfTest.Kind, of model: DogeModel) -> String? {
    let mixesTokens = model.mixesTokens(under: routing)
    switch kind {
    case .causality:
      if tokens.count < 2 { return "one token has none before it" }
      return mixesTokens ? "\(routing.rawValue) routing mixes the tokens of a call" : nil
    case .stepwise:
      if mixesTokens { return "\(routing.rawValue) routing mixes the tokens of a call" }
      return model.frequenciesDependOnLength(upTo: tokens.count)
        ? "the length of a call decides about the frequencies of RoPE" : nil
    case .threads: return nil
    case .checksums:
      return model.stored.file.region.fileIdentity == nil ? "a checkpoint has no checksums" : nil
    case .noiseFloor: return model.mode == .fast ? "fast mode is no float32" : nil
    }
  }

  private func value(_ kind: SelfTest.Kind, _ model: DogeModel) throws -> Double {
    switch kind {
    case .causality:
      var changed = tokens
      changed[tokens.count - 1] = (tokens[tokens.count - 1] + 1) % model.config.vocabularySize
      return try largestDifference(
        logits(model, tokens), logits(model, changed), rows: tokens.count - 1)
    case .stepwise:
      return try largestDifference(
        logits(model, tokens), logits(model, tokens, stepwise: true), rows: tokens.count)
    case .threads:
      func run(_ threads: Int) throws -> FloatMatrix {
        let compute = Compute(kernels: compute.kernels, pool: ThreadPool(threads: threads))
        return try logits(
          DogeModel(model.stored, compute: compute, mode: model.mode), tokens)
      }
      let several = max(2, compute.pool.threadCount)
      return try largestDifference(run(1), run(several), rows: tokens.count)
    case .checksums: return 0
    case .noiseFloor: return try noiseFloor(of: model)
    }
  }

  /// Mean KL(binary64 ‖ model) over the tokens, in nats.
  ///
  /// - Throws: `ModelError`.
  public func noiseFloor(of model: DogeModel) throws -> Double {
    let found = try logits(model, tokens)
    let right = Binary64Model(model.stored, compute: compute).logits(of: tokens, routing: routing)
    let divergences = compute.pool.map(tokens.count) { row in
      let candidate = found.row(row).map { Double($0) }
      return divergence(right[row], candidate)
    }
    return divergences.reduce(0, +) / Double(tokens.count)
  }

  private func divergence(_ reference: [Double], _ candidate: [Double]) -> Double {
    func logSumExp(_ logits: [Double]) -> Double {
      let most = logits.max() ?? 0
      return most + deterministicLog(logits.reduce(0) { $0 + deterministicExp($1 - most) })
    }
    let (a, b) = (logSumExp(reference), logSumExp(candidate))
    return zip(reference, candidate).reduce(0) { sum, pair in
      let (p, q) = (pair.0 - a, pair.1 - b)
      return sum + deterministicExp(p) * (p - q)
    }
  }

  private func logits(
    _ model: DogeModel, _ tokens: [Int], stepwise: Bool = false
  ) throws -> FloatMatrix {
    try LogitTrace(
      model, tokens: tokens, stepwise: stepwise, routing: routing, hidden: false
    ).logits
  }

  private func largestDifference(_ a: FloatMatrix, _ b: FloatMatrix, rows: Int) -> Double {
    largest(
      (0..<rows).lazy.flatMap { row in
        zip(a.row(row), b.row(row)).lazy.map { abs(Double($0) - Double($1)) }
      })
  }
}
