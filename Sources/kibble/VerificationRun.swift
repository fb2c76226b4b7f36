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
import Tokenization
import ToolSupport
import Verification

/// One run of `verify`: all that can be wrong with its command line and small files is found before a
/// model is loaded.
struct VerificationRun {
  private let arguments: ParsedArguments
  private let context: CommandContext
  private let reference: String
  private let others: [String]
  private let mode: ComputeMode?
  private let gates: [Gate]
  private let gateMode: GateOptions.Mode?
  private let baseline: Baseline?
  private let hasLayers: Bool
  private let ablation: Ablation.Unit?
  private let routing: ExpertRouting
  /// Where the page goes; nil without one.
  let report: String?

  init(_ arguments: ParsedArguments, _ context: CommandContext) throws {
    self.arguments = arguments
    self.context = context
    let positionals = VerifyCommand.spec.positionals
    guard let first = arguments.optionalArgument(positionals[0]) else {
      let name = arguments.has(VerifyCommand.golden) ? "MODEL" : positionals[0].name
      throw UsageError.missingArgument(name, command: "verify")
    }
    reference = first
    others = Array(arguments.rest(positionals[1]))
    mode = arguments.mode()
    gates = try arguments.gates()
    gateMode = arguments.gateMode()
    baseline = try arguments.baseline()
    hasLayers = arguments.has(VerifyCommand.layers)
    ablation = arguments.value(VerifyCommand.ablate).flatMap(Ablation.Unit.init(rawValue:))
    routing = arguments.routing()
    report =
      try arguments.has(VerifyCommand.report)
      ? arguments.outputPath(VerifyCommand.report) : nil
    guard report != nil || !context.dryRun else {
      throw UsageError.nothingToWrite(command: "verify")
    }
    if let report { try AtomicFile.check(report, overwrite: context.force, inputs: inputs) }
    if let mode, let gateMode, gateMode.rawValue != mode.rawValue {
      throw arguments.invalid(
        GateOptions.mode, gateMode.rawValue, expected: "\(mode.rawValue) beside --mode")
    }
  }

  // MARK: models

  /// Runs the reference and all candidates.
  func compareModels() throws -> VerificationReport {
    guard !others.isEmpty else {
      throw UsageError.missingArgument("CANDIDATE", command: "verify")
    }
    guard !arguments.has(.stepwise) else {
      throw UsageError.missingOption("--golden", command: "verify")
    }
    guard baseline == nil || others.count == 1 else {
      throw UsageError.unexpectedArgument(others[1], command: "verify")
    }
    let makeInput = try input()
    let sources = try ([reference] + others).map { try ModelSource.open(path: $0) }
    let input = try makeInput(sources[0].config)
    for source in sources.dropFirst() {
      try Verifier.checkVocabularies(sources[0].config, source.config)
      if hasLayers { try Verifier.checkLayers(sources[0].config, source.config) }
    }
    let runtime = try Runtime(context, verifiesChecksums: true)
    let stored = try sources.map { try runtime.stored($0) }
    let models = zip(sources, stored).enumerated().map { index, pair in
      ModelDescription(
        role: index == 0 ? "reference" : "candidate", source: pair.0, stored: pair.1)
    }
    let modes = stored.dropFirst().map(modes)
    try baseline?.check(
      inputChecksum: input.checksum, referenceChecksum: models[0].checksum,
      modes: judged(modes[0]))
    let right = runtime.model(stored[0], mode: .exact)
    let columns = zip(stored.dropFirst(), modes).map { stored, modes in
      modes.map { runtime.model(stored, mode: $0, cache: arguments.cacheType()) }
    }
    let selfTests = try self.selfTests([right] + columns.joined(), input, runtime)
    let comparisons = try Verifier(
      reference: right, candidates: Array(columns.joined()), compute: runtime.compute,
      routing: routing
    ).run(
      input.sequences, scoring: input.scoring, layers: hasLayers, progress: context.progress)
    var next = comparisons[...]
    var candidates: [VerificationReport.Candidate] = []
    for (path, models) in zip(others, columns) {
      let own = models.map { column(next.removeFirst(), $0.mode, tokens: input.tokenCount) }
      let ablation = try ablation.map {
        try Ablator(
          reference: right, candidate: models[0], compute: runtime.compute, routing: routing
        ).run($0, on: input.sequences, progress: context.progress)
      }
      var candidate = judge(own, path: path, ablation: ablation)
      if hasLayers || report != nil {
        candidate.tensors = TensorDifference.all(
          right.stored, models[0].stored, compute: runtime.compute)
      }
      candidates.append(candidate)
    }
    for stored in stored { try stored.checkUnchanged() }
    return report(
      input, models, candidates, selfTests, runtime, tokenizer: tokenizer([reference] + others),
      warnings: warnings(input, models))
  }

  /// The modes in which a candidate runs; fast mode differs for quantized matrices alone.
  private func modes(_ stored: StoredModel) -> [ComputeMode] {
    if let mode { return [mode] }
    return stored.isQuantized || gateMode == .fast ? [.exact, .fast] : [.exact]
  }

  private func judged(_ modes: [ComputeMode]) -> [ComputeMode] {
    switch gateMode {
    case nil, .both: modes
    case .exact: [.exact]
    case .fast: [.fast]
    }
  }

  private func column(
    _ comparison: Verifier.Comparison, _ mode: ComputeMode, tokens: Int
  ) -> VerificationReport.Column {
    VerificationReport.Column(
      mode: mode, statistics: comparison.statistics, layers: comparison.layers,
      tokensPerSecond: comparison.time.map { Double(tokens) / ($0 / .seconds(1)) })
  }

  private func judge(
    _ columns: [VerificationReport.Column], path: String, ablation: Ablation?
  ) -> VerificationReport.Candidate {
    let judged = judged(columns.map(\.mode))
    let results = gates.map { gate in
      GateResult(
        gate,
        of: judged.map { mode in
          let column = columns.first { $0.mode == mode }
          return (mode, column.flatMap { gate.value($0.statistics, layers: $0.layers) })
        })
    }
    let keepsBaseline = baseline.map { baseline in
      columns.filter { judged.contains($0.mode) }.allSatisfy {
        baseline.passes($0.statistics.kld.mean, mode: $0.mode)
      }
    }
    return VerificationReport.Candidate(
      path: path, columns: columns, gates: results, keepsBaseline: keepsBaseline,
      ablation: ablation)
  }

  private func warnings(
    _ input: VerificationInput, _ models: [ModelDescription]
  ) -> [String] {
    var warnings = models.dropFirst().filter { !$0.isVersion(of: models[0]) }.map {
      "'\(escaped($0.path))' was not made of the files of '\(escaped(models[0].path))': the "
        + "comparison is one of two models"
    }
    if input.kind == .random, !arguments.has(VerifyCommand.random) {
      warnings.append(
        "no model has a tokenizer, so random tokens are run, which say little about real ones")
    }
    return warnings
  }

  private func selfTests(
    _ models: [DogeModel], _ input: VerificationInput, _ runtime: Runtime
  ) throws -> [SelfTest] {
    guard arguments.has(VerifyCommand.selfTest) || report != nil else { return [] }
    let longest = input.sequences.max { $0.count < $1.count } ?? []
    return try SelfTester(tokens: longest, routing: routing, compute: runtime.compute)
      .run(models)
  }

  // MARK: goldens

  /// Runs a model on the tokens of a golden file.
  func compare(golden: String) throws -> VerificationReport {
    if let other = others.first {
      throw UsageError.unexpectedArgument(other, command: "verify")
    }
    for option in [.text, VerifyCommand.random, VerifyCommand.ablate] {
      try arguments.refuse(VerifyCommand.golden, with: option)
    }
    let tokens = try arguments.value(.tokens).map {
      try TokenSequences.parse(FileSystem.read($0, limit: Limits.tokenFile), path: $0)
    }
    let file = try Golden(path: golden, tokens: tokens)
    let mode = mode ?? .exact
    let runtime = try Runtime(context, verifiesChecksums: true)
    let source = try ModelSource.open(path: reference)
    let stored = try runtime.stored(source)
    let model = runtime.model(stored, mode: mode, cache: arguments.cacheType())
    let input = VerificationInput(.golden, name: golden, sequences: file.sequences.map(\.inputIDs))
    let selfTests = try self.selfTests([model], input, runtime)
    let comparison = try file.compare(
      model, stepwise: arguments.has(.stepwise), routing: routing, compute: runtime.compute)
    try stored.checkUnchanged()
    let column = VerificationReport.Column(
      mode: mode, statistics: comparison.statistics, layers: comparison.layers,
      tokensPerSecond: nil)
    var candidate = judge([column], path: reference, ablation: nil)
    candidate.hidden = comparison.hidden
    return report(
      input, [ModelDescription(role: "candidate", source: source, stored: stored)], [candidate],
      selfTests, runtime, reference: golden, tokenizer: tokenizer([reference]), warnings: [])
  }

  // MARK: input and report

  /// Reads what the options say of the input; what only the config tells comes afterwards.
  private func input() throws -> (DogeConfig) throws -> VerificationInput {
    try arguments.refuse(.tokens, with: .text)
    for option in [OptionSpec.tokens, .text] {
      try arguments.refuse(option, with: VerifyCommand.random)
    }
    let count = try arguments.integer(VerifyCommand.random, in: 1...1 << 24)
    let seed = try arguments.unsigned(VerifyCommand.seed) ?? 0
    if let name = arguments.value(.tokens) ?? arguments.value(.text) {
      let kind: VerificationInput.Kind = arguments.has(.tokens) ? .tokens : .text
      let sequences = try arguments.sequences(model: reference)
      return { VerificationInput(kind, name: name, sequences: try sequences($0)) }
    }
    return { config in
      guard let count else {
        return try .builtIn([reference] + others, config: config)
      }
      let sequences = TokenSequences.random(count, seed: seed, vocabulary: config.vocabularySize)
      return VerificationInput(.random, sequences: sequences, seed: seed)
    }
  }

  /// What spells tokens where tokens are shown: the first tokenizer that can be read.
  private func tokenizer(_ paths: [String]) -> Tokenizer? {
    guard context.json || report != nil else { return nil }
    return paths.lazy.compactMap { try? TextFiles(path: $0).tokenizer() }.first
  }

  /// Writes the page, which the option asked for.
  func write(_ page: ReportPage, to path: String) throws {
    let bytes = Array(page.html.utf8)
    let file = try AtomicFile(
      path: path, expectedBytes: bytes.count, overwrite: context.force, inputs: inputs)
    try file.sink.write(bytes, at: 0)
    try file.commit()
  }

  /// The files that are read, which the page may not replace.
  private var inputs: [FileIdentity] {
    let options = [
      OptionSpec.tokens, .text, VerifyCommand.golden, GateOptions.gate, GateOptions.baseline,
    ]
    return ([reference] + others + options.compactMap(arguments.value))
      .compactMap(FileSystem.identity)
  }

  private func report(
    _ input: VerificationInput, _ models: [ModelDescription],
    _ candidates: [VerificationReport.Candidate], _ selfTests: [SelfTest], _ runtime: Runtime,
    reference: String? = nil, tokenizer: Tokenizer?, warnings: [String]
  ) -> VerificationReport {
    VerificationReport(
      command: Array(CommandLine.arguments.dropFirst()), reference: reference ?? self.reference,
      input: input, models: models, candidates: candidates, baseline: baseline?.path,
      selfTests: selfTests,
      worst: WorstTexts(sequences: input.sequences, tokenizer: tokenizer),
      isa: runtime.compute.kernels.isa, threads: runtime.compute.pool.threadCount,
      warnings: warnings)
  }
}
