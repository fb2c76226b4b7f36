import Foundation
import JSONCore
import TestSupport
import Testing

/// `kibble chat` at a terminal: keys, pastes, signals.
@Suite struct ChatTerminalTests {
  private static let chat = [
    "chat", Fixtures.folder("doge-nano"), "--max-new-tokens", "3", "--greedy",
  ]
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What the user said, as the program saved it.
  private func said(after keys: [String], _ session: TerminalSession) throws -> [String] {
    try session.expect("> ")
    for key in keys {
      session.type(key)
      if key.hasSuffix("\u{3}") { try session.expect("^C\r") }
      guard key.hasSuffix("\r") else { continue }
      // Keys while there is an answer are the terminal's.
      try session.expect("\u{1B}[?2004l")
      try session.expect("\u{1B}[?2004h")
    }
    session.type("/save \(folder.path("saved"))\r/exit\r")
    #expect(try session.wait().code == 0)
    #expect(session.takesLines)
    let messages = try JSON.parse(folder.read("saved"))["messages"]?.arrayValue ?? []
    return messages.filter { $0["role"] == "user" }.compactMap { $0["content"]?.stringValue }
  }

  @Test(arguments: [80, 20]) func editing(_ columns: Int) throws {
    let session = try TerminalSession(Self.chat, columns: columns)
    let said = try said(
      after: [
        "x\r", "/re\t\r",
        "a king, the queen and a river\u{1}\u{1B}f\u{1B}fs\u{1B}[1;5D\u{17}\u{5}s\r",
        "\u{1B}[A!\r", "漢字\u{1B}[D\u{7F}!\u{3}", "e\u{301}👍x\u{8}\r", "\u{10}\u{10}?\r",
      ], session)
    let first = "kings, the queen and a rivers"
    #expect(said == [first, first + "!", "e\u{301}👍", first + "!?"])
    #expect(session.transcript.contains("^C\r"))
    #expect(session.transcript.contains("\u{1B}[?2004h"))
    #expect(session.transcript.hasSuffix("\u{1B}[?2004l"))
  }

  @Test func aPasteIsOneMessage() throws {
    let session = try TerminalSession(Self.chat, columns: 40)
    let said = try said(
      after: [
        "one: \u{1B}[200~two\rthree\u{1B}[2J\r\rfour\u{1B}[201~ five\r", "six\u{1B}\rseven\r",
      ],
      session)
    #expect(said == ["one: two\nthree\u{1B}[2J\n\nfour five", "six\nseven"])
    #expect(!session.transcript.contains("\u{1B}[2J"))
    #expect(session.transcript.contains("three\\u{1b}[2J"))
  }

  @Test func theEnd() throws {
    let session = try TerminalSession(Self.chat)
    try session.expect("> ")
    #expect(!session.takesLines)
    session.type("x\u{7F}\u{4}")
    let run = try session.wait()
    #expect(run.code == 0 && session.takesLines)
    #expect(run.errors.hasPrefix("doge-nano: "))
    #expect(run.errors.hasSuffix("; /help lists commands\n"))
  }

  @Test func keysBeforeThePrompt() throws {
    let session = try TerminalSession(Self.chat)
    session.type("Hi\n\u{4}")
    let run = try session.wait()
    #expect(run.code == 0 && run.errors.contains("tok/s"))
    #expect(session.takesLines)
  }

  /// What comes to nothing is told, and that is all.
  @Test func mistakes() throws {
    let session = try TerminalSession(Self.chat)
    try session.expect("> ")
    session.type("/sytem x\r/set temperature 0\r/save /\r/help\r/quit\r")
    let run = try session.wait()
    #expect(run.code == 0)
    for text in ["did you mean /system?", "--temperature must be", "/system [TEXT]"] {
      #expect(run.errors.contains(text), "\(run.errors)")
    }
  }

  @Test(arguments: [(SIGTERM, 143), (SIGHUP, 129)])
  func signalsPutTheTerminalBack(_ signal: Int32, _ code: Int) throws {
    let session = try TerminalSession(Self.chat)
    try session.expect("> ")
    session.type("half a line")
    try session.expect("line")
    #expect(!session.takesLines)
    session.send(signal)
    #expect(try session.wait().code == code)
    #expect(session.takesLines)
    #expect(session.transcript.hasSuffix("\u{1B}[?2004l"))
  }

  @Test func anAnswerIsStopped() throws {
    let session = try TerminalSession([
      "chat", Fixtures.folder("doge-nano"), "--ignore-eos", "--max-new-tokens", "2000",
      "--temperature", "1", "--seed", "1", "--isa", "scalar", "--threads", "1", "--mode", "exact",
    ])
    try session.expect("> ")
    session.type("Hi\r")
    try session.expect("\u{1B}[?2004l")
    try session.expect("As a")
    session.type("\u{3}")
    try session.expect("> ")
    #expect(!session.takesLines)
    session.type("\u{4}")
    let run = try session.wait()
    #expect(run.code == 0 && session.takesLines)
    #expect(run.errors.contains(", stopped\n"), "\(run.errors)")
  }

  @Test func aTerminalThatCannotEdit() throws {
    let session = try TerminalSession(Self.chat, type: "dumb")
    try session.expect("> ")
    #expect(session.takesLines)
    session.type("Hi\n")
    try session.expect("> ")
    session.type("\u{4}")
    #expect(try session.wait().code == 0)
    #expect(!session.transcript.contains("\u{1B}"))
  }
}
