import CKernels
import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// How much the model's distribution moves with each row of the head.
///
/// An error δ in a token's logit costs p(1 − p) δ² / 2 of Kullback-Leibler divergence, to second
/// order; so the errors of row v cost by H_v = Σ p_v (1 − p_v) x xᵀ over the head's inputs x.
@safe final class TokenUncertainty: @unchecked Sendable {
  /// Inputs that are looked at: more would only cost time.
  private static let mostInputs = 32_768
  /// Less probable tokens are left to the common H.
  private static let leastProbability: Float = 0x1p-11

  /// How much of the common H a row gets, as a part of its own and the mean row's weight.
  private static let commonPart = 0.5
  /// What an error of an input costs beside one of a logit.
  private static let inputPart = 0.2

  private let model: DogeModel
  private let kernels: KernelSet
  private let pool: ThreadPool
  private let serial = ThreadPool(threads: 1)
  private var inputs: [FloatMatrix] = []
  private var count = 0
  /// For each row of the head, the inputs for which its token is likely, and p(1 − p).
  private var entries: [[(sequence: Int32, row: Int32, weight: Float)]]
  /// How often each token is an input of the model.
  private var occurrences: [Int]
  private var meanWeight = 0.0

  init(_ model: DogeModel, kernels: KernelSet, pool: ThreadPool) {
    self.model = model
    self.kernels = kernels
    self.pool = pool
    entries = Array(repeating: [], count: model.config.vocabularySize)
    occurrences = Array(repeating: 0, count: model.config.vocabularySize)
  }

  /// Looks at a sequence: the last block's output, and the head's inputs.
  func add(_ tokens: [Int], hidden: FloatMatrix, normed: FloatMatrix) {
    guard count < Self.mostInputs else { return }
    count += tokens.count
    for token in tokens { occurrences[token] += 1 }
    let sequence = Int32(inputs.count)
    inputs.append(normed)
    let block = model.logitsBlock
    let buffer = model.makeLogitsBuffer(rows: min(block, hidden.rows))
    for start in stride(from: 0, to: hidden.rows, by: block) {
      let rows = start..<min(start + block, hidden.rows)
      let logits = model.logits(hidden, rows: rows, in: buffer)
      let likely = pool.map(rows.count) { self.likely(logits, row: $0) }
      for (row, tokens) in likely.enumerated() {
        for (token, weight) in tokens {
          entries[token].append((sequence, Int32(start + row), weight))
          meanWeight += Double(weight) / Double(entries.count)
        }
      }
    }
  }

  private func likely(_ logits: FloatMatrix, row: Int) -> [(token: Int, weight: Float)] {
    let vocabulary = logits.columns
    let values = unsafe logits[row]
    let sum = unsafe Float(kernels.table.pointee.log_sum_exp(values, UInt32(vocabulary)))
    var likely: [(token: Int, weight: Float)] = []
    // e^-8 is a little less than the least probability.
    for token in 0..<vocabulary where unsafe values[token] > sum - 8 {
      let probability = unsafe min(kb_exp32(values[token] - sum), 1)
      guard probability >= Self.leastProbability else { continue }
      likely.append((token, probability * (1 - probability)))
    }
    return likely
  }

  /// What the errors of a row cost, up to a factor.
  ///
  /// Its own H is known from few inputs, and to second order only; half of its weight, and half of
  /// the mean row's, is added in the shape of the common H. Where the row is also what the model
  /// reads, its plain squared error counts with how often that is.
  ///
  /// - Parameters:
  ///   - row: of the head.
  ///   - common: the H of all rows, its mean diagonal 1.
  ///   - meanSquare: of the elements of the head's inputs.
  ///   - isInput: whether the head is the embedding, too.
  /// - Returns: H, `[d, d]`.
  func moments(
    row: Int, common: FloatMatrix, meanSquare: Double, isInput: Bool
  ) -> FloatMatrix {
    let size = common.columns
    let own = SecondMoments(inputs: size, kernels: kernels, pool: serial)
    var weight = 0.0
    for entry in entries[row] {
      own.add(inputs[Int(entry.sequence)], row: Int(entry.row), factor: entry.weight.squareRoot())
      weight += Double(entry.weight)
    }
    let sum = own.sum()
    let shared = Self.commonPart * (weight + meanWeight) * meanSquare
    let plain = isInput ? Self.inputPart * Double(occurrences[row]) * meanSquare : 0
    let result = FloatMatrix(rows: size, columns: size)
    for row in 0..<size {
      for column in 0..<size {
        unsafe result[row][column] = Float(
          sum[row, column] + shared * Double(common[row][column]))
      }
      unsafe result[row][row] += Float(plain)
    }
    return result
  }
}
