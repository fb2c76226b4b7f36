/// One of several things that are wrong at once.
protocol Problem {
  /// The diagnostic code, which also tells one kind of problem from another.
  var code: String { get }
  /// The problem in one sentence, without a final stop.
  var sentence: String { get }
  /// What several problems of the kind are called, after their number.
  var plural: String { get }
}

/// A single problem's sentence, or a list under a heading: the first 20 of each kind, then how
/// many more there are.
func listed<P: Problem>(_ problems: [P], heading: String, limit: Int = 20) -> String {
  if problems.count == 1 { return problems[0].sentence }
  var kinds: [String] = []
  var lines: [String: [String]] = [:]
  var counts: [String: Int] = [:]
  var plurals: [String: String] = [:]
  for problem in problems {
    let kind = problem.code
    if counts[kind] == nil {
      kinds.append(kind)
      plurals[kind] = problem.plural
    }
    counts[kind, default: 0] += 1
    if counts[kind, default: 0] <= limit { lines[kind, default: []].append(problem.sentence) }
  }
  var text = heading
  for kind in kinds {
    for line in lines[kind] ?? [] { text += "\n  " + line }
    let rest = counts[kind, default: 0] - limit
    if rest > 0 { text += "\n  ... and \(rest) more \(plurals[kind] ?? "")" }
  }
  return text
}
