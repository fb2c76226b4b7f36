// Converts a checkpoint to int8 in memory, runs a few tokens through both, compares their logits,
// and talks with the model.
import Conversion
import DogeModel
import Generation
import Kernels
import ModelFile
import Parallel
import Quantization
import Verification

let path = CommandLine.arguments.dropFirst().first ?? "../../fixtures/doge-nano"
let compute = try Compute(threads: Processors.available)
let converter = Converter(compute: compute)
let source = try ModelSource.open(path: path)

func model(_ type: TargetType) throws -> DogeModel {
  let plan = try ConversionPlan(
    source: source, recipe: EncodingRecipe(target: type), toolVersion: "example")
  return DogeModel(try converter.load(plan).model, compute: compute)
}

let reference = try model(.source)
let candidate = try model(.weights(.int8))
let tokens = [0, 17, 42, 99, 3]
let hidden = try reference.forward(tokens, cache: reference.makeCache(maximum: 64))
let logits = reference.logits(hidden, rows: tokens.count - 1..<tokens.count).row(0)
let next = logits.indices.max { logits[$0] < logits[$1] } ?? 0
print("most likely next token: \(next)")

let verifier = try Verifier(reference: reference, candidates: [candidate], compute: compute)
let statistics = try verifier.compare([tokens])[0]
print("int8 against the checkpoint: mean KLD \(statistics.kld.mean.value) nats")

let files = try TextFiles(path: path)
var config = try files.generationConfig()
config.maxNewTokens = 12
let generator = TextGenerator(
  reference, tokenizer: try files.tokenizer(), config: config, seed: 1)
var chat = ChatSession(generator, format: try ChatFormat(files, withTools: false))
for message in ["Who are you?", "And where is the sea?"] {
  let answer = try chat.answer(message)
  print("> \(message)\n\(answer.result.text)")
}
