import ChoiceScoring
import JSONCore
import Kernels
import ToolSupport

/// The result of `score`, as text and as JSON.
struct ScoreReport {
  private let paths: [String]
  private var items = 0
  private let mode: ComputeMode
  private var summaries: [ChoiceSummary]
  private var comparison = ChoiceComparison()

  init(paths: [String], mode: ComputeMode) {
    self.paths = paths
    self.mode = mode
    summaries = paths.map { _ in ChoiceSummary() }
  }

  /// Adds a question, as each model sees it.
  mutating func add(_ scores: [ChoiceScores], answer: Int?) {
    items += 1
    if let answer {
      for index in scores.indices { summaries[index].add(scores[index], answer: answer) }
    }
    if scores.count == 2 { comparison.add(scores[0], scores[1], answer: answer) }
  }

  var json: JSON {
    var object = JSONObject()
    object["schema"] = "kibble.score/1"
    object["model"] = .string(paths[0])
    object["mode"] = .string(mode.rawValue)
    object["items"] = JSON(items)
    object["answered"] = JSON(summaries[0].accuracy.count)
    object.set(summaries[0])
    guard summaries.count == 2 else { return .object(object) }
    var other = JSONObject()
    other["model"] = .string(paths[1])
    other.set(summaries[1])
    object["other"] = .object(other)
    object.set(comparison.agreement, as: "agreement")
    object.set(comparison.normalizedAgreement, as: "agreement_norm")
    object["mcnemar"] = comparison.discordant.json
    object["mcnemar_norm"] = comparison.normalizedDiscordant.json
    return .object(object)
  }

  /// A few lines for a person.
  var text: String {
    var lines: [String] = []
    for (path, summary) in zip(paths, summaries) where summary.accuracy.count > 0 {
      lines.append(
        "\(path): \(summary.accuracy.text) right, \(summary.normalizedAccuracy.text) by likelihood "
          + "per byte, of \(NumberFormat.thousands(summary.accuracy.count))")
    }
    if summaries.count == 2 {
      lines.append(
        "both choose the same in \(comparison.agreement.text), per byte in "
          + "\(comparison.normalizedAgreement.text), of \(NumberFormat.thousands(items))")
      lines += [("", comparison.discordant), (" per byte", comparison.normalizedDiscordant)]
        .filter { _ in summaries[0].accuracy.count > 0 }
        .map { name, pairs in
          "only the first is right\(name) in \(pairs.first), only the other in \(pairs.second): "
            + "p = \(NumberFormat.significant(pairs.pValue, 2)) (McNemar, exact)"
        }
    }
    return lines.isEmpty ? "\(items) questions without answers" : lines.joined(separator: "\n")
  }
}

extension JSONObject {
  fileprivate mutating func set(_ summary: ChoiceSummary) {
    set(summary.accuracy, as: "accuracy")
    set(summary.normalizedAccuracy, as: "accuracy_norm")
  }

  fileprivate mutating func set(_ accuracy: ChoiceAccuracy, as key: String) {
    self[key] = JSON(accuracy.value)
    self[key + "_se"] = JSON(accuracy.standardError)
  }
}

extension ChoiceAccuracy {
  fileprivate var text: String {
    NumberFormat.percent(value ?? 0, 1)
      + (standardError.map { " ± \(NumberFormat.percent($0, 1))" } ?? "")
  }
}

extension DiscordantPairs {
  fileprivate var json: JSON {
    ["only_first": JSON(first), "only_other": JSON(second), "p_value": JSON(pValue)]
  }
}

extension [ChoiceScores] {
  /// A line of what one or two models think of a question.
  var json: JSON {
    var object = self[0].members
    if count == 2 { object["other"] = .object(self[1].members) }
    return .object(object)
  }
}

extension ChoiceScores {
  fileprivate var members: JSONObject {
    var object = JSONObject()
    object["loglikelihoods"] = .array(logLikelihoods.map { JSON($0) })
    object["tokens"] = .array(tokens.map { JSON($0) })
    object["bytes"] = .array(bytes.map { JSON($0) })
    object["greedy"] = .array(isGreedy.map { JSON.bool($0) })
    object["choice"] = JSON(choice)
    object["choice_norm"] = JSON(normalizedChoice)
    return object
  }
}
