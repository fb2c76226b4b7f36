import Generation
import ToolSupport

/// What `/set` changes and shows: how tokens are chosen, by the names of the options.
enum ChatSettings {
  private struct Entry {
    let option: OptionSpec
    let value: (GenerationConfig) -> String
  }

  /// The options but those that hold for a conversation as a whole.
  private static var entries: [Entry] {
    [
      Entry(option: .maxNewTokens) { $0.maxNewTokens.map(String.init) ?? "what max_length leaves" },
      Entry(option: .minNewTokens) { "\($0.minNewTokens)" },
      Entry(option: .temperature) { plain($0.sampling.temperature) },
      Entry(option: .topK) { "\($0.sampling.topK)" },
      Entry(option: .topP) { plain($0.sampling.topP) },
      Entry(option: .minP) { $0.sampling.minP.map(plain) ?? "none" },
      Entry(option: .repetitionPenalty) { plain($0.sampling.repetitionPenalty) },
      Entry(option: .presencePenalty) { plain($0.sampling.presencePenalty) },
      Entry(option: .frequencyPenalty) { plain($0.sampling.frequencyPenalty) },
      Entry(option: .logitBias) {
        list($0.sampling.logitBias.sorted { $0.key < $1.key }) {
          "\($0.key)=\(plain($0.value))"
        }
      },
      Entry(option: .greedy) { $0.sampling.samples ? "no" : "yes" },
      Entry(option: .stop) { list($0.stopTexts) { "'\($0)'" } },
    ]
  }

  /// A line for each setting.
  static func lines(_ generator: TextGenerator) -> [String] {
    var settings = entries.map { ($0.option.name, $0.value(generator.config)) }
    settings.append((OptionSpec.seed.name, "\(generator.seed)"))
    let width = settings.reduce(0) { max($0, $1.0.count) } + 2
    return settings.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + $0.1 }
  }

  /// Changes a setting.
  ///
  /// - Parameters:
  ///   - text: its name and value.
  ///   - generator: what it holds for.
  /// - Throws: `ChatError` for a name, and what the option would throw for a value.
  static func change(_ text: String, _ generator: TextGenerator) throws {
    let name = String(text.prefix { !$0.isWhitespace })
    let value = text.dropFirst(name.count).drop(while: \.isWhitespace)
    let options = entries.map(\.option) + [.seed]
    guard let option = options.first(where: { $0.name == name }) else {
      throw ChatError.unknownSetting(
        name, nearest: nearestName(to: name, among: options.map(\.name)))
    }
    let word = option.spelling + (value.isEmpty ? "" : "=" + value)
    let scanner = ArgumentScanner(commands: [ChatCommand.spec])
    // The model is there already.
    let line = [ChatCommand.spec.name, PositionalSpec.model.name, word]
    guard case .run(let arguments) = try scanner.scan(line) else { return }
    if let seed = try arguments.unsigned(.seed) { generator.reseed(seed) }
    try generator.apply(arguments.generationOverrides())
  }

  private static func plain(_ value: Double) -> String {
    Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  private static func list<T>(_ values: [T], _ text: (T) -> String) -> String {
    values.isEmpty ? "none" : values.map(text).joined(separator: ", ")
  }
}
