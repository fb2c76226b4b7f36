import Gradients
import ModelFile
import TestSupport
import Testing

private func dot(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// Every layout, activation, rotation and mask: transformers loads only some of them.
@Suite struct DifferenceTests {
  static let checkpoints: [String] = Fixtures.checkpoints

  /// The trained one has no golden; it gets more tokens than a block of attention or of the head.
  private func problem(_ name: String) throws -> Problem {
    try Problem(name, tokens: name == "doge-nano" ? 150 : nil)
  }

  @Test(arguments: checkpoints)
  func theLossIsThatOfTheModelsLogits(_ name: String) throws {
    let problem = try problem(name)
    #expect(abs(try problem.loss() - problem.expectedLoss) <= 1e-6 * problem.expectedLoss)
  }

  /// Central differences in float32 are good to 0.3 % here along the gradient, and to 0.5 % of its
  /// length along random directions (measured).
  @Test(arguments: checkpoints)
  func gradientsAreTheLosssSlopes(_ name: String) throws {
    let problem = try problem(name)
    let gradients = try problem.gradients()
    var random = SplitMix(3)
    for number in problem.subject.matrices {
      let label = problem.subject.stored.tensors[number].name
      let gradient = try #require(gradients[number]).flat
      let length = dot(gradient, gradient).squareRoot()
      let step = Float(1e-3 / length)
      let unit = gradient.map { $0 / Float(length) }
      let along = try problem.slope(number, along: unit, step: step)
      #expect(abs(along / length - 1) <= 0.01, "\(label)")
      // A wrong gradient is wrong in almost every direction. But a step may change which experts
      // or keys are chosen, which is a jump and no slope: so there are three attempts.
      var error = Double.infinity
      for _ in 0..<3 where error > 0.015 {
        let direction = random.normals(gradient.count)
        let slope = try problem.slope(number, along: direction, step: step)
        error = min(error, abs(slope - dot(gradient, direction)) / length)
      }
      #expect(error <= 0.015, "\(label)")
    }
  }
}
