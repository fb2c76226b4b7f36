import DogeModel
import Kernels
import Parallel

/// The errors of all hidden states, added sequence by sequence.
package struct LayerErrors {
  /// What is known of one state.
  private struct Sums {
    var all = StateSums()
    var bands = Octaves(StateSums())
    var own: StateSums?
  }

  private var sums: [HiddenState: Sums] = [:]
  private let compute: Compute

  package init(_ compute: Compute) { self.compute = compute }

  /// Adds a sequence's state of both models, `[tokens, d]` each.
  package mutating func add(_ state: HiddenState, reference: FloatMatrix, candidate: FloatMatrix) {
    let rows = compute.pool.map(reference.rows) { row in
      StateSums(reference[row], candidate[row], input: nil, gate: nil)
    }
    var entry = sums[state] ?? Sums()
    for (position, row) in rows.enumerated() {
      entry.all.add(row)
      entry.bands.update(position) { $0.add(row) }
    }
    sums[state] = entry
  }

  /// Adds what the step to a state does alone.
  ///
  /// - Parameters:
  ///   - state: the state behind the step.
  ///   - reference: the reference's state there.
  ///   - candidate: the candidate's, computed from the reference's input.
  ///   - input: that input.
  ///   - gate: what the input is multiplied with on its way past the step, `[1, d]`.
  package mutating func addOwn(
    _ state: HiddenState, reference: FloatMatrix, candidate: FloatMatrix, input: FloatMatrix,
    gate: FloatMatrix
  ) {
    let rows = compute.pool.map(reference.rows) { row in
      StateSums(reference[row], candidate[row], input: input[row], gate: gate[0])
    }
    var own = sums[state]?.own ?? StateSums()
    for row in rows { own.add(row) }
    sums[state, default: Sums()].own = own
  }

  /// The figures of all states in the order of the forward pass.
  package var errors: [StateError] {
    sums.sorted { $0.key < $1.key }.map { state, sums in
      // The embedding is a step without an input.
      sums.all.error(
        of: state, own: state == .embedding ? sums.all : sums.own, bands: sums.bands)
    }
  }
}
