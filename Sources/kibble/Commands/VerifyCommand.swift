import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore
import ToolSupport
import Verification

/// `kibble verify`: whether models, or a model and logits made elsewhere, agree.
struct VerifyCommand: Command {
  static let random = OptionSpec.value("random", "N", "run N random tokens")
  static let seed = OptionSpec.value("seed", "S", "seed of the random tokens", default: "0")
  static let golden = OptionSpec.value(
    "golden", "FILE", "compare MODEL with logits of a safetensors, .npz or .npy file")
  static let layers = OptionSpec.flag(
    "layers", "compare hidden states, too, and name the first step that differs")
  static let ablate = OptionSpec.value(
    "ablate", "UNIT", "put one part of the candidate at a time into the reference",
    choices: Ablation.Unit.allCases.map(\.rawValue))
  static let selfTest = OptionSpec.flag(
    "self-test", "first test what must hold of each model: causality, stepwise, threads, …")
  static let report = OptionSpec.value(
    "report", "FILE", "write a page for people, HTML in one file; runs --self-test, too")

  static let spec = CommandSpec(
    name: "verify", summary: "run models on the same tokens and compare their logits",
    discussion: [
      "The reference is right by definition; KLD is KL(reference || candidate) in nats, per "
        + "position. With gates, the exit code is 1 if one of them fails.",
      "--mode is the candidates'; the reference always runs exact. Without it a candidate runs "
        + "exact, and a quantized one fast as well; gates look at both.",
      "With --golden, one model is compared with logits that were made elsewhere. The file holds "
        + "input_ids (I32 or I64, [T] or [sequences, T]), logits (F16, BF16, F32 or F64, "
        + "[T, vocabulary] or [sequences, T, vocabulary]) and perhaps logits_stepwise, hidden "
        + "[layers + 1, …, hidden size], hidden_attention [layers, …, hidden size] and "
        + "sequence_lengths [sequences]; a lone .npy holds logits, whose ids come from --tokens. "
        + "formats/golden.md has all of it, and a script that makes one.",
      "A --text is cut into windows of --context tokens, the beginning-of-text token at the head of "
        + "each; perplexity counts the second half of each window. Without --tokens, --text or "
        + "--random a built-in text is run, or random tokens where no model has a tokenizer.",
      "--layers: relative error, cosine and SQNR of each hidden state, and what its step does alone. "
        + "The first divergence is the first step for which this holds: " + FirstDivergence.rule
        + ".",
    ],
    usage: ["REFERENCE CANDIDATE… [OPTION…]", "--golden GOLDEN MODEL [OPTION…]"],
    positionals: [
      .optional("REFERENCE", "a model; with --golden the only one"),
      .rest("CANDIDATE", "the models that are judged"),
    ],
    options: [
      .tokens, .text, .context, random, seed, golden, .mode, .cache, .stepwise, .routing, layers,
      ablate, selfTest, report,
    ] + GateOptions.all,
    examples: [
      .init(
        "an int8 file against its checkpoint", "verify ./Doge-20M doge-int8.kibble --gate int8"),
      .init(
        "which of several files to take", "verify ./Doge-20M int8.kibble int5.kibble int4.kibble"),
      .init(
        "a page that shows where the error comes from",
        "verify ./Doge-20M doge-int4.kibble --layers --ablate kind --report doge-int4.html"),
      .init("against logits from elsewhere", "verify --golden golden.safetensors ./Doge-20M"),
    ], writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let run = try VerificationRun(arguments, context)
    let report = try arguments.value(Self.golden).map(run.compare(golden:)) ?? run.compareModels()
    for warning in report.warnings { context.warn(Warning(code: "verify.warning", warning)) }
    func show() throws {
      if context.json {
        try context.emit(report.json)
      } else {
        try context.output.write(report.text(width: Terminal.outputWidth()))
      }
    }
    if let path = run.report, !context.dryRun {
      try run.write(report.page(peakBytes: FileSystem.peakResidentBytes()), to: path)
      try context.summarize(show)
    } else {
      try show()
    }
    return report.passed == false ? .difference : .success
  }
}
