import ChatTemplate
import Foundation
import JSONCore
import Synchronization

/// The folder of fixtures beside this file.
let fixtures = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().appending(path: "Fixtures")

func fixture(_ name: String) throws -> JSON {
  try JSON.parse([UInt8](Data(contentsOf: fixtures.appending(path: name))))
}

/// A clock that gives the format that it is asked for.
func frozenTime(_ format: String) -> String { "<\(format)>" }

/// Renders a template with variables.
func render(
  _ source: String, _ variables: JSON = [:], limits: TemplateLimits = TemplateLimits()
) throws(TemplateError) -> String {
  let template = try ChatTemplate(source: source, limits: limits)
  return try template.render(variables.objectValue ?? JSONObject(), strftime: frozenTime)
}

/// Renders a template as `render` does, but on a small stack and with nil for an error.
func rendered(_ source: String, _ variables: JSON) -> String? {
  onSmallStack { try? render(source, variables) }
}

/// The error of a template that cannot be read or rendered.
func failure(
  _ source: String, _ variables: JSON = [:], limits: TemplateLimits = TemplateLimits()
) -> TemplateError? {
  do throws(TemplateError) {
    _ = try render(source, variables, limits: limits)
    return nil
  } catch {
    return error
  }
}

/// Whether two texts have the same bytes; `==` takes equivalent spellings for equal.
func haveSameBytes(_ left: String?, _ right: String?) -> Bool {
  left.map { Array($0.utf8) } == right.map { Array($0.utf8) }
}

/// Gives a closure's result, computed on a thread with the stack of secondary threads on macOS.
///
/// Without optimization, functions need four times as much.
func onSmallStack<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result {
  #if DEBUG
    let size = 2 << 20
  #else
    let size = 512 << 10
  #endif
  let result = Box<Result>()
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    let value = body()
    result.value.withLock { $0 = value }
    done.signal()
  }
  thread.stackSize = size
  thread.start()
  done.wait()
  guard let value = result.value.withLock({ $0 }) else {
    preconditionFailure("the thread didn't run")
  }
  return value
}

private final class Box<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}
