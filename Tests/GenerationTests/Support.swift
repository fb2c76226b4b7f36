import Conversion
import DogeModel
import Generation
import JSONCore
import Kernels
import ModelFile
import Parallel
import Quantization
import TestSupport
import Testing

/// Opens a checkpoint of the fixtures, converted in memory.
func model(
  _ fixture: String = "doge-nano", type: String = "source", isa: InstructionSet? = nil,
  threads: Int = 1, mode: ComputeMode = .exact
) throws -> DogeModel {
  let compute = try Compute(isa: isa, threads: threads)
  let converter = Converter(compute: compute)
  let recipe = EncodingRecipe(target: try #require(TargetType(name: type)), groupSize: 32)
  let plan = try ConversionPlan(
    source: try ModelSource.open(path: Fixtures.folder(fixture)), recipe: recipe,
    toolVersion: "1.2.3")
  return DogeModel(try converter.load(plan).model, compute: compute, mode: mode)
}

/// The kernels of an instruction set, or of the best one, on one thread.
func compute(_ isa: InstructionSet? = nil) throws -> Compute { try Compute(isa: isa, threads: 1) }

/// The content of a file beside this one.
func fixture(_ name: String) throws -> [JSON] {
  let folder = Fixtures.repository.appending(path: "Tests/GenerationTests/Fixtures")
  return try #require(JSON.parse(fileBytes(folder.appending(path: name).path)).arrayValue)
}

/// A text for each token.
struct Pieces: TextStream {
  /// What is held back until the end.
  var rest = ""
  let piece: (Int) -> String

  init(rest: String = "", _ piece: @escaping (Int) -> String = { "<\($0)>" }) {
    self.rest = rest
    self.piece = piece
  }

  mutating func append(_ id: Int) -> String { piece(id) }

  mutating func finish() -> String { rest }
}

/// A prompt that doge-nano was trained on.
let prompt = [0, 3, 317, 273, 4, 206, 415, 384, 423, 270, 407, 283]

/// A configuration that makes so many tokens.
func config(_ count: Int, _ edit: (inout GenerationConfig) -> Void = { _ in }) -> GenerationConfig {
  var config = GenerationConfig()
  config.maxNewTokens = count
  config.logProbabilities = true
  edit(&config)
  return config
}

/// A configuration that draws from much.
func drawing(_ count: Int) -> GenerationConfig {
  config(count) {
    $0.sampling.samples = true
    $0.sampling.temperature = 1.2
    $0.sampling.topP = 0.95
    $0.sampling.repetitionPenalty = 1.05
  }
}

extension Generator {
  /// Generates with a sampler of its own.
  func generate(
    _ prompt: [Int], _ config: GenerationConfig, seed: UInt64 = 1, text: Pieces = Pieces()
  ) throws -> GenerationResult {
    var sampler = Sampler(seed: seed)
    return try generate(prompt, config: config, sampler: &sampler, text: text)
  }
}

/// What generation hears, in order.
final class Log {
  var events: [GenerationEvent] = []

  var tokens: [GeneratedToken] {
    events.compactMap { if case .token(let token) = $0 { token } else { nil } }
  }

  /// All text that was emitted.
  var text: String {
    events.reduce(into: "") { text, event in
      switch event {
      case .token(let token): text += token.text
      case .rest(let rest): text += rest
      case .prompt: break
      }
    }
  }
}
