import ByteIO
import Diagnostics
import DogeModel
import Generation
import JSONCore
import Kernels
import Tokenization
import ToolSupport

/// What two models made of one prompt, side by side.
struct GenerationReport {
  let comparison: GenerationComparison
  let reference: TextGenerator
  /// What the user calls the models.
  let paths: (reference: String, candidate: String)

  /// For a terminal of so many columns.
  func text(width: Int) -> String {
    let column = max(20, (width - 3) / 2)
    let left = lines(paths.reference, comparison.first, column)
    let right = lines(paths.candidate, comparison.second, column)
    var text = ""
    for index in 0..<max(left.count, right.count) {
      let first = index < left.count ? left[index] : ""
      let second = index < right.count ? right[index] : ""
      let padding = String(repeating: " ", count: max(0, column - displayWidth(first)))
      text += first + padding + " │ " + second + "\n"
    }
    guard let parting = comparison.parting else {
      return text + "\nboth made the same \(comparison.first.tokens.count) tokens\n"
    }
    var table = TextTable([.text("token"), .number("first model"), .number("second model")])
    for odds in [parting.first, parting.second] {
      table.append([
        piece(odds.id), NumberFormat.percent(deterministicExp(odds.first)),
        NumberFormat.percent(deterministicExp(odds.second)),
      ])
    }
    return text + "\nthe first \(parting.step) tokens are the same; then\n" + table.text
  }

  var json: JSON {
    func side(_ path: String, _ result: GenerationResult) -> JSON {
      [
        "model": .string(path), "ids": JSON(result.ids), "text": .string(result.text),
        "log_probabilities": .array(result.tokens.map { JSON($0.logProbability) }),
        "stop_reason": .string(result.reason.word),
      ]
    }
    func odds(_ odds: GenerationComparison.Odds) -> JSON {
      [
        "id": JSON(odds.id), "piece": .string(piece(odds.id)),
        "first_probability": JSON(deterministicExp(odds.first)),
        "second_probability": JSON(deterministicExp(odds.second)),
      ]
    }
    let parting = comparison.parting.map { parting -> JSON in
      [
        "step": JSON(parting.step), "first": odds(parting.first), "second": odds(parting.second),
      ]
    }
    return [
      "schema": "kibble.compare/1", "prompt_tokens": JSON(comparison.first.promptCount),
      "seed": JSON(reference.seed), "first": side(paths.reference, comparison.first),
      "second": side(paths.candidate, comparison.second), "parting": parting ?? .null,
    ]
  }

  private func piece(_ id: Int) -> String {
    escaped(reference.tokenizer.piece(id) == nil ? "\(id)" : reference.tokenizer.decode([id]))
  }

  private func lines(_ title: String, _ result: GenerationResult, _ width: Int) -> [String] {
    let text = shown(result.text).split(separator: "\n", omittingEmptySubsequences: false)
    return [prefix(of: escaped(FileSystem.name(of: title)), width: width), ""]
      + text.flatMap { $0.isEmpty ? [""] : wrapped(String($0), width: width) }
  }
}
