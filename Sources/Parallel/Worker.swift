import LibC

/// A thread of a pool.
struct Worker: @unchecked Sendable {
  private let thread: pthread_t

  /// Starts a thread that works for `state` until it is stopped; `nil` where none can be had.
  init?(_ state: SharedState) {
    let argument = unsafe Unmanaged.passRetained(state)
    #if canImport(Darwin)
      var thread: pthread_t?
      let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
        unsafe Unmanaged<SharedState>.fromOpaque($0).takeRetainedValue().work()
        return nil
      }
    #else
      var thread = pthread_t()
      let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        if let argument = unsafe $0 {
          unsafe Unmanaged<SharedState>.fromOpaque(argument).takeRetainedValue().work()
        }
        return nil
      }
    #endif
    guard unsafe pthread_create(&thread, nil, entry, argument.toOpaque()) == 0 else {
      unsafe argument.release()
      return nil
    }
    #if canImport(Darwin)
      guard let thread else { return nil }
    #endif
    self.thread = thread
  }

  func join() {
    _ = pthread_join(thread, nil)
  }
}
