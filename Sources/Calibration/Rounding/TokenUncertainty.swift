import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// How much the model's distribution moves with each row of the head.
///
/// An error δ in a token's logit costs p(1 − p) δ² / 2 of Kullback-Leibler divergence, to second
/// order; so the errors of row v cost by H_v = Σ p_v (1 − p_v) x xᵀ over the head's inputs x.
final class TokenUncertainty: @unchecked Sendable {
  /// Inputs that are looked at: more would only cost time.
  static let mostInputs = 32_768
  /// Less probable tokens are left to the common H.
  ///
  /// Many inputs say enough without them, and would take much memory with them.
  private let leastProbability: Float

  /// How much of the common H a row gets, as a part of its own and the mean row's weight.
  private static let commonPart = 0.5
  /// What an error of an input costs beside one of a logit.
  private static let inputPart = 0.2

  private let model: DogeModel
  private let compute: Compute
  /// The head's inputs, `[tokens, d]` for each sequence.
  private var inputs: [FloatMatrix] = []
  /// Where each input is: its sequence, and the row there.
  private var places: [(sequence: Int32, row: Int32)] = []
  /// How often each token is an input of the model.
  private var occurrences: [Int]
  private let entries: EntryTable
  private var meanWeight = 0.0

  /// Nothing looked at yet; there will be so many tokens.
  init(_ model: DogeModel, tokens: Int, compute: Compute) {
    self.model = model
    leastProbability = tokens > 8192 ? 0x1p-10 : 0x1p-11
    self.compute = compute
    occurrences = Array(repeating: 0, count: model.config.vocabularySize)
    entries = EntryTable(rows: model.config.vocabularySize)
  }

  /// Looks at a sequence: the last block's output, and the head's inputs.
  func add(_ tokens: [Int], hidden: FloatMatrix, normed: FloatMatrix) {
    let looked = min(tokens.count, Self.mostInputs - places.count)
    guard looked > 0 else { return }
    let sequence = Int32(inputs.count)
    inputs.append(normed)
    for token in tokens.prefix(looked) { occurrences[token] += 1 }
    let block = model.logitsBlock
    let buffer = model.makeLogitsBuffer(rows: min(block, hidden.rows))
    for start in stride(from: 0, to: looked, by: block) {
      let rows = start..<min(start + block, looked)
      let logits = model.logits(hidden, rows: rows, in: buffer)
      let likely = compute.pool.map(rows.count) { self.likely(logits, row: $0) }
      for (row, tokens) in zip(rows, likely) {
        for (token, weight) in tokens {
          entries.append(row: token, input: places.count, weight: weight)
          meanWeight += Double(weight) / Double(entries.rows)
        }
        places.append((sequence, Int32(row)))
      }
    }
  }

  private func likely(_ logits: FloatMatrix, row: Int) -> [(token: Int, weight: Float)] {
    let values = logits[row]
    let sum = Float(compute.kernels.logSumExp(values))
    var likely: [(token: Int, weight: Float)] = []
    // e^-8 is a little less than the least probability.
    for token in 0..<values.count where values[token] > sum - 8 {
      let probability = min(deterministicExp(values[token] - sum), 1)
      guard probability >= leastProbability else { continue }
      likely.append((token, probability * (1 - probability)))
    }
    return likely
  }

  /// A maker of `RowCosts`, which hold memory to work in: each thread needs its own.
  ///
  /// - Parameters:
  ///   - common: the H of all rows, its mean diagonal 1.
  ///   - meanSquare: of the elements of the head's inputs.
  ///   - isInput: whether the head is the embedding, too.
  /// - Returns: the maker.
  func costs(
    common: FloatMatrix, meanSquare: Double, isInput: Bool
  ) -> () -> RowCosts {
    entries.sort()
    return { RowCosts(self, common, meanSquare, isInput, self.compute.singleThreaded) }
  }

  /// Works out H_v of rows, one after the other.
  final class RowCosts {
    private let all: TokenUncertainty
    private let common: FloatMatrix
    private let meanSquare: Double
    private let isInput: Bool
    private let own: SecondMoments
    private let result: FloatMatrix

    fileprivate init(
      _ all: TokenUncertainty, _ common: FloatMatrix, _ meanSquare: Double, _ isInput: Bool,
      _ compute: Compute
    ) {
      self.all = all
      self.common = common
      self.meanSquare = meanSquare
      self.isInput = isInput
      own = SecondMoments(inputs: common.columns, compute: compute)
      result = FloatMatrix(rows: common.rows, columns: common.columns)
    }

    /// What the errors of a row cost, up to a factor.
    ///
    /// Its own H is known from few inputs, and to second order only; half of its weight, and half
    /// of the mean row's, is added in the shape of the common H. Where the row is also what the
    /// model reads, its plain squared error counts with how often that is.
    ///
    /// - Returns: H, `[d, d]`, until the next call; nil where it is the common one.
    func moments(of row: Int) -> FloatMatrix? {
      let entries = all.entries[row]
      let reads = isInput ? all.occurrences[row] : 0
      guard !entries.isEmpty || reads > 0 else { return nil }
      own.clear()
      var weight = 0.0
      for entry in entries {
        let place = all.places[Int(entry.input)]
        own.add(
          all.inputs[Int(place.sequence)], row: Int(place.row),
          factor: entry.weight.squareRoot())
        weight += Double(entry.weight)
      }
      let sum = own.sum()
      let shared = TokenUncertainty.commonPart * (weight + all.meanWeight) * meanSquare
      let plain = TokenUncertainty.inputPart * Double(reads) * meanSquare
      for row in 0..<result.rows {
        let (target, sums, common) = (result[row], sum[row], common[row])
        for column in 0..<result.columns {
          target[column] = Float(sums[column] + shared * Double(common[column]))
        }
        target[row] += Float(plain)
      }
      return result
    }
  }
}
