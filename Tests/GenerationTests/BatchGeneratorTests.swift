import DogeModel
import Generation
import Kernels
import TestSupport
import Testing

/// Prompts that are answered together get the answers that they get alone.
@Suite struct BatchGeneratorTests {
  private static let prompts = [
    prompt, [5], Array(prompt.prefix(3)), prompt + prompt, [0, 3, 317], Array(prompt.reversed()),
    [0], prompt,
  ]

  @Test(
    arguments: [
      ("doge-nano", "int4", ComputeMode.fast), ("doge-nano", "source", .exact),
      ("reference/e6-moe", "int8", .fast), ("reference/e6-rope-dynamic", "source", .exact),
    ], [1, 2])
  func answersAreTheSame(_ kind: (String, String, ComputeMode), threads: Int) throws {
    let model = try model(kind.0, type: kind.1, threads: threads, mode: kind.2)
    let vocabulary = model.config.vocabularySize
    let prompts = Self.prompts.map { $0.map { $0 % vocabulary } }
    var events = [[GenerationEvent]](repeating: [], count: prompts.count)
    for config in [config(9), drawing(17), config(12) { $0.endTokens = Array(0..<vocabulary / 8) }]
    {
      for sequences in [1, 3, prompts.count + 1] {
        let batch = BatchGenerator(model: model, sequences: sequences)
        var results = [GenerationResult?](repeating: nil, count: prompts.count)
        try batch.generate(
          prompts, config: config, sampler: { Sampler(seed: UInt64($0)) },
          text: { number in Pieces { "\(number):\($0) " } },
          observe: { events[$0].append($1) }
        ) { results[$0] = $1 }
        for (number, result) in results.enumerated() {
          let alone = try Generator(model: model).generate(
            prompts[number], config, seed: UInt64(number), text: Pieces { "\(number):\($0) " })
          #expect(result?.ids == alone.ids && result?.text == alone.text)
          #expect(result?.tokens == alone.tokens && result?.reason == alone.reason)
        }
      }
    }
    #expect(events.allSatisfy { !$0.isEmpty })
  }

  @Test func itEndsWhenItIsCancelled() throws {
    let batch = BatchGenerator(model: try model(), sequences: 2)
    var asked = 0
    var reasons: [StopReason] = []
    try batch.generate(
      [[1], [2], [3]], config: config(1000), sampler: { _ in Sampler(seed: 1) },
      isCancelled: {
        asked += 1
        return asked > 20
      }
    ) { reasons.append($1.reason) }
    #expect(reasons == [.cancelled, .cancelled, .cancelled])
  }
}
