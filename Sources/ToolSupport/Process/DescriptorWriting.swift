import LibC

/// Writes all of the bytes, also where the system takes them in parts.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(OutputError) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 {
      rest = rest.dropFirst(written)
      continue
    }
    switch errno {
    case EINTR: continue
    case EAGAIN: waitUntilWritable(descriptor)
    case EPIPE: throw .readerGone
    case let code: throw .writeFailed(reason: unsafe String(cString: strerror(code)))
    }
  }
}

/// Writes a message to stderr; if that fails there is nobody left to tell.
package func writeToStandardError(_ text: String) {
  try? writeAll(Array(text.utf8), to: STDERR_FILENO)
}

/// Waits for a reader of a pipe that doesn't block.
private func waitUntilWritable(_ descriptor: Int32) {
  var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  _ = unsafe poll(&request, 1, -1)
}
