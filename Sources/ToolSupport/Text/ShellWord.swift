/// A text as a shell reads it back: as it is, or in single quotes where a shell would see more in it.
package func shellWord(_ text: String) -> String {
  let isPlain = text.unicodeScalars.allSatisfy { scalar in
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      || "-_./:=,@%+".unicodeScalars.contains(scalar)
  }
  guard !isPlain || text.isEmpty else { return text }
  return singleQuoted(text)
}
