/// The candidate that `name` is most likely a misspelling of, if one is near enough.
///
/// Near is at most one edit in three letters; the first of equally near candidates wins. A
/// candidate that goes on where `name` ends is near too.
package func nearestName(to name: String, among candidates: [String]) -> String? {
  let letters = Array(name.lowercased())
  guard !letters.isEmpty else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates {
    let distance = editDistance(letters, Array(candidate.lowercased()))
    if distance < best?.distance ?? Int.max { best = (candidate, distance) }
  }
  if let best, best.distance <= max(1, letters.count / 3), best.distance < letters.count {
    return best.name
  }
  guard letters.count >= 2 else { return nil }
  return candidates.first { $0.lowercased().hasPrefix(name.lowercased()) }
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in b.indices {
      var distance = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        distance = min(distance, beforeLast[j - 1] + 1)
      }
      row.append(distance)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
