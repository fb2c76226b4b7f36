import Foundation
import JSONCore
import Testing
import ToolSupport

@Suite struct SignalsTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func firstSignalIsNotedAndSecondEnds(_ number: Int32) async {
    await #expect(processExitsWith: .exitCode(128 + number)) { [number] in
      deliverToThisThread(number)
      signal(number, SIG_DFL)
      Signals.install(json: false)
      guard !InterruptFlag.isSet else { exit(1) }
      raise(number)
      guard InterruptFlag.signal == number, ProgressRenderer(style: .hidden).isCancelled else {
        exit(2)
      }
      raise(number)
    }
  }

  @Test func ignoredSignalsStayIgnored() async {
    await #expect(processExitsWith: .success) {
      deliverToThisThread(SIGINT)
      signal(SIGINT, SIG_IGN)
      Signals.install(json: false)
      raise(SIGINT)
      exit(InterruptFlag.isSet ? 1 : 0)
    }
  }

  @Test func closedPipeIsSurvived() async {
    await #expect(processExitsWith: .success) {
      deliverToThisThread(SIGPIPE)
      Signals.install(json: false)
      raise(SIGPIPE)
      exit(0)
    }
  }

  @Test func lostMappingIsAReadFailure() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(74), observing: [\.standardErrorContent]
    ) {
      Signals.install(json: false)
      raise(SIGBUS)
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(
      message == "kibble: error: an input file shrank or its disk failed while it was read\n")
  }

  @Test func lostMappingIsToldInJSON() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(74), observing: [\.standardErrorContent]
    ) {
      Signals.install(json: true)
      raise(SIGBUS)
    }
    let object = try JSON.parse(try #require(result).standardErrorContent)
    let error = object.objectValue?["error"]?.objectValue
    #expect(error?.keys == ["code", "message", "path", "tensor", "hint"])
  }
}

/// Lets `raise` reach the thread that calls it: the test runner's threads block most signals.
private func deliverToThisThread(_ number: Int32) {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, number)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}
