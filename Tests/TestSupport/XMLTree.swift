import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element of an XML document, read by a strict parser.
public final class XMLTree {
  /// The name of its tags.
  public let name: String
  /// The values of its attributes, by name.
  public let attributes: [String: String]
  /// The elements directly within it.
  public private(set) var children: [XMLTree] = []
  /// All text within, that of the children too.
  public private(set) var text = ""

  fileprivate init(name: String, attributes: [String: String]) {
    (self.name, self.attributes) = (name, attributes)
  }

  /// This element and all within it, in their order.
  public var all: [XMLTree] { [self] + children.flatMap(\.all) }

  /// Those of a name.
  public func all(_ name: String) -> [XMLTree] { all.filter { $0.name == name } }

  /// Reads a document.
  ///
  /// - Throws: an error that names the line where the text is not well-formed.
  public static func parse(_ text: String) throws -> XMLTree {
    let parser = XMLParser(data: Data(text.utf8))
    let reader = Reader()
    parser.delegate = reader
    guard parser.parse(), let root = reader.root else {
      throw Malformed(line: parser.lineNumber, reason: "\(parser.parserError as Any)")
    }
    return root
  }

  /// What is wrong with a document.
  struct Malformed: Error {
    let line: Int
    let reason: String
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var root: XMLTree?
    private var open: [XMLTree] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      let element = XMLTree(name: name, attributes: attributes)
      if root == nil { root = element }
      open.last?.children.append(element)
      open.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      for element in open { element.text += text }
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      open.removeLast()
    }
  }
}
