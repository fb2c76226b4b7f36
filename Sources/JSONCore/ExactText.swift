/// A string that equals only strings of the same bytes.
///
/// Swift's own comparison takes "é" in one scalar and "é" in two for equal. Names in files
/// are bytes, and two different ones must never be taken for one.
package struct ExactText: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (left: ExactText, right: ExactText) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}
