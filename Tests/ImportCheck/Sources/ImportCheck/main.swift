import Kibble

let (checkpoint, file) = (CommandLine.arguments[1], CommandLine.arguments[2])
let compute = try Compute(threads: Processors.available)
let converter = Converter(compute: compute)
let source = try ModelSource.open(path: checkpoint)
let recipe = EncodingRecipe(target: .weights(.int4))
let plan = try ConversionPlan(source: source, recipe: recipe, toolVersion: "1.0")
_ = try converter.write(plan, to: file, overwrite: true)

let reference = DogeModel(try converter.open(source, toolVersion: "1.0"), compute: compute)
let model = DogeModel(try StoredModel(path: file), compute: compute, mode: .fast)
let verifier = try Verifier(reference: reference, candidates: [model], compute: compute)
print("mean KLD:", try verifier.compare([[0, 17, 42, 99, 3]])[0].kld.mean.value, "nats")

let files = try TextFiles(path: file)
let generator = TextGenerator(
  model, tokenizer: try files.tokenizer(), config: try files.generationConfig(), seed: 1)
var chat = ChatSession(generator, format: try ChatFormat(files, withTools: false))
print(try chat.answer("Who are you?").result.text)
