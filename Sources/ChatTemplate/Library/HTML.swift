extension Renderer {
  /// The text with the characters escaped that mean something in HTML.
  func escapedHTML(_ text: Text) throws(Fault) -> Text {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.bytes.count)
    for byte in text.bytes {
      switch byte {
      case UInt8(ascii: "&"): bytes.append("&amp;")
      case UInt8(ascii: "<"): bytes.append("&lt;")
      case UInt8(ascii: ">"): bytes.append("&gt;")
      case UInt8(ascii: "'"): bytes.append("&#39;")
      case UInt8(ascii: "\""): bytes.append("&#34;")
      default: bytes.append(byte)
      }
    }
    try charge(bytes: bytes.count)
    return Text(bytes)
  }
}
