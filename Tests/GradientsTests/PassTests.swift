import DogeModel
import Gradients
import ModelFile
import TestSupport
import Testing

private func bits(_ gradients: WeightGradients, _ tensors: [Int]) -> [UInt32] {
  tensors.flatMap { gradients[$0]?.flat.map(\.bitPattern) ?? [] }
}

@Suite struct PassTests {
  @Test(
    arguments: [
      "cases/odd-shapes", "cases/act-gelu-moe", "cases/doge2-early-moe", "reference/e6-bias-f16",
      "reference/e6-moe-oddN", "reference/e6-sliding-keepwindow",
    ])
  func threadsAndKernelsChangeNoBit(_ name: String) throws {
    let results = try Machine.all.map { machine in
      let problem = try Problem(name, tokens: 140, on: machine)
      return (
        loss: try problem.loss(), bits: bits(try problem.gradients(), problem.subject.matrices)
      )
    }
    for result in results.dropFirst() {
      #expect(result.loss == results[0].loss)
      #expect(result.bits == results[0].bits)
    }
  }

  @Test func aShorterSequenceInUsedMemoryHasTheSameGradient() throws {
    let (used, fresh) = try (
      Problem("reference/e6-moe"), Problem("reference/e6-moe")
    )
    let tensors = used.subject.matrices
    _ = try used.gradients()
    let results = try [used, fresh].map { problem in
      let gradients = WeightGradients(for: problem.model, tensors: tensors)
      return (try problem.add(to: gradients, first: 13), bits(gradients, tensors))
    }
    #expect(results[0] == results[1])
  }

  @Test func gradientsAddUpUntilTheyAreCleared() throws {
    let problem = try Problem("reference/e6-moe")
    let tensors = problem.subject.matrices
    let gradients = try problem.gradients()
    let once = tensors.map { gradients[$0]?.flat ?? [] }
    _ = try problem.add(to: gradients)
    for (number, once) in zip(tensors, once) {
      let twice = try #require(gradients[number]).flat
      let largest = once.reduce(0) { max($0, abs($1)) }
      #expect(zip(once, twice).allSatisfy { abs(2 * $0 - $1) <= 1e-5 * largest })
    }
    gradients.clear()
    #expect(tensors.allSatisfy { gradients[$0]?.flat.allSatisfy { $0 == 0 } ?? false })
  }

  @Test func whatIsNotAskedForChangesNothing() throws {
    let problem = try Problem("cases/doge2-early-moe")
    let all = try problem.gradients()
    for number in problem.subject.matrices {
      let one = try problem.gradients([number])
      #expect(bits(one, [number]) == bits(all, [number]))
      #expect(one[number + 1] == nil)
    }
  }

  @Test func aTokenOutsideTheVocabularyIsAnError() throws {
    let problem = try Problem("reference/e6-moe")
    let none = WeightGradients(for: problem.model, tensors: [])
    #expect(throws: ModelError.tokenOutOfRange(token: 256, position: 1, vocabulary: 256)) {
      try problem.model.addGradient(
        of: [3, 256], scale: 1, targets: { problem.targets.copy($0) }, to: none)
    }
  }

  @Test func targetsComeInConsecutiveBlocksAndMayFail() throws {
    struct Failure: Error {}
    let problem = try Problem("doge-nano", tokens: 300)
    let none = WeightGradients(for: problem.model, tensors: [])
    var seen: [Int] = []
    #expect(throws: Failure.self) {
      try problem.model.addGradient(
        of: problem.tokens, scale: 1,
        targets: { rows in
          seen += Array(rows)
          if rows.upperBound == 300 { throw Failure() }
          return problem.targets.copy(rows)
        }, to: none)
    }
    #expect(seen == Array(0..<300))
  }
}
