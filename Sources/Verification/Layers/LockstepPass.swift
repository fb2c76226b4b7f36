import DogeArchitecture
import DogeModel
import Kernels

/// Runs models side by side over one sequence, step by step, so that of each model one state is
/// held and not all of them.
package struct LockstepPass {
  let reference: DogeModel
  let candidates: [DogeModel]
  let routing: ExpertRouting

  package init(reference: DogeModel, candidates: [DogeModel], routing: ExpertRouting) {
    self.reference = reference
    self.candidates = candidates
    self.routing = routing
  }

  /// Runs a sequence.
  ///
  /// - Parameters:
  ///   - tokens: the sequence.
  ///   - workspace: memory for activations.
  ///   - errors: each candidate's, to which the sequence's are added.
  /// - Returns: the last block's outputs `[tokens, d]`, the reference's first.
  /// - Throws: `ModelError`.
  package func run(
    _ tokens: [Int], workspace: Workspace, errors: inout [LayerErrors]
  ) throws -> [FloatMatrix] {
    let models = [reference] + candidates
    let caches = models.map { $0.makeCache(maximum: tokens.count) }
    let states = try models.map { try $0.embedding(of: tokens) }
    for index in candidates.indices {
      errors[index].add(.embedding, reference: states[0], candidate: states[index + 1])
    }
    for state in HiddenState.steps(of: reference.config.layerCount) {
      func step(_ model: Int, _ x: FloatMatrix) throws {
        try models[model].step(
          to: state, x, cache: caches[model], workspace: workspace, routing: routing)
      }
      let input = states[0].copy()
      try step(0, states[0])
      for index in candidates.indices {
        try step(index + 1, states[index + 1])
        errors[index].add(state, reference: states[0], candidate: states[index + 1])
        let own = input.copy()
        try step(index + 1, own)
        errors[index].addOwn(
          state, reference: states[0], candidate: own, input: input,
          gate: reference.residualGate(before: state))
      }
    }
    return states
  }
}
