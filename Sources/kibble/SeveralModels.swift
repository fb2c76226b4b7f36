import ByteIO
import Diagnostics
import JSONCore
import Quantization
import ToolSupport

/// Several inputs of one command, a result each: one that fails does not stop the others.
struct Batch {
  private let command: String
  private let context: CommandContext
  private var items: [JSON] = []
  private var failed = 0
  /// That of the first input that failed.
  private(set) var status = ExitStatus.success

  init(_ command: CommandSpec, _ context: CommandContext) {
    self.command = command.name
    self.context = context
  }

  /// Works on one of them, and keeps what `body` returns or why it failed.
  ///
  /// - Throws: what ends the whole run.
  mutating func add(_ input: String, _ body: () throws -> JSON) throws {
    var (result, problem): (JSON, JSON) = (nil, nil)
    do {
      result = try body().stating(version: context.version)
    } catch let error where !(error is Interruption || error is OutputError) {
      let ended = context.report(error)
      problem = ended.json
      if failed == 0 { status = ended.status }
      failed += 1
    }
    items.append(["input": .string(input), "result": result, "error": problem])
  }

  /// Prints all results with `--json`, and otherwise how many inputs failed.
  func finish() throws {
    if context.json {
      try context.emit([
        "schema": "kibble.batch/1", "command": .string(command), "failed": JSON(failed),
        "items": .array(items),
      ])
    } else if failed > 0 {
      context.note("\(failed) of \(items.count) failed")
    }
  }
}

extension PositionalSpec {
  static let severalModels = rest(
    "OTHER",
    "more of them: each becomes NAME.kibble or NAME-TYPE.kibble in -o, a folder that is there")
}

extension CommandContext {
  /// Converts the models of a command line: one to `-o FILE`, several into `-o FOLDER`, where each
  /// is called after itself and its new type.
  ///
  /// `write` makes a file of one.
  func convert(
    _ arguments: ParsedArguments, by request: RecipeRequest,
    _ write: (_ source: String, _ output: String) throws -> ConversionListing
  ) throws -> ExitStatus {
    let output = try arguments.outputPath(.output)
    let sources = arguments.positionals
    guard sources.count > 1 else {
      let listing = try write(sources[0], output)
      try summarize { try listing.show(self) }
      return .success
    }
    let outputs = try arguments.outputs(of: sources, in: output, request.file.recipe.target)
    var batch = Batch(arguments.command, self)
    for (source, output) in zip(sources, outputs) {
      try batch.add(source) {
        let listing = try write(source, output)
        if !json, summarizes {
          try summarize { try self.output.writeLine(listing.line(for: output)) }
        }
        return listing.json
      }
    }
    try batch.finish()
    return batch.status
  }
}

extension ParsedArguments {
  /// A file for each model, called after it.
  fileprivate func outputs(
    of sources: [String], in folder: String, _ target: TargetType
  ) throws -> [String] {
    guard FileSystem.isFolder(folder) else {
      throw FileError.missingFolder(path: folder, folder: folder)
    }
    for option in [OptionSpec.saveRecipe, .state] where command.options.contains(option) {
      if let path = value(option) { throw invalid(option, path, expected: "for one model alone") }
    }
    let ending = target == .source ? "" : "-" + target.name
    let outputs = sources.map { FileSystem.join(folder, modelName($0) + ending + ".kibble") }
    let inputs = Set(sources.compactMap { FileSystem.identity($0) })
    for (index, path) in outputs.enumerated() {
      if outputs[..<index].contains(path) {
        throw invalid(
          .output, folder,
          expected: "a folder for models of different names: two become "
            + "'\(FileSystem.name(of: path))'")
      }
      if let identity = FileSystem.identity(path), inputs.contains(identity) {
        throw invalid(
          .output, folder,
          expected: "another folder than that of '\(path)', which is one of the "
            + "models")
      }
    }
    return outputs
  }
}

/// What a model is called: its repository in the hub's cache, its folder, or its file.
private func modelName(_ path: String) -> String {
  let parts = (FileSystem.realPath(path) ?? path).split(separator: "/").map(String.init)
  if let cache = parts.last(where: { $0.hasPrefix("models--") }),
    case let repository = cache.dropFirst("models--".count),
    let split = repository.firstIndex(ofText: "--")
  {
    return String(repository[split...].dropFirst(2))
  }
  let name = parts.last ?? "model"
  let ending = [".packed.kibble", ".kibble"].first { name.hasSuffix($0) } ?? ""
  return String(name.dropLast(ending.count))
}
