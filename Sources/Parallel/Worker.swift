import LibC

/// A thread of a pool.
struct Worker: @unchecked Sendable {
  private let thread: pthread_t

  /// What a thread begins with.
  private final class Start: Sendable {
    let state: SharedState
    let number: Int

    init(_ state: SharedState, _ number: Int) { (self.state, self.number) = (state, number) }

    func run() { state.work(as: number) }
  }

  /// Starts a thread of that number, which works for `state` until it is stopped; `nil` where none
  /// can be had.
  init?(_ state: SharedState, number: Int) {
    let argument = unsafe Unmanaged.passRetained(Start(state, number))
    #if canImport(Darwin)
      var thread: pthread_t?
      let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
        unsafe Unmanaged<Start>.fromOpaque($0).takeRetainedValue().run()
        return nil
      }
    #else
      var thread = pthread_t()
      let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        if let argument = unsafe $0 {
          unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
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
