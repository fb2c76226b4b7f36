// What makes a declaration contradict itself. A test of the executable asks for it, so that no user
// meets it.

extension CommandTool {
  /// One sentence for each mistake in the declarations of the commands.
  package var declarationProblems: [String] {
    let names = specs.map(\.name)
    return repetitions(in: names).map { "there are several commands '\($0)'" }
      + specs.flatMap(\.problems)
  }
}

extension CommandSpec {
  fileprivate var problems: [String] {
    let all = options + OptionSpec.global
    let spellings = all.map(\.spelling) + all.compactMap { $0.short.map { "-\($0)" } }
    var problems = repetitions(in: spellings).map { "the option '\($0)' is declared several times" }
    for option in options {
      if let value = option.defaultValue, option.choice(for: value) == nil {
        problems.append("\(option.spelling) doesn't accept its own default '\(value)'")
      }
    }
    for (positional, next) in zip(positionals, positionals.dropFirst()) {
      if positional.occurrence == .rest {
        problems.append("\(next.name) follows \(positional.name), which takes all that is left")
      } else if positional.occurrence == .optional, next.occurrence == .required {
        problems.append("\(next.name) is required, but \(positional.name) before it is not")
      }
    }
    return problems.map { "\(name): \($0)" }
  }
}

/// The names that occur more than once, each of them once.
private func repetitions(in names: [String]) -> [String] {
  var counts: [String: Int] = [:]
  return names.filter { name in
    counts[name, default: 0] += 1
    return counts[name] == 2
  }
}
