import Foundation
import JSONCore
import TestSupport
import Testing

/// `kibble chat` with lines from a file.
@Suite struct ChatTests {
  private let model = Fixtures.folder("doge-nano")

  private func chat(_ lines: String..., options: [String] = []) throws -> Run {
    try Program.run(
      ["chat", model, "--max-new-tokens", "4"] + options,
      input: lines.map { $0 + "\n" }.joined())
  }

  private func summaries(_ run: Run) -> Int {
    run.errors.split(separator: "\n").count { $0.contains("tok/s") }
  }

  private func warnings(_ run: Run) -> Int {
    run.errors.split(separator: "\n").count { $0.hasPrefix("kibble: warning: ") }
  }

  @Test func linesThatComeToNothing() throws {
    let long = String(repeating: "river ", count: 200)
    let run = try chat("Hi", long, "/rest", "Ho", "", options: ["--context", "80"])
    #expect(run.code == 65)
    #expect(summaries(run) == 2 && warnings(run) == 2, "\(run.errors)")
    #expect(run.errors.contains("and the context has 80"))
    #expect(run.errors.contains("there is no /rest") && run.errors.contains("mean /reset?"))
    #expect(run.errors.contains("kibble: error: 2 of 4 lines got no answer"))
    let quiet = try chat("Hi", "/rest", options: ["--quiet"])
    #expect(quiet.code == 65 && warnings(quiet) == 0 && quiet.errors.contains("1 of 2 lines"))
    #expect(try chat("Hi", "/exit", "/rest").code == 0)
    let behind = try chat("/reset now", "/exit strategies", "Hi")
    #expect(behind.code == 65 && summaries(behind) == 1)
    #expect(behind.errors.contains("/reset takes nothing, but 'now' stands behind it"))
  }

  @Test func aTemplateThatRefuses() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    try folder.write(
      "checkpoint/chat_template.jinja",
      "{% if messages[0].content == 'no' %}{{ raise_exception('not that') }}{% endif %}"
        + "{{ messages[0].content }}")
    let run = try Program.run(["chat", path, "--max-new-tokens", "2"], input: "no\nyes\n")
    #expect(run.code == 65 && summaries(run) == 1 && warnings(run) == 1)
    #expect(run.errors.contains("not that"))
  }

  @Test func aMessageWithASlash() throws {
    let folder = try TemporaryFolder()
    let file = folder.path("saved.jsonl")
    let run = try chat("//usr/bin", " /usr", "/save \(file)", options: ["--system", "Be brief."])
    #expect(run.code == 0, "\(run.errors)")
    let messages = try JSON.parse(folder.read("saved.jsonl"))["messages"]?.arrayValue ?? []
    #expect(messages.map { $0["role"] } == ["system", "user", "assistant", "user", "assistant"])
    #expect(messages.map { $0["content"] }.prefix(2) == ["Be brief.", "/usr/bin"])
    #expect(messages.dropFirst(3).first?["content"] == " /usr")
    let rendered = try kibble("render", model, "--jsonl", file)
    #expect(rendered.code == 0 && rendered.output.contains("/usr/bin"))
    // What is there stays.
    let again = try chat("/save \(file)", "Hi", "/save")
    #expect(again.code == 65 && summaries(again) == 1 && warnings(again) == 2)
    #expect(again.errors.contains("exists already") && !again.errors.contains("--force"))
    #expect(try folder.names() == ["saved.jsonl"])
  }

  @Test func settings() throws {
    let run = try chat(
      "/set", "/set temperature 0.5", "/set top-k 7", "/set seed 18446744073709551615",
      "/set logit-bias 5=2.5", "/set stop river bank", "/set repetition-penalty 1.5", "/set")
    #expect(run.code == 0, "\(run.errors)")
    let lines = run.errors.split(separator: "\n").map(String.init)
    let half = lines.count / 2
    func value(_ name: String, _ lines: some Sequence<String>) -> String? {
      lines.first { $0.hasPrefix(name + " ") }?.split(separator: " ", maxSplits: 1).last
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let (before, after) = (lines[..<half], lines[half...])
    #expect(value("max-new-tokens", before) == "4" && value("max-new-tokens", after) == "4")
    #expect(value("greedy", after) == "no" && value("temperature", after) == "0.5")
    #expect(value("top-k", after) == "7" && value("seed", after) == "18446744073709551615")
    #expect(value("logit-bias", after) == "5=2.5" && value("stop", after) == "'river bank'")
    #expect(value("repetition-penalty", after) == "1.5")
  }

  /// A setting does what the option does.
  @Test func settingsChangeAnswers() throws {
    let options = ["--temperature", "1.5", "--seed", "3", "--max-new-tokens", "9"]
    let given = try Program.run(["chat", model] + options, input: "Hi\n")
    let set = try Program.run(
      ["chat", model],
      input: "/set temperature 1.5\n/set seed 3\n/set max-new-tokens 9\nHi\n/set greedy\n")
    #expect(given.code == 0 && set.code == 0 && set.output == given.output)
  }

  @Test(arguments: [
    ("/set temperature 0", "--temperature must be a finite number above 0"),
    ("/set temperature x", "--temperature is a number, but 'x' was given"),
    ("/set temperature", "--temperature needs a value (X)"), ("/set top-p 2", "from 0 to 1"),
    ("/set greedy no", "--greedy takes no value"), ("/set temprature 1", "mean temperature?"),
    ("/set logit-bias 99999=1", "--logit-bias must be"), ("/set seed -1", "from 0 to"),
    ("/set lookup 3", "/set knows no 'lookup'"),
  ])
  func settingsThatMakeNoSense(_ line: String, _ words: String) throws {
    let run = try chat(line, "Hi")
    #expect(run.code == 65 && run.errors.contains(words), "\(run.errors)")
    #expect(summaries(run) == 1 && warnings(run) == 1, "\(run.errors)")
  }

  @Test func helpNamesAllThereIs() throws {
    let run = try chat("/help")
    #expect(run.code == 0)
    for word in ["/system", "/reset", "/set", "/save", "/exit", "/quit", "//"] {
      #expect(run.errors.contains(word))
    }
  }
}
