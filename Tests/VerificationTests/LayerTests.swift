import DogeModel
import Kernels
import Parallel
import TestSupport
import Testing
import Verification

@Suite struct LayerErrorTests {
  @Test func figuresArePlainFormulas() throws {
    let (r, c) = (values(5, 7, seed: 1), values(5, 7, seed: 2))
    var errors = try LayerErrors(Compute(threads: 1))
    // Two sequences, whose positions both count from 0.
    for rows in [0..<3, 3..<5] {
      errors.add(
        .embedding, reference: FloatMatrix(Array(r[rows])),
        candidate: FloatMatrix(Array(c[rows])))
    }
    let found = try #require(errors.errors.first)
    #expect(errors.errors.count == 1 && found.state == .embedding)
    func sum(_ rows: [Int], _ f: (_ r: Double, _ c: Double) -> Double) -> Double {
      rows.reduce(0) { $0 + zip(r[$1], c[$1]).reduce(0) { $0 + f(Double($1.0), Double($1.1)) } }
    }
    func relative(_ rows: [Int]) -> Double {
      (sum(rows) { ($1 - $0) * ($1 - $0) } / sum(rows) { r, _ in r * r }).squareRoot()
    }
    let all = Array(0..<5)
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * abs(b) }
    #expect(isNear(found.relativeError, relative(all)))
    // The embedding is a step without an input.
    #expect(found.ownError == found.relativeError)
    let norms = (sum(all) { r, _ in r * r } * sum(all) { _, c in c * c }).squareRoot()
    #expect(isNear(found.cosine, sum(all) { $0 * $1 } / norms))
    let decibels = -20 * deterministicLog(relative(all)) / deterministicLog(10.0)
    #expect(isNear(found.signalToNoise, decibels))
    let largest = zip(r.joined(), c.joined()).map { abs(Double($1) - Double($0)) }.max()
    #expect(found.maxAbsDifference == largest)
    #expect(found.byPosition.map(\.positions) == [0..<1, 1..<2, 2..<4])
    for (drift, rows) in zip(found.byPosition, [[0, 3], [1, 4], [2]]) {
      #expect(isNear(drift.relativeError, relative(rows)))
    }
  }

  @Test func ownErrorsAreRelativeToWhatTheStepAdds() throws {
    let state = HiddenState.attention(layer: 3)
    var errors = try LayerErrors(Compute(threads: 1))
    errors.add(state, reference: FloatMatrix([[6, 8]]), candidate: FloatMatrix([[6, 8]]))
    #expect(errors.errors.first?.ownError == nil)
    // The step adds [3, 4] to twice its input.
    errors.addOwn(
      state, reference: FloatMatrix([[5, 8]]), candidate: FloatMatrix([[5, 8.5]]),
      input: FloatMatrix([[1, 2]]), gate: FloatMatrix([[2, 2]]))
    #expect(errors.errors.first?.ownError == 0.1)
    #expect(
      errors.errors.first?.relativeError == 0 && errors.errors.first?.signalToNoise == .infinity)
  }

  @Test func whatIsNoNumberStaysNone() throws {
    var errors = try LayerErrors(Compute(threads: 1))
    errors.add(
      .embedding, reference: FloatMatrix([[1, 1]]), candidate: FloatMatrix([[.nan, 1]]))
    let found = try #require(errors.errors.first)
    #expect(found.relativeError.isNaN && found.maxAbsDifference.isNaN)
    #expect(FirstDivergence.find(in: [found]) { _ in 1 }?.state == .embedding)
  }
}

@Suite struct FirstDivergenceTests {
  /// States with these own errors: attention and feed-forward of each block in turn.
  private func errors(_ own: [Double?]) -> [StateError] {
    zip(HiddenState.steps(of: (own.count + 1) / 2), own).map { state, own in
      StateError(
        state: state, relativeError: 1, cosine: 1, signalToNoise: 0, maxAbsDifference: 0,
        ownError: own, byPosition: [])
    }
  }

  private func first(_ own: [Double?], unit: Double) -> String? {
    FirstDivergence.find(in: errors(own)) { _ in unit }?.state.name
  }

  /// Errors of rounding to int8, whose unit is 1/127 = 0.008.
  @Test func oneStepThatIsFarFromItsLike() {
    let sound = [0.004, 0.010, 0.005, 0.012, 0.006, 0.009]
    #expect(first(sound, unit: 1 / 127) == nil)
    for place in sound.indices {
      var own = sound.map { Optional($0) }
      own[place] = (own[place] ?? 0) * 10
      #expect(
        first(own, unit: 1 / 127) == HiddenState.steps(of: 3)[place].name)
    }
  }

  @Test func aStepThatIsWrongLikeAllOfThem() {
    #expect(first([0.5, 0.01, 0.5, 0.01], unit: 1 / 127) == "layers.0.attention")
    #expect(first([0.01, 0.5, 0.01, 0.5], unit: 1 / 127) == "layers.0.feed_forward")
  }

  @Test func kindsAreApart() {
    // Feed-forward steps may all err ten times as much as attention does.
    #expect(first([0.001, 0.01, 0.001, 0.01], unit: 1) == nil)
    #expect(first([0.001, 0.01, 0.01, 0.01, 0.001, 0.01], unit: 1) == "layers.1.attention")
  }

  @Test func unitsAreThoseOfTypes() {
    // Much for int8, and little for int4.
    let own = [0.05, 0.05, 0.05, 0.05]
    #expect(first(own, unit: WeightTypeUnit.int8) == "layers.0.attention")
    #expect(first(own, unit: WeightTypeUnit.int4) == nil)
    // In float32 nothing but the order of sums may differ, at most 64 units.
    #expect(first([0x1p-17, 0x1p-17], unit: 0x1p-24) == nil)
    #expect(first([0x1p-15, 0x1p-15], unit: 0x1p-24) == "layers.0.attention")
  }

  @Test func whatIsNotKnownIsPassedOver() {
    #expect(first([nil, 0.001, nil, 0.001, nil, 0.01], unit: 1) == "layers.2.feed_forward")
    #expect(first([nil, nil], unit: 1) == nil)
    #expect(first([0.001, .nan], unit: 1) == "layers.0.feed_forward")
  }

  @Test func theLimitIsSaid() {
    let found = FirstDivergence.find(in: errors([0.001, 0.1, 0.001, 0.001, 0.02])) { _ in 0.5 }
    #expect(
      found
        == FirstDivergence(
          state: .feedForward(layer: 0), tensor: nil, error: 0.1, limit: 8 * 0.001))
  }

  @Test func weightsDivergeBeforeLaterSteps() {
    let weights = [
      FirstDivergence(state: .feedForward(layer: 0), tensor: "w", error: 1, limit: 0.5)
    ]
    let found = FirstDivergence.find(in: errors([0, 0, 1, 0]), weights: weights) { _ in 0.1 }
    #expect(found == weights[0])
    let earlier = FirstDivergence.find(in: errors([1, 0, 0, 0]), weights: weights) { _ in 0.1 }
    #expect(earlier?.state == .attention(layer: 0) && earlier?.tensor == nil)
  }

  private enum WeightTypeUnit {
    static let int8 = 1.0 / 127
    static let int4 = 1.0 / 7
  }
}

@Suite struct WeightDivergenceTests {
  @Test(arguments: ["source", "f32", "f16", "int8", "int6", "int5", "int4", "int3", "int2"])
  func roundingIsNone(type: String) throws {
    let compute = try Compute(threads: 1)
    let (right, left) = (try model("doge-nano"), try model("doge-nano", type: type))
    #expect(FirstDivergence.weights(of: left, reference: right, compute: compute).isEmpty)
    // Neither where the coarser one is the reference.
    #expect(FirstDivergence.weights(of: right, reference: left, compute: compute).isEmpty)
  }

  @Test func otherWeightsAreFound() throws {
    let compute = try Compute(threads: 1)
    // Two models of one shape.
    let (a, b) = (try model("reference/e6-rope-linear"), try model("reference/e6-rope-llama3"))
    let found = FirstDivergence.weights(of: b, reference: a, compute: compute)
    #expect(found.first?.state == .embedding)
    #expect(found.first?.tensor == "model.embed_tokens.weight")
    #expect(found.allSatisfy { $0.error > $0.limit && $0.limit == 4 * 0x1p-8 })
  }
}

@Suite struct LockstepTests {
  static let tokens = Array(1...20)

  @Test(arguments: ["reference/e6-moe", "reference/e6-keepwindow"])
  func aModelIsItself(fixture: String) throws {
    let model = try model(fixture)
    var errors = [try LayerErrors(Compute(threads: 1))]
    let states = try LockstepPass(reference: model, candidates: [model], routing: .hf)
      .run(Self.tokens, workspace: Workspace(), errors: &errors)
    #expect(states[0].values == states[1].values)
    let found = errors[0].errors
    #expect(found.map(\.state) == [.embedding] + HiddenState.steps(of: model.config.layerCount))
    #expect(found.allSatisfy { $0.relativeError == 0 && $0.maxAbsDifference == 0 })
    #expect(found.allSatisfy { $0.ownError == 0 && $0.cosine > 1 - 1e-12 })
  }

  /// The states are those of a forward pass, and a step's own error begins with the reference's.
  @Test func statesAreThoseOfTheTrace() throws {
    let (a, b) = (try model("doge-nano"), try model("doge-nano", type: "int4"))
    let compute = try Compute(threads: 1)
    var errors = [LayerErrors(compute)]
    let last = try LockstepPass(reference: a, candidates: [b], routing: .hf)
      .run(Self.tokens, workspace: Workspace(), errors: &errors)
    let traces = try [a, b].map {
      try LogitTrace($0, tokens: Self.tokens, stepwise: false, routing: .hf, hidden: true)
    }
    #expect(last.map(\.values) == traces.compactMap(\.hidden.last).map(\.values))
    var plain = LayerErrors(compute)
    func states(_ trace: LogitTrace) -> [FloatMatrix] {
      [trace.hidden[0]] + zip(trace.hiddenAttention, trace.hidden.dropFirst()).flatMap { [$0, $1] }
    }
    let steps = HiddenState.steps(of: a.config.layerCount)
    let (right, left) = (states(traces[0]), states(traces[1]))
    for (place, state) in ([.embedding] + steps).enumerated() {
      plain.add(state, reference: right[place], candidate: left[place])
    }
    for (place, state) in steps.enumerated() {
      let own = right[place].copy()
      try b.step(
        to: state, own, cache: b.makeCache(maximum: own.rows), workspace: Workspace(),
        routing: .hf)
      plain.addOwn(
        state, reference: right[place + 1], candidate: own, input: right[place],
        gate: a.residualGate(before: state))
    }
    #expect(errors[0].errors == plain.errors)
    #expect(errors[0].errors.allSatisfy { ($0.ownError ?? 0) > 0 })
  }
}
